//! Rules of the core, by ruling; and the story that they are told with.

mod asking;
mod cancels;
mod chance_and_time;
mod children;
mod conditions;
mod defaults;
mod endings;
mod failing;
mod generated;
mod grace;
mod handles;
mod locks;
mod looking;
mod mail;
mod mailbox;
mod nondeterminism;
mod parallel;
mod patches;
mod peers;
mod predicates;
mod queries;
mod questions;
mod restarts;
mod story;
mod strands;
mod strands_end;
mod stretches;
mod stuck;
mod time;
mod tokens;
mod undos;
mod updates;

use crate::history::{Fact, RunEnd, Value};
use story::{Story, Told};

/// A list of texts.
fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

#[test]
fn a_script_runs_from_begin_to_end_by_its_entries() {
    let mut story = Story::of("let a = activity(\"one\", 1); sleep(\"1s\"); a + 1");
    story.begin();
    assert_eq!(story.open(), ["0 activity \"one\""]);
    story.completes(0, Value::Int(41));
    assert_eq!(story.open(), ["1 sleep"]);
    story.fires(1);
    assert_eq!(story.end(), Some(&RunEnd::Completed { result: Value::Int(42) }));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn ruling_10_a_signal_goes_to_the_wait_then_the_handler_then_the_buffer() {
    let mut story = Story::of(
        r#"
        let seen = [];
        sleep(1);
        on_signal("s", |data| { seen.push(`handler ${data}`); });
        sleep(1);
        let waited = wait_signal("s");
        seen.push(`wait ${waited}`);
        seen
        "#,
    );
    story.begin();
    story.signal("s", Value::Int(1));
    story.fires(0);
    story.signal("s", Value::Int(2));
    story.fires(1);
    story.signal("s", Value::Int(3));
    let expected = ["handler 1", "handler 2", "wait 3"].map(Value::from).to_vec();
    assert_eq!(story.end(), Some(&RunEnd::Completed { result: Value::List(expected) }));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn ruling_15_a_history_that_does_not_fit_is_told() {
    let mut story = Story::of("activity(\"one\"); activity(\"two\");");
    story.begin();
    story.completes(0, Value::Null);
    story.completes(1, Value::Null);
    let told = story.replayed_under("activity(\"one\"); sleep(1);");
    assert_eq!(
        told,
        Told::Stuck("op 1: the history has activity \"two\", the script now asks for sleep".into(), Some(1))
    );
    let told = story.replayed_under("activity(\"one\");");
    assert_eq!(
        told,
        Told::Stuck("the script ends here, the history goes on with ActivityCompleted".into(), None)
    );
    assert!(matches!(story.entries()[0].fact, Fact::RunBegan { .. }));
}
