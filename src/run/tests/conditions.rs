//! Ruling 16: `wait_until`.

use super::story::{Story, Told};
use crate::history::{RunEnd, Value};
use crate::run::ReplayError;

#[expect(clippy::unnecessary_wraps, reason = "as a story gives it")]
fn value(result: impl Into<Value>) -> Option<RunEnd> {
    Some(RunEnd::Completed { result: result.into() })
}

#[test]
fn ruling_16_true_at_the_call_needs_no_entry() {
    let mut story = Story::of("let n = 1; wait_until(|| n == 1, \"5s\")");
    story.begin();
    assert_eq!(story.end().cloned(), value(true));
    assert_eq!(story.entries().len(), 1);
}

#[test]
fn ruling_16_the_first_true_predicate_wakes_its_strand_and_testing_starts_anew() {
    let text = r#"
        let n = 0; let order = [];
        on_signal("wait", |who| { wait_until(|| n > 0); order.push(who); n -= 1; });
        wait_signal("start");
        n = 1;
        wait_until(|| order.len() == 2);
        order
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.signal("wait", "first".into());
    story.signal("wait", "second".into());
    story.signal("start", Value::Null);
    assert_eq!(story.end(), None, "the first took it: for the second it is not true any more");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_a_time_out_and_a_true_predicate_in_one_stretch_is_true() {
    let mut story = Story::of("let at = now(); wait_until(|| now() >= at + 5, \"5s\")");
    story.begin();
    story.fires(0);
    assert_eq!(story.end().cloned(), value(true));
    let mut story = Story::of("wait_until(|| false, \"5s\")");
    story.begin();
    story.fires(0);
    assert_eq!(story.end().cloned(), value(false));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_a_predicate_that_throws_raises_in_its_own_strand() {
    let text = "let n = 0; on_signal(\"s\", |d| { n = d; }); try { wait_until(|| if n == 0 { false } else { throw \"bad\" }); } catch (err) { return err; }";
    let mut story = Story::of(text);
    story.begin();
    story.signal("s", 1.into());
    assert_eq!(story.end().cloned(), value("bad"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_16_a_predicate_only_looks() {
    for (text, message) in [
        ("wait_until(|| { activity(\"a\"); true })", "activity may not stand inside a predicate or query"),
        ("wait_until(|| random() > 2.0)", "random may not stand inside a predicate or query"),
        ("let n = 0; wait_until(|| { n += 1; n > 3 })", "cannot be written here"),
        ("let v = []; wait_until(|| { v.push(1); true })", "'push' changes what it is called on"),
        ("wait_until(|| 5)", "gave 5, not true or false"),
        ("wait_until(|| { loop {} })", "over a limit"),
    ] {
        let mut story = Story::of(text);
        match story.tell(crate::history::Fact::RunBegan { seed: 1 }) {
            Err(ReplayError::Stuck { stuck, .. }) => {
                assert!(stuck.message.contains(message), "{text}: {}", stuck.message);
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_cannot_be_changed_is_told_with_the_way_to_a_copy() {
    let mut story = Story::of("const NAME = \" x \"; NAME.trim();");
    let told = story.tell(crate::history::Fact::RunBegan { seed: 1 });
    let Err(ReplayError::Stuck { stuck, .. }) = told else { panic!("{told:?}") };
    assert_eq!(stuck.message, "'trim' changes what it is called on, and that cannot be changed");
    let hint = "change a copy and go on with that: let mine = …; mine.trim(…); predicates of wait_until and queries only read";
    assert_eq!(stuck.hint.as_deref(), Some(hint));
}

#[test]
fn ruling_16_a_condition_that_keeps_coming_true_is_a_fault() {
    let mut story = Story::of(
        "sleep(1); let n = 0; loop { n += 1; on_signal(\"x\", |d| ()); let m = n; wait_until(|| n == m); }",
    );
    story.begin();
    // Each turn is true at the call, so this loop is stopped by its operations; a ping-pong of two strands by the rounds.
    let mut pong = Story::of(
        r#"
        let turn = 0;
        on_signal("go", |d| { loop { wait_until(|| turn == 1); turn = 0; } });
        wait_signal("now");
        loop { turn = 1; wait_until(|| turn == 0); }
        "#,
    );
    pong.begin();
    pong.signal("go", Value::Null);
    let message =
        pong.message(crate::history::MessageBody::Signal { name: "now".into(), payload: Value::Null });
    match pong.tell(crate::history::Fact::of_message(&message)) {
        Err(ReplayError::Stuck { stuck, .. }) => {
            assert!(stuck.message.contains("10000 times"), "{}", stuck.message);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ruling_1_and_16_a_held_capture_counts_as_false_and_its_reader_is_told() {
    // `work` holds `thing` while it waits: the predicate that looks at it is not tested, a handler that captures it waits.
    let text = r#"
        fn work() { wait_signal("done"); this.n = 5; }
        let thing = #{ n: 0 };
        on_signal("look", |d| { log(`n is ${thing.n}`); });
        on_signal("read", |d| { wait_until(|| thing.n == 5); log("saw it"); });
        thing.work();
        wait_signal("end");
        thing.n
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.signal("look", Value::Null);
    story.signal("read", Value::Null);
    assert!(story.logs.is_empty(), "{:?}", story.logs);
    story.signal("done", Value::Null);
    assert_eq!(story.logs, ["n is 5", "saw it"]);
    story.signal("end", Value::Null);
    assert_eq!(story.end().cloned(), value(5_i64));
    assert_eq!(story.replayed(), Told::Same);
}
