//! Ruling 15: how commands end, and what replay compares.

use super::story::{Story, Told};
use crate::history::{CommandKind, CommandLabel, Fact, Moment, OpId, Pending, TimerFired, Value};

fn row(op: OpId, kind: CommandKind, name: &str) -> Pending {
    Pending::new(op, CommandLabel { kind, name: name.into() }, Moment(0))
}

fn stuck(message: &str, line: Option<u32>) -> Told {
    Told::Stuck(message.into(), line)
}

#[test]
fn ruling_15_pending_rows_are_checked_against_what_the_script_asks() {
    let mut story = Story::of("wait_until(|| true); activity(\"a\"); activity(\"b\");");
    story.begin();
    story.completes(1, Value::Null);
    let check = |rows: &[Pending]| story.run().check_pending(rows).map_err(|stuck| stuck.message);
    assert_eq!(check(&[]), Ok(vec![]), "a lazy row may be missing");
    assert_eq!(check(&[row(OpId(2), CommandKind::Activity, "b")]), Ok(vec![]));
    assert_eq!(
        check(&[row(OpId(1), CommandKind::Activity, "a"), row(OpId(0), CommandKind::WaitUntil, "")]),
        Ok(vec![OpId(1), OpId(0)]),
        "what has ended is stale"
    );
    assert_eq!(
        check(&[row(OpId(2), CommandKind::Activity, "c")]),
        Err("op 2: the history has activity \"c\", the script now asks for activity \"b\"".into())
    );
    assert_eq!(
        check(&[row(OpId(2), CommandKind::Sleep, "")]),
        Err("op 2: the history has sleep, the script now asks for activity \"b\"".into())
    );
    assert_eq!(
        check(&[row(OpId(3), CommandKind::Sleep, "")]),
        Err("op 3: the history has sleep, the script does not ask for it now".into())
    );
    let timers =
        [row(OpId::GRACE, CommandKind::Grace, ""), row(OpId::RUN_TIMEOUT, CommandKind::RunTimeout, "")];
    assert_eq!(check(&timers), Ok(vec![]), "the run's own timers are not the script's");
}

#[test]
fn ruling_15_another_name_kind_or_order_is_told_with_op_and_line() {
    let mut story = Story::of("activity(\"a\");\nsleep(1);\nactivity(\"b\");\nsleep(2);");
    story.begin();
    story.completes(0, Value::Null);
    story.fires(1);
    story.completes(2, Value::Null);
    let cases = [
        (
            "activity(\"z\"); sleep(1);",
            "op 0: the history has activity \"a\", the script now asks for activity \"z\"",
            1,
        ),
        (
            "\nstep(\"a\", || 1);",
            "op 0: the history has activity \"a\", the script now asks for step \"a\"",
            2,
        ),
        (
            "activity(\"a\");\n\nactivity(\"b\");",
            "op 1: the history has sleep, the script now asks for activity \"b\"",
            3,
        ),
        (
            "activity(\"a\");\nwait_signal(\"s\");",
            "op 1: the history has sleep, the script now asks for wait_signal \"s\"",
            2,
        ),
    ];
    for (text, message, line) in cases {
        assert_eq!(story.replayed_under(text), stuck(message, Some(line)), "{text}");
    }
    assert_eq!(
        story.replayed_under("activity(\"a\"); sleep(1);"),
        stuck("the script ends here, the history goes on with ActivityCompleted", None)
    );
}

#[test]
fn ruling_15_an_entry_whose_op_is_never_issued_is_nondeterminism() {
    let mut story = Story::of("on_signal(\"s\", |_d| { sleep(1); }); sleep(9);");
    story.begin();
    story.sends("s", 1);
    story.fires(1);
    assert_eq!(
        story.replayed_under("sleep(9);"),
        stuck("op 1: the history has sleep, the script does not ask for it now", None)
    );
}

#[test]
fn ruling_15_the_same_commands_in_another_text_fit() {
    let mut story = Story::of("activity(\"a\"); sleep(1);");
    story.begin();
    story.completes(0, Value::Null);
    assert_eq!(story.replayed_under("log(\"new\"); activity(\"a\", 7); let x = 1; sleep(1);"), Told::Same);
}

#[test]
fn ruling_15_an_outcome_nobody_waits_for_is_dropped_and_told() {
    let mut story = Story::of("let a = wait_signal(\"s\", 60); sleep(1); a");
    story.begin();
    let late = story.firing(0);
    story.sends("s", "served");
    let entry = crate::history::Entry { at: Moment(story.now), fact: late.clone() };
    let mut run = crate::run::Run::new(&story.interpreter, story.script.clone(), story.charter.clone());
    let mut dropped = Vec::new();
    for entry in story.entries().iter().chain([&entry]) {
        let crate::run::Stepped::Blocked(stretch) = run.deliver(entry) else { panic!("blocks") };
        dropped.push(stretch.dropped);
    }
    assert_eq!(dropped, [None, None, Some(OpId(0))]);
    story.tell(late).expect("is dropped");
    story.fires(1);
    assert_eq!(*story.result(), Value::from("served"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_history_begins_with_run_began_and_has_it_once() {
    let mut story = Story::of("sleep(1);");
    let timer = Fact::TimerFired(TimerFired {
        op: OpId(0),
        label: CommandLabel { kind: CommandKind::Sleep, name: String::new() },
        due: Moment(0),
    });
    assert_eq!(story.breaks(timer).1, "TimerFired stands where it cannot");
    let mut story = Story::of("sleep(1);");
    story.begin();
    assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).1, "RunBegan stands where it cannot");
    let mut story = Story::of("sleep(1);");
    story.begin();
    let (kind, message) = story.breaks(Fact::Unknown { code: 99, raw: vec![] });
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("nondeterminism", "entry kind 99 was written by a newer durun")
    );
}
