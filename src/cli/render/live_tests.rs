//! The live display, told as a sequence of news and the lines that they give.

use super::*;
use crate::history::Failure;

const RUN: RunNo = RunNo(7);

fn claimed(no: u64, id: &str) -> Claimed {
    Claimed { run: RunNo(no), id: RunId::parse(id).expect("an id"), epoch: 1 }
}

fn label(kind: CommandKind, name: &str) -> CommandLabel {
    CommandLabel { kind, name: name.to_owned() }
}

#[test]
fn a_step_is_followed_from_its_first_attempt_to_its_line() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let label = label(CommandKind::Activity, "charge");
    live.tell(
        RUN,
        Progress::Scheduled { op: OpId(0), label: label.clone(), strand: None, line: None },
        Moment(0),
    );
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 1 }, Moment(0));
    assert_eq!(live.line(Moment(2_100)), "activity charge · 2s");
    let failure = Failure::new("activity", "no\u{1b} route");
    let failed = Progress::AttemptFailed {
        op: OpId(0),
        attempt: 1,
        failure,
        next_try: Some(Moment(5_000)),
        attempts: Some(3),
    };
    assert_eq!(live.tell(RUN, failed, Moment(2_200)), Vec::<String>::new());
    assert_eq!(
        live.line(Moment(2_200)),
        "activity charge · attempt 1 of 3 failed: no\\x1b route · next try in 3s"
    );
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 2 }, Moment(5_000));
    assert_eq!(live.line(Moment(5_000)), "activity charge · attempt 2 of 3 · last error: no\\x1b route");
    let outcome =
        Progress::Outcome { op: OpId(0), label, took_ms: 5_400, ok: true, message: None, attempts: 2 };
    assert_eq!(live.tell(RUN, outcome, Moment(5_400)), ["✓ activity charge  5.4s · 2 attempts"]);
    assert_eq!(live.line(Moment(5_400)), "");
}

#[test]
fn a_wait_counts_down_and_says_how_to_end_it() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let wait = |op, kind, name, due| Progress::Waiting {
        op: OpId(op),
        label: label(kind, name),
        due,
        line: Some(3),
    };
    live.tell(RUN, wait(0, CommandKind::Sleep, "", Some(Moment(42_000))), Moment(0));
    assert_eq!(live.line(Moment(0)), "sleep · 42s left");
    assert_eq!(live.line(Moment(41_500)), "sleep · 1s left");
    live.tell(RUN, wait(1, CommandKind::WaitSignal, "go", None), Moment(0));
    assert_eq!(live.line(Moment(0)), "sleep · 42s left · and 1 more");
    let done = |op, kind| Progress::Outcome {
        op: OpId(op),
        label: label(kind, ""),
        took_ms: 42_000,
        ok: true,
        message: None,
        attempts: 0,
    };
    assert_eq!(live.tell(RUN, done(0, CommandKind::Sleep), Moment(42_000)), ["✓ sleep  42s"]);
    assert_eq!(live.line(Moment(42_000)), "wait_signal go · durun signal order-1 go");
    live.tell(RUN, Progress::Settled { op: OpId(1) }, Moment(42_000));
    assert_eq!(live.line(Moment(42_000)), "", "a wait that was served is over");
    assert_eq!(live.tell(RUN, Progress::Signal { name: "go".to_owned() }, Moment(0)), ["← signal go"]);
}

#[test]
fn a_resumed_run_says_that_nothing_ran_again() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let replayed = |entries, steps| Progress::Replayed { entries, steps, took_ms: 4 };
    assert_eq!(live.tell(RUN, replayed(0, 0), Moment(0)), Vec::<String>::new());
    assert_eq!(
        live.tell(RUN, replayed(13, 12), Moment(0)),
        ["resumed: 12 steps replayed in 4ms, 0 run again"]
    );
}

#[test]
fn of_several_runs_each_line_names_its_own() {
    let mut live = Live::new(&[claimed(7, "a"), claimed(8, "b")], false);
    let ended = Progress::Ended(RunEnd::Completed { result: crate::history::Value::Null });
    assert_eq!(live.tell(RunNo(8), ended, Moment(0)), ["b  completed"]);
    live.tell(
        RUN,
        Progress::Scheduled { op: OpId(0), label: label(CommandKind::Sh, "sh"), strand: None, line: None },
        Moment(0),
    );
    assert_eq!(live.line(Moment(1_000)), "a  sh sh · 1s");
    assert_eq!(live.tell(RUN, Progress::Parked, Moment(0)), ["a  parked"]);
    assert_eq!(live.line(Moment(1_000)), "", "what a parked run did is over");
}

#[test]
fn a_question_stays_on_the_screen_and_a_poll_counts_down() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let waiting =
        |kind, name: &str, due| Progress::Waiting { op: OpId(0), label: label(kind, name), due, line: None };
    assert_eq!(
        live.tell(RUN, waiting(CommandKind::Ask, "Go\u{1b}?", None), Moment(0)),
        ["? Go\\x1b? · durun why order-1 says how to answer"]
    );
    assert_eq!(live.line(Moment(0)), "ask Go\\x1b? · durun why order-1");
    let answered = Progress::Replied { what: "answer yes".to_owned() };
    assert_eq!(live.tell(RUN, answered, Moment(0)), ["← answer yes"]);
    live.tell(RUN, waiting(CommandKind::Poll, "issued", Some(Moment(9_000))), Moment(0));
    assert_eq!(live.line(Moment(1_000)), "poll issued · 8s left · durun retry order-1");
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 2 }, Moment(9_000));
    assert!(!live.line(Moment(9_000)).contains("left"), "{}", live.line(Moment(9_000)));
}

#[test]
fn items_stand_with_their_names_and_a_bar_of_how_many_are_done() {
    let mut live = Live::new(&[claimed(7, "fan")], false);
    let host = |op, strand: &str| Progress::Scheduled {
        op: OpId(op),
        label: label(CommandKind::Sh, "ping"),
        strand: Some(strand.to_owned()),
        line: None,
    };
    live.tell(RUN, host(0, "web0"), Moment(0));
    live.tell(RUN, host(1, "web\u{1b}1"), Moment(1));
    let done = Progress::Outcome {
        op: OpId(0),
        label: label(CommandKind::Sh, "ping"),
        took_ms: 9,
        ok: true,
        message: None,
        attempts: 1,
    };
    assert_eq!(live.tell(RUN, done, Moment(9)), ["✓ sh ping · web0  9ms"]);
    let mut told = |done, total| {
        live.tell(RUN, Progress::ScriptProgress(HowFar { done, total, text: None }), Moment(9));
        live.line(Moment(9))
    };
    assert_eq!(told(18, 40), "sh ping · web\\x1b1 · 0s · ━━━━╌╌╌╌╌╌ 18/40");
    assert!(told(-3, 7).ends_with("╌╌╌╌╌╌╌╌╌╌ -3/7"));
    assert!(told(i64::MAX - 1, i64::MAX).contains("━"), "no overflow");
    assert_eq!(told(40, 40), "sh ping · web\\x1b1 · 0s", "there it is done");
}
