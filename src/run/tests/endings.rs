//! Rulings 11 and 13: how a run with several strands ends.

use super::story::{Story, Told};
use crate::history::{Failure, RunEnd, Value};

#[test]
fn ruling_11_handlers_under_way_are_awaited_and_main_gives_the_value() {
    let mut story =
        Story::of("on_signal(\"s\", |d| { activity(\"slow\"); }); wait_signal(\"end\"); \"main\"");
    story.begin();
    story.signal("s", Value::Null);
    story.signal("end", Value::Null);
    assert_eq!(story.end(), None, "the handler is under way");
    assert!(!story.run().takes_signals(), "no new message is delivered");
    story.completes(1, Value::Null);
    assert_eq!(story.end(), Some(&RunEnd::Completed { result: "main".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_a_handler_that_throws_fails_the_run_with_the_first_error_when_the_others_have_ended() {
    let text = r#"
        on_signal("s", |d| { activity("a"); fail("the handler failed"); });
        try { sleep("1h"); } catch (err) { activity("clean", err.kind); throw "second"; }
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.signal("s", Value::Null);
    story.completes(1, Value::Null);
    assert_eq!(story.open(), ["2 activity \"clean\""], "main was cancelled and cleans up");
    assert_eq!(story.end(), None);
    story.completes(2, Value::Null);
    match story.end() {
        Some(RunEnd::Failed { failure }) => assert_eq!(failure.message, "the handler failed"),
        other => panic!("{other:?}"),
    }
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_error_of_an_activity_that_nobody_catches_fails_the_run() {
    let mut story = Story::of("activity(\"a\")");
    story.begin();
    story.fails(0, Failure::new("activity", "no").with("type", "t"));
    match story.end() {
        Some(RunEnd::Failed { failure }) => {
            assert_eq!((failure.kind.as_str(), failure.line), ("activity", Some(1)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(story.replayed(), Told::Same);
}
