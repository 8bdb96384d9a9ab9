//! Strands that a script starts: join, select, their errors, their ends.

use super::story::{Story, Told};
use super::texts;
use crate::history::{RunEnd, Value};

fn ints(ints: &[i64]) -> Value {
    Value::List(ints.iter().map(|int| Value::Int(*int)).collect())
}

#[test]
fn two_strands_work_at_once_and_join_gives_their_values() {
    let mut story = Story::of(
        r#"
        let a = strand(1, |n| activity("a", n) + 10);
        let b = strand(|| activity("b"));
        [a.join(), b.join(), a.join(), a.done()].map(|v| `${v}`)
        "#,
    );
    story.begin();
    assert_eq!(story.waits(), ["0 activity \"a\"", "1 activity \"b\""]);
    story.completes(1, Value::Int(2));
    assert_eq!(story.end(), None);
    story.completes(0, Value::Int(1));
    assert_eq!(*story.result(), texts(&["11", "2", "11", "true"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_strand_begins_when_its_starter_is_blocked_and_strands_go_on_in_order_of_creation() {
    let mut story = Story::of(
        r#"
        let a = strand(|| { log("a"); sleep(1); log("a2"); });
        let b = strand(|| log("b"));
        log("main");
        join_all([b, a]);
        log("end");
        "#,
    );
    story.begin();
    assert_eq!(story.logs, ["main", "a", "b"]);
    story.fires(0);
    assert_eq!(story.logs, ["main", "a", "b", "a2", "end"]);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_4_a_strand_gets_copies_of_what_it_captures_and_of_its_argument() {
    let mut story = Story::of(
        r"
        let hs = [];
        let list = [1];
        for i in 0..3 { hs.push(strand(list, |own| { own.push(i); list.push(9); sleep(1); own })); }
        list.push(2);
        let got = join_all(hs);
        `${got} ${list}`
        ",
    );
    story.begin();
    for op in 0..3 {
        story.fires(op);
    }
    assert_eq!(*story.result(), Value::from("[[1, 0], [1, 1], [1, 2]] [1, 2]"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn several_strands_join_one_and_each_gets_a_copy() {
    let mut story = Story::of(
        r"
        let one = strand(|| { sleep(1); [1] });
        let a = strand(|| { let v = one.join(); v.push(2); v });
        let b = strand(|| { let v = one.join(); v.push(3); v });
        `${join_all([a, b])} ${one.join()}`
        ",
    );
    story.begin();
    story.fires(0);
    assert_eq!(*story.result(), Value::from("[[1, 2], [1, 3]] [1]"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_error_is_raised_where_the_strand_is_joined_each_time() {
    let mut story = Story::of(
        r#"
        let h = strand(|| { sleep(1); fail("no money"); });
        sleep(5);
        let said = [];
        for i in 0..2 { try { h.join(); } catch (e) { said.push(`${e.kind} ${e.message} ${e.line}`); } }
        said
        "#,
    );
    story.begin();
    story.fires(1);
    story.fires(0);
    assert_eq!(*story.result(), texts(&["failure no money 2", "failure no money 2"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_an_error_that_nobody_joined_fails_the_run_at_once_where_nobody_can() {
    let mut story = Story::of(
        "strand((), #{name: \"web1\"}, |_x| { sleep(1); fail(\"no money\"); });\nlet a = 1;\nsleep(1000);",
    );
    story.begin();
    story.fires(1);
    let message = "strand \"web1\" started in line 1, which nobody joined: no money";
    assert_eq!(story.failure(), ("failure", message));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_an_error_that_nobody_joined_fails_the_run_when_main_has_returned() {
    let mut story =
        Story::of("let h = strand(|| { sleep(1); fail(\"no money\"); });\nsleep(1000);\n\"done\"");
    story.begin();
    story.fires(1);
    assert_eq!((story.end(), story.waits()), (None, vec!["0 sleep".to_owned()]));
    story.fires(0);
    assert_eq!(story.failure(), ("failure", "strand started in line 1, which nobody joined: no money"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_main_returns_and_strands_that_nobody_joins_are_cancelled() {
    let mut story = Story::of(
        r#"
        let a = strand(|| { try { sleep(1000); } catch (e) { log(e.kind); activity("tidy"); throw e; } });
        let b = strand(|| activity("b"));
        let never = strand(|| log("never begins"));
        on_signal("s", |_d| { log(`b ${b.join()}`); });
        sleep(1);
        let late = strand(|| log("late"));
        "main"
        "#,
    );
    story.begin();
    assert_eq!(story.logs, ["never begins"]);
    story.sends("s", 1);
    story.fires(0);
    assert_eq!(story.logs, ["never begins", "cancelled"], "one that has not begun never does");
    assert_eq!(story.waits(), ["2 activity \"b\"", "3 activity \"tidy\""]);
    story.completes(2, Value::Int(7));
    assert_eq!(story.logs.last().map(String::as_str), Some("b 7"), "what a handler waits for goes on");
    assert_eq!(story.end(), None);
    story.completes(3, Value::Null);
    assert_eq!(*story.result(), Value::from("main"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_what_a_handler_started_is_its_own_until_it_ends() {
    let mut story = Story::of(
        r#"
        on_signal("s", |_d| {
            let h = strand(|| { activity("inner"); "inner" });
            sleep(5);
            log(h.join());
        });
        sleep(1);
        "main"
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.fires(0);
    assert_eq!(story.waits(), ["1 sleep", "2 activity \"inner\""]);
    story.completes(2, Value::Null);
    story.fires(1);
    assert_eq!(story.logs, ["inner"]);
    assert_eq!(*story.result(), Value::from("main"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_15_select_takes_the_lowest_index_that_is_ready() {
    let mut story = Story::of(
        r#"
        let slow = strand(|| { sleep(9); "slow" });
        let fast = strand(|| { sleep(1); "fast" });
        let first = select([slow, fast]);
        let again = select([slow, fast]);
        sleep(20);
        let both = select([slow, fast]);
        `${first.index} ${first.value} ${again.index} ${both.index} ${both.value}`
        "#,
    );
    story.begin();
    story.fires(1);
    story.fires(0);
    story.fires(2);
    assert_eq!(*story.result(), Value::from("1 fast 1 0 slow"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_15_of_two_that_end_in_one_stretch_select_takes_the_lower() {
    let mut story = Story::of(
        r#"
        let one = strand(|| sleep(1));
        let b = strand(|| { one.join(); "b" });
        let a = strand(|| { one.join(); "a" });
        select([a, b]).value
        "#,
    );
    story.begin();
    story.fires(0);
    assert_eq!(*story.result(), Value::from("a"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn select_raises_the_error_of_the_selected_with_its_index() {
    let mut story = Story::of(
        r#"
        let a = strand(|| sleep(9));
        let b = strand(|| { sleep(1); throw "broken"; });
        try { select([a, b]); } catch (e) { return `${e.kind} ${e.message} ${e.index}`; }
        "#,
    );
    story.begin();
    story.fires(1);
    assert_eq!(*story.result(), Value::from("thrown broken 1"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn join_all_raises_the_first_error_at_once_with_its_index() {
    let mut story = Story::of(
        r#"
        let hs = [1, 2, 3].map(|i| strand(i, |i| { sleep(i); if i == 2 { fail("two"); } i }));
        try { join_all(hs); } catch (e) { log(`${e.message} ${e.index} ${hs[2].done()}`); }
        [hs[0].join(), hs[2].join()]
        "#,
    );
    story.begin();
    story.fires(0);
    story.fires(1);
    assert_eq!(story.logs, ["two 1 false"]);
    story.fires(2);
    assert_eq!(*story.result(), ints(&[1, 3]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_cancelled_strand_cleans_up_and_its_join_raises_cancelled() {
    let mut story = Story::of(
        r#"
        let h = strand(|| { try { sleep(1000); } catch (e) { log(`${e.kind} ${e.cause}`); activity("tidy"); throw e; } });
        sleep(1);
        h.cancel();
        h.cancel();
        try { h.join(); } catch (e) { log(`joined ${e.kind}`); }
        h.cancel();
        "done"
        "#,
    );
    story.begin();
    story.fires(0);
    assert_eq!(
        (story.logs.clone(), story.waits()),
        (vec!["cancelled strand".to_owned()], vec!["2 activity \"tidy\"".to_owned()])
    );
    story.completes(2, Value::Null);
    assert_eq!(story.logs, ["cancelled strand", "joined cancelled"]);
    assert_eq!(*story.result(), Value::from("done"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_cancel_reaches_what_the_strand_started_in_order_of_creation() {
    let mut story = Story::of(
        r#"
        let h = strand(|| {
            let inner = strand(|| { try { sleep(1000); } catch (e) { log("inner"); } "kept" });
            let work = start_activity("work");
            try { sleep(1000); } catch (e) { log("outer"); throw e; }
        });
        let other = strand(|| sleep(50));
        sleep(1);
        h.cancel();
        other.join();
        "done"
        "#,
    );
    story.begin();
    assert_eq!(story.waits().len(), 5);
    let late = story.completion(1, Value::Null);
    story.fires(0);
    assert_eq!(story.logs, ["outer", "inner"]);
    assert_eq!(story.waits(), ["3 sleep"], "the other goes on");
    story.tell(late).expect("is dropped");
    story.fires(3);
    assert_eq!(*story.result(), Value::from("done"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_strand_that_fails_takes_what_it_started_with_it_and_one_that_returns_hands_it_on() {
    let mut story = Story::of(
        r#"
        let fails = strand(|| { strand(|| { try { sleep(100); } catch (e) { log("taken along"); } }); fail("x"); });
        let returns = strand(|| strand(|| { sleep(100); "handed on" }));
        try { fails.join(); } catch (e) { log(e.message); }
        returns.join().join()
        "#,
    );
    story.begin();
    assert_eq!(story.logs, ["x"], "it never began");
    story.fires(0);
    assert_eq!(*story.result(), Value::from("handed on"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_a_cancel_of_the_run_reaches_all_strands_in_order_of_creation() {
    let mut story = Story::of(
        r#"
        let hs = [1, 2].map(|i| strand(i, |i| { try { sleep(100); } catch (e) { log(`${i} ${e.reason}`); throw e; } }));
        let work = start_activity("work");
        try { join_all(hs); } catch (e) { log("main"); throw e; }
        "#,
    );
    story.begin();
    story.cancel("enough");
    assert_eq!(story.logs, ["main", "1 enough", "2 enough"]);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "enough".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_cancel_reaches_what_the_strand_started_before_the_strand_has_cleaned_up() {
    let mut story = Story::of(
        r#"
        let h = strand(|| {
            let inner = strand(|| { try { sleep(1000); } catch (e) { log("inner"); throw e; } });
            try { sleep(1000); } catch (e) { activity("tidy"); log("outer"); throw e; }
        });
        sleep(1);
        h.cancel();
        try { h.join(); } catch (e) { log(e.kind); }
        "#,
    );
    story.begin();
    story.fires(0);
    assert_eq!(
        (story.logs.clone(), story.waits()),
        (vec!["inner".to_owned()], vec!["3 activity \"tidy\"".to_owned()])
    );
    story.completes(3, Value::Null);
    assert_eq!(story.logs, ["inner", "outer", "cancelled"]);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn what_a_strand_left_behind_belongs_to_the_one_that_started_it_and_is_cancelled_with_that() {
    let mut story = Story::of(
        r#"
        let h = strand(|| {
            let left = strand(|| strand(|| { try { sleep(1000); } catch (e) { log(`${e.kind} ${e.cause}`); throw e; } })).join();
            start_activity("left too");
            strand(|| { let also = start_activity("handed on"); 1 }).join();
            try { sleep(1000); } catch (e) { activity("tidy"); throw e; }
        });
        sleep(1);
        h.cancel();
        sleep(5);
        "done"
        "#,
    );
    story.begin();
    assert_eq!(story.waits().len(), 5);
    story.fires(0);
    assert_eq!(story.logs, ["cancelled strand"]);
    let waits: Vec<String> = story.waits().iter().map(|wait| wait[2..].to_owned()).collect();
    assert_eq!(waits, ["sleep", "activity \"tidy\""]);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn who_selected_once_is_not_woken_by_the_loser_while_it_joins_others() {
    let mut story = Story::of(
        r"
        let hs = [1, 5, 9, 10].map(|s| strand(s, |s| { sleep(s); s }));
        select([hs[0], hs[1]]);
        `${join_all([hs[2], hs[3]])}`
        ",
    );
    story.begin();
    for op in 0..3 {
        story.fires(op);
    }
    assert_eq!(story.end(), None, "the end of b and c is not that of c and d");
    story.fires(3);
    assert_eq!(*story.result(), Value::from("[9, 10]"));
    assert_eq!(story.replayed(), Told::Same);
}
