//! `parallel`: bounded, in order, with what an error does to the others; and `shielded`.

use super::story::{Story, Told};
use super::texts;
use crate::history::{Failure, RunEnd, Value};

#[test]
fn at_most_max_items_run_at_once_and_the_values_are_in_the_order_of_the_items() {
    let mut story = Story::of(
        r#"
        let count = 0;
        let got = parallel([10, 20, 30, 40], |n| { let r = activity("work", n); count += 1; r + n }, #{ max: 2 });
        got.push(count);
        got
        "#,
    );
    story.begin();
    assert_eq!(story.waits(), ["0 activity \"work\"", "1 activity \"work\""]);
    assert_eq!(story.run().strands(), 3);
    story.completes(1, Value::Int(2));
    assert_eq!(story.waits(), ["0 activity \"work\"", "2 activity \"work\""]);
    story.completes(2, Value::Int(3));
    story.completes(3, Value::Int(4));
    story.completes(0, Value::Int(1));
    let expected: Vec<Value> = [11, 22, 33, 44, 4].map(Value::Int).to_vec();
    assert_eq!(*story.result(), Value::List(expected));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn nothing_to_do_is_done_at_once() {
    let mut story =
        Story::of("[parallel([], |x| x), parallel([], |x| x, #{ on_error: \"collect\" }).values]");
    story.begin();
    assert_eq!(*story.result(), Value::List(vec![Value::List(vec![]), Value::List(vec![])]));
}

#[test]
fn a_range_stands_for_its_numbers() {
    let mut story = Story::of("[parallel(0..3, |n| n * 2), parallel(1..=2, |n| n, #{ max: 1 })]");
    story.begin();
    let numbers = |all: &[i64]| Value::List(all.iter().copied().map(Value::Int).collect());
    assert_eq!(*story.result(), Value::List(vec![numbers(&[0, 2, 4]), numbers(&[1, 2])]));
    let mut story = Story::of(
        "let said = (); try { parallel(0..9_000_000, |n| n) } catch (e) { said = e.message; } said",
    );
    story.begin();
    assert_eq!(*story.result(), Value::from("a range of more than 1000000 numbers"));
}

#[test]
fn stop_cancels_and_joins_before_the_first_error_is_raised_with_its_item() {
    let mut story = Story::of(
        r#"
        try {
            parallel(["a", "b", "c"], |host| {
                try { activity("deploy", host); } catch (e) { log(`${host} ${e.kind}`); if e.kind == "cancelled" { activity("tidy", host); } throw e; }
            }, #{ max: 2 });
        } catch (e) { log(`main ${e.kind} ${e.message} ${e.item} ${e.index}`); }
        "done"
        "#,
    );
    story.begin();
    story.fails(1, Failure::new("activity", "broken"));
    assert_eq!(story.logs, ["b activity", "a cancelled"]);
    assert_eq!(story.waits(), ["2 activity \"tidy\""], "the third never begins");
    story.completes(2, Value::Null);
    assert_eq!(story.logs.last().map(String::as_str), Some("main activity broken b 1"));
    assert_eq!(*story.result(), Value::from("done"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_thrown_value_is_told_with_its_item_too() {
    let mut story = Story::of(
        "try { parallel([7], |n| throw \"no\"); } catch (e) { return `${e.kind} ${e.message} ${e.item}`; }",
    );
    story.begin();
    assert_eq!(*story.result(), Value::from("thrown no 7"));
}

#[test]
fn collect_gives_what_succeeded_and_what_failed() {
    let mut story = Story::of(
        r#"
        let r = parallel([1, 2, 3], |n| { activity("work", n) * n }, #{ on_error: "collect" });
        r.failed.map(|f| `${f.item} ${f.index} ${f.error.message}`) + r.values.map(|v| `${v}`)
        "#,
    );
    story.begin();
    story.completes(2, Value::Int(100));
    story.fails(1, Failure::new("activity", "broken"));
    story.completes(0, Value::Int(5));
    assert_eq!(*story.result(), texts(&["2 1 broken", "5", "300"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_rate_lets_so_many_begin_within_its_time_by_durable_timers() {
    let mut story =
        Story::of("parallel([1, 2, 3, 4, 5], |n| activity(\"work\", n), #{ rate: \"2/min\" }).len()");
    story.begin();
    assert_eq!(story.waits(), ["0 sleep", "1 activity \"work\"", "2 activity \"work\""]);
    let begun = story.now;
    story.completes(1, Value::Null);
    assert_eq!(story.waits(), ["0 sleep", "2 activity \"work\""], "a free place is not enough");
    story.fires(0);
    assert!(story.now >= begun + 60_000);
    assert_eq!(
        story.waits(),
        ["2 activity \"work\"", "3 sleep", "4 activity \"work\"", "5 activity \"work\""]
    );
    story.completes(2, Value::Null);
    story.completes(4, Value::Null);
    story.completes(5, Value::Null);
    assert_eq!(story.waits(), ["3 sleep"]);
    story.fires(3);
    story.completes(6, Value::Null);
    assert_eq!(*story.result(), Value::Int(5));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_item_has_the_name_that_it_was_given() {
    let mut story = Story::of(
        "parallel([\"a\", \"b\"], |host| activity(\"ping\", host), #{ name: |host| `host ${host}`, max: 1 }); 0",
    );
    story.begin();
    assert_eq!(story.names(), ["host a"]);
    story.completes(0, Value::Null);
    assert_eq!(story.names(), ["host b"]);
    assert_eq!(story.progress(), Some((1, 2)));
    story.completes(1, Value::Null);
    assert_eq!(story.progress(), Some((2, 2)));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_cancel_of_the_run_ends_the_items_before_it_leaves_parallel() {
    let mut story = Story::of(
        r#"
        try {
            parallel([1, 2], |n| { try { sleep(100); } catch (e) { activity("tidy", n); throw e; } });
        } catch (e) { log(`main ${e.kind} ${e.reason}`); throw e; }
        "#,
    );
    story.begin();
    story.cancel("enough");
    assert_eq!(story.logs, Vec::<String>::new());
    story.completes(2, Value::Null);
    assert_eq!(story.logs, Vec::<String>::new());
    story.completes(3, Value::Null);
    assert_eq!(story.logs, ["main cancelled enough"]);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "enough".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_second_cancel_and_the_end_of_the_grace_reach_the_items_but_not_the_waiting_for_them() {
    let mut story = Story::of(
        r#"
        try {
            parallel([1], |n| { try { sleep(100); } catch (e) { try { activity("tidy"); } catch (e) { log(`item ${e.reason}`); } activity("more"); } });
        } catch (e) { log(`main ${e.reason}`); throw e; }
        "#,
    );
    story.begin();
    story.cancel("one");
    story.cancel("two");
    assert_eq!(story.logs, ["item two"]);
    story.grace_ends();
    assert_eq!(story.logs, ["item two", "main one"]);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "one".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn options_that_do_not_fit_are_told() {
    for (options, message) in [
        ("max: 0", "max is a whole number from 1 to 1000"),
        ("rate: \"5\"", "rate: \"5\" is no rate"),
        ("on_error: \"go\"", "on_error is \"stop\" or \"collect\", not \"go\""),
        ("name: \"x\"", "name is a closure: name: |item| …, not text"),
        ("maximum: 3", "there is no option \"maximum\"; there are max, rate, name, on_error"),
        ("mx: 3", "did you mean \"max\"?"),
    ] {
        let mut story = Story::of(&format!("parallel([1], |n| n, #{{ {options} }})"));
        let (_, told) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn a_fault_in_an_item_makes_the_run_stuck_and_is_not_collected() {
    let mut story = Story::of("parallel([1], |n| oops(n), #{ on_error: \"collect\" })");
    let (_, told) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
    assert!(told.contains("there is no function oops"), "{told}");
}

#[test]
fn ruling_1_items_share_a_variable_while_one_maps_over_it_and_another_pushes() {
    let mut story = Story::of(
        r#"
        let list = [1, 2];
        let box = #{ list: [1] };
        let got = parallel([0, 1, 2], |n| {
            if n == 0 { return list.map(|x| activity("work", x)).len(); }
            if n == 1 { list.push(3); box.list.push(2); return list.len(); }
            box.list.filter(|x| activity("check", x)).len()
        });
        `${got} ${list} ${box.list}`
        "#,
    );
    story.begin();
    story.completes(0, Value::Int(1));
    story.completes(1, Value::Bool(true));
    story.completes(2, Value::Int(2));
    story.completes(3, Value::Bool(true));
    assert_eq!(*story.result(), Value::from("[2, 3, 2] [1, 2, 3] [1, 2]"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_1_items_join_one_captured_handle() {
    let mut story = Story::of(
        r#"
        let one = strand(|| { activity("one"); 7 });
        let hs = [one];
        let m = #{ h: one };
        on_query("done", || [one.done(), hs[0].done(), m.h.done()]);
        parallel([0, 1, 2, 3], |n| {
            if n == 0 { one.join() } else if n == 1 { hs[0].join() } else if n == 2 { m.h.join() } else { hs.push(1); m.x = 1; hs.len() }
        })
        "#,
    );
    story.begin();
    let not_yet = Value::List(vec![Value::Bool(false); 3]);
    assert_eq!(story.asks("done"), Ok(not_yet));
    story.completes(0, Value::Null);
    assert_eq!(*story.result(), Value::List([7, 7, 7, 2].map(Value::Int).to_vec()));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_1_a_variable_held_by_another_item_is_told_as_held() {
    let mut story = Story::of(
        r#"
        fn bump() { this += activity("by"); }
        let n = 1;
        parallel([0, 1], |i| {
            if i == 0 { n.bump(); } else { try { n += 1; } catch (e) { log(`${e.kind} ${e.variable} ${e.message}`); } }
        });
        n
        "#,
    );
    story.begin();
    let told = "held n variable 'n' is held by the call in line 2, which has not returned yet; take a copy of it before that call";
    assert_eq!(story.logs, [told]);
    story.completes(0, Value::Int(5));
    assert_eq!(*story.result(), Value::Int(6));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_1_what_another_item_changed_meanwhile_is_not_written_over() {
    let text = |change: &str| {
        format!(
            r#"
            let list = [3, 1];
            parallel([0, 1], |n| {{
                if n == 0 {{
                    try {{ list.for_each(|| this += activity("by")); }} catch (e) {{ log(`${{e.kind}} ${{e.message}}`); }}
                }} else {{ {change} }}
            }});
            list
            "#
        )
    };
    let mut story = Story::of(&text("list.push(7); list[0] = 4;"));
    story.begin();
    story.completes(0, Value::Int(10));
    story.completes(1, Value::Int(10));
    let told = "held another strand has changed the variable while for_each went over it; go over a copy of it, or change it after";
    assert_eq!(story.logs, [told]);
    assert_eq!(*story.result(), Value::List([4, 1, 7].map(Value::Int).to_vec()));
    assert_eq!(story.replayed(), Told::Same);

    let mut story = Story::of(&text("list.len();"));
    story.begin();
    story.completes(0, Value::Int(10));
    story.completes(1, Value::Int(10));
    assert_eq!(*story.result(), Value::List([13, 11].map(Value::Int).to_vec()));
}

#[test]
fn shielded_clean_up_is_not_interrupted_and_the_cancel_comes_after_it() {
    let mut story = Story::of(
        r#"
        try {
            shielded(|| { activity("one"); log("one"); parallel([1, 2], |n| activity("two", n)); log("two"); });
            log("not interrupted");
            sleep(1);
        } catch (e) { log(e.kind); throw e; }
        "#,
    );
    story.begin();
    story.cancel("enough");
    assert_eq!(story.waits(), ["0 activity \"one\""]);
    story.grace_ends();
    assert_eq!(story.waits(), ["0 activity \"one\""]);
    story.completes(0, Value::Null);
    assert_eq!(story.waits(), ["1 activity \"two\"", "2 activity \"two\""], "what it starts is shielded too");
    story.cancel("again");
    assert_eq!(story.waits().len(), 2, "nor does a second cancel reach it");
    story.completes(1, Value::Null);
    story.completes(2, Value::Null);
    assert_eq!(story.logs, ["one", "two", "not interrupted", "cancelled"]);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "again".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_shielded_strand_is_cancelled_after_its_shield_and_what_it_started_within_goes_on() {
    let mut story = Story::of(
        r#"
        let h = strand(|| {
            shielded(|| { let inner = strand(|| activity("inner")); activity("outer"); inner.join(); });
            try { sleep(1); } catch (e) { log(`raised ${e.kind}`); throw e; }
        });
        sleep(1);
        h.cancel();
        try { h.join(); } catch (e) { log(`joined ${e.kind}`); }
        "done"
        "#,
    );
    story.begin();
    story.fires(0);
    assert_eq!(story.waits(), ["1 activity \"outer\"", "2 activity \"inner\""]);
    story.completes(1, Value::Null);
    story.completes(2, Value::Null);
    assert_eq!(story.logs, ["raised cancelled", "joined cancelled"]);
    assert_eq!(*story.result(), Value::from("done"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn parallel_within_shielded_still_stops_at_its_first_error() {
    let mut story = Story::of(
        r#"
        shielded(|| {
            try { parallel([1, 2], |n| { activity("work", n); }); } catch (e) { log(`${e.item}`); }
        });
        "done"
        "#,
    );
    story.begin();
    story.fails(1, Failure::new("activity", "broken"));
    assert_eq!(story.logs, ["2"]);
    assert_eq!(*story.result(), Value::from("done"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ten_thousand_items_run_in_no_more_strands_than_max() {
    let mut story = Story::of(
        "let items = []; for i in 0..10000 { items.push(i); } parallel(items, |n| activity(\"work\", n), #{ max: 100 }).len()",
    );
    story.begin();
    let mut most = 0;
    for op in 0..10_000 {
        most = most.max(story.run().strands());
        story.completes(op, Value::Null);
    }
    assert_eq!((story.result(), most), (&Value::Int(10_000), 101));
}

#[test]
fn thousands_of_strands_are_joined_selected_and_cancelled() {
    let mut story = Story::of(
        r#"
        let hs = [];
        for i in 0..3000 { hs.push(strand(i, |i| { activity("work", i); i })); }
        let first = select(hs).index;
        for h in hs { if h.done() { continue; } h.cancel(); }
        let cancelled = 0;
        for h in hs { try { h.join(); } catch (e) { cancelled += 1; } }
        let more = [];
        for i in 0..3000 { more.push(strand(i, |i| activity("more", i))); }
        sleep(1);
        [first, cancelled]
        "#,
    );
    story.begin();
    story.completes(1700, Value::Null);
    assert_eq!(story.open_ops().len(), 3001);
    story.fires(3000);
    assert_eq!(*story.result(), Value::List(vec![Value::Int(1700), Value::Int(2999)]));
}
