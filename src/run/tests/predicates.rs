//! Ruling 16: `wait_until` and its predicates.

use super::story::{Story, Told};
use crate::history::Value;

#[test]
fn ruling_16_true_at_the_call_returns_at_once_without_an_entry_or_a_timer() {
    let mut story = Story::of("let a = wait_until(|| true, \"1h\"); sleep(1); a");
    story.begin();
    assert_eq!(story.waits(), ["1 sleep"], "its number is used, no command is handed out");
    story.fires(1);
    assert_eq!(*story.result(), Value::Bool(true));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_the_first_true_predicate_wakes_its_strand_and_testing_starts_anew() {
    let mut story = Story::of(
        r#"
        let n = 0;
        on_signal("wait", |most| { wait_until(|| n >= most); log(`${most} woke at ${n}`); if most == 2 { n = 1; } });
        on_signal("set", |to| { n = to; });
        wait_until(|| n == 9);
        log("main woke");
        n = 0;
        "#,
    );
    story.begin();
    story.sends("wait", 2);
    story.sends("wait", 1);
    story.sends("wait", 2);
    story.sends("set", 2);
    assert_eq!(story.logs, ["2 woke at 2", "1 woke at 1"], "the first made the third false again");
    assert_eq!(story.waits(), ["0 wait_until", "3 wait_until"]);
    story.sends("set", 9);
    assert_eq!(story.logs[2..], ["main woke"], "op 0 is the first true one");
    assert_eq!(story.waits(), ["3 wait_until"], "main has ended, its handler waits on");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_a_time_out_gives_false() {
    let mut story = Story::of("let a = wait_until(|| false, \"1 min\"); a");
    story.begin();
    story.fires(0);
    assert_eq!(*story.result(), Value::Bool(false));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_time_out_due_and_predicate_true_in_one_stretch_is_true() {
    let mut story =
        Story::of("let begun = now(); let a = wait_until(|| now() - begun >= 60, \"1 min\"); sleep(1); a");
    story.begin();
    story.fires(0);
    story.fires(1);
    assert_eq!(*story.result(), Value::Bool(true));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_another_strand_woken_in_the_stretch_of_the_time_out_may_make_it_true() {
    let mut story = Story::of(
        r#"
        let begun = now();
        let flag = false;
        on_signal("go", |_d| { wait_until(|| now() - begun >= 60); flag = true; });
        sleep(1);
        wait_until(|| flag, 55)
        "#,
    );
    story.begin();
    story.fires(0);
    story.sends("go", 1);
    story.now += 60_000;
    story.fires(1);
    assert_eq!(*story.result(), Value::Bool(true));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_more_than_ten_thousand_rounds_in_a_stretch_is_a_fault() {
    let text = |most: u32| {
        format!(
            r#"
            let n = 0;
            on_signal("go", |_d| while n < {most} {{ wait_until(|| n % 2 == 1); n += 1; }});
            while n < {most} {{ wait_until(|| n % 2 == 0 && n > 0); n += 1; }}
            n
            "#
        )
    };
    let mut story = Story::of(&text(9_999).replace("n > 0", "n >= 0"));
    story.begin();
    story.sends("go", 1);
    assert_eq!(*story.result(), Value::Int(9_999));
    let mut story = Story::of(&text(100_000).replace("n > 0", "n >= 0"));
    story.begin();
    let go = story.signalled("go", 1.into());
    let (kind, message) = story.breaks(crate::history::Fact::of_message(&go));
    assert_eq!(kind, "fault");
    assert_eq!(message, "wait_until came true 10000 times without anything happening outside");
}

#[test]
fn ruling_16_a_predicate_that_throws_raises_in_its_own_strand() {
    let mut story = Story::of(
        r#"
        let broken = false;
        on_signal("s", |_d| { broken = true; });
        on_signal("other", |_d| { wait_until(|| false); });
        try { wait_until(|| { if broken { throw "oh"; } false }); } catch (e) { log(`caught ${e}`); }
        try { wait_until(|| throw "at once"); } catch (e) { log(`caught ${e}`); }
        try { wait_until(|| nonsense()); } catch (e) { log(`caught ${e.kind}`); }
        try { wait_until(|| 7); } catch (e) { log(`caught ${e.kind}: ${e.message}`); }
        "#,
    );
    story.begin();
    story.sends("other", 1);
    story.sends("s", 1);
    assert_eq!(story.logs.len(), 4, "{:?}", story.logs);
    assert!(story.logs[0].contains("oh") && story.logs[1].contains("at once"), "{:?}", story.logs);
    assert_eq!(
        story.logs[2..],
        ["caught fault", "caught fault: the predicate of wait_until gave 7, not true or false"]
    );
    assert_eq!(story.waits(), ["1 wait_until"], "the other strand waits on");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_a_predicate_may_call_nothing_but_now_input_and_run() {
    let mut story =
        Story::of(r#"wait_until(|| now() >= run.started_at && input == () && run.id == "story")"#);
    story.begin();
    assert_eq!(*story.result(), Value::Bool(true));
    for call in [
        "sleep(1)",
        "activity(\"a\")",
        "step(\"s\", || 1)",
        "exec([\"true\"])",
        "sh(\"true\")",
        "wait_signal(\"s\")",
        "wait_until(|| true)",
        "random()",
        "random_int(1, 2)",
        "uuid()",
        "publish(\"k\", 1)",
        "set_summary(\"x\")",
        "progress(1, 2)",
        "on_signal(\"s\", |_d| 1)",
        "on_query(\"q\", || 1)",
    ] {
        let mut story = Story::of(&format!(
            "let said = (); try {{ wait_until(|| {{ {call}; true }}); }} catch (e) {{ said = e.message; }} said"
        ));
        story.begin();
        let result = story.result().to_string();
        assert!(result.contains("may not stand inside a predicate"), "{call}: {result}");
        assert_eq!((story.waits(), story.published.len()), (Vec::new(), 0));
    }
}

#[test]
fn ruling_16_a_predicate_whose_capture_is_held_counts_as_false_until_it_is_free() {
    let mut story = Story::of(
        r#"
        fn slow() { sleep(1); this.push(2); }
        let ready = false;
        let list = [1];
        on_signal("wait", |_d| { wait_until(|| ready && list.len() >= 1); log(`awake with ${list}`); });
        on_signal("ready", |_d| { ready = true; });
        sleep(1);
        list.slow();
        sleep(1);
        "#,
    );
    story.begin();
    story.sends("wait", 1);
    story.fires(0);
    story.sends("ready", 1);
    assert_eq!((story.logs.len(), story.waits()), (0, vec!["1 wait_until".into(), "2 sleep".into()]));
    story.fires(2);
    assert_eq!(story.logs, ["awake with [1, 2]"]);
    story.fires(3);
    assert_eq!(*story.result(), Value::Null);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_5_a_predicate_that_takes_over_a_million_operations_is_an_error() {
    let mut story = Story::of(
        "let said = (); try { wait_until(|| { let n = 0; loop { n += 1; } }); } catch (e) { said = e.message; } said",
    );
    story.begin();
    assert!(story.result().to_string().contains("over a limit"), "{}", story.result());
}

#[test]
fn ruling_21_logs_in_predicates_are_dropped() {
    let mut story = Story::of("wait_until(|| { log(\"looked\"); print(\"looked\"); true }); log(\"main\");");
    story.begin();
    assert_eq!(story.logs, ["main"]);
}

#[test]
fn ruling_15_a_wait_that_came_true_in_the_stretch_that_asked_it_is_never_handed_out() {
    let mut story = Story::of(
        r#"
        let flag = false;
        sleep(1);
        on_signal("wait", |_d| { wait_until(|| flag, "1h"); log("woke"); sleep(1); });
        on_signal("set", |_d| { flag = true; });
        sleep(9);
        "#,
    );
    story.begin();
    story.sends("wait", 1);
    story.sends("set", 1);
    story.fires(0);
    assert_eq!(story.logs, ["woke"]);
    assert_eq!(story.waits(), ["1 sleep", "3 sleep"], "op 2 began and ended within the stretch");
    assert_eq!(story.replayed(), Told::Same);
}
