//! Rulings 12 and 15: a stretch is all or nothing; entries and rows that do not fit are told.

use super::story::{Story, Told};
use crate::history::{CommandKind, CommandLabel, Fact, Moment, OpId, Pending, TimerFired, Value};
use crate::run::ReplayError;

fn row(op: u32, kind: CommandKind, name: &str) -> Pending {
    Pending::new(OpId(op), CommandLabel { kind, name: name.into() }, Moment(0))
}

#[test]
fn ruling_12_a_stretch_that_faults_starts_nothing_and_logs_nothing() {
    let mut story =
        Story::of("sleep(1); on_signal(\"s\", |d| { activity(\"b\"); }); log(\"said\"); nowhere();");
    story.begin();
    let due = Moment(story.now + 1_000);
    let label = CommandLabel { kind: CommandKind::Sleep, name: String::new() };
    match story.tell(Fact::TimerFired(TimerFired { op: OpId(0), label, due })) {
        Err(ReplayError::Stuck { stuck, at }) => {
            assert_eq!((stuck.line, at.0), (Some(1), 1));
        }
        other => panic!("{other:?}"),
    }
    assert!(story.logs.is_empty());
    assert_eq!(story.open(), ["0 sleep"], "nothing new was handed out");
}

#[test]
fn ruling_15_an_outcome_that_nobody_waits_for_is_dropped() {
    let mut story = Story::of("try { activity(\"a\"); } catch (e) { } wait_signal(\"end\");");
    story.begin();
    let late = story.completion(0, 1.into());
    story.cancel("x");
    assert_eq!(story.open(), ["1 wait_signal \"end\"", "4294967294 grace"]);
    story.tell(late).expect("is dropped");
    assert_eq!(story.open(), ["1 wait_signal \"end\"", "4294967294 grace"]);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_15_pending_rows_are_compared_too() {
    let mut story = Story::of("activity(\"a\"); activity(\"b\");");
    story.begin();
    story.completes(0, Value::Null);
    let run = story.run();
    let activity = CommandKind::Activity;
    assert_eq!(run.check_pending(&[row(1, activity, "b")]), Ok(Vec::new()));
    assert_eq!(
        run.check_pending(&[row(0, activity, "a")]),
        Ok(vec![OpId(0)]),
        "settled already: the row is stale"
    );
    let told = |rows: &[Pending]| run.check_pending(rows).expect_err("does not fit").message;
    assert!(told(&[row(1, activity, "c")]).contains("op 1: the history has activity \"c\""));
    assert!(told(&[row(2, activity, "c")]).contains("the script does not ask for it now"));
}

#[test]
fn ruling_21_lines_of_predicates_and_queries_are_dropped() {
    let mut story = Story::of(
        "on_query(\"q\", || { log(\"from a query\"); 1 }); wait_until(|| { log(\"from a predicate\"); false }, 5);",
    );
    story.begin();
    assert_eq!(story.asks("q"), Ok(Value::Int(1)));
    story.fires(0);
    assert!(story.logs.is_empty(), "{:?}", story.logs);
}

#[test]
fn an_entry_of_a_newer_version_is_refused_and_said() {
    let mut story = Story::of("wait_signal(\"s\");");
    story.begin();
    match story.tell(Fact::Unknown { code: 77, raw: vec![1] }) {
        Err(ReplayError::Stuck { stuck, .. }) => {
            assert!(stuck.message.contains("entry kind 77 was written by a newer durun"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_computation_is_sliced_and_comes_to_the_same_end() {
    let mut story = Story::of("let n = 0; while n < 400000 { n += 1; } n");
    story.begin();
    assert_eq!(story.end(), Some(&crate::history::RunEnd::Completed { result: Value::Int(400_000) }));
}
