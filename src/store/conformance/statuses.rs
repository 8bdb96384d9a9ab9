//! Checks of the status that a reader is told: derived from claim, pending rows and inbox.

use super::fixtures::{ALICE, NOON, append, pending, signal};
use super::{Check, Subject};
use crate::history::{CommandKind, CommandLabel, Pending, RunNo, RunStatus};
use crate::store::{Answer, Append, Request};

pub(super) const CHECKS: &[Check] = &[
    ("an open run is told as what its rows and its executor make of it", derived),
    ("mail makes a waiting run one that can go on", mail),
    ("a status counts all pending rows, not only those that are shown", many_rows),
];

fn timer(op: u32, after_ms: Option<i64>) -> Pending {
    let label = CommandLabel { kind: CommandKind::Sleep, name: String::new() };
    Pending { label, due: after_ms.map(|ms| NOON.plus_ms(ms)), ..pending(op) }
}

fn retry(op: u32, after_ms: i64) -> Pending {
    Pending { next_try: Some(NOON.plus_ms(after_ms)), ..pending(op) }
}

fn put(subject: &Subject, run: RunNo, pending: Vec<Pending>) {
    let append = Append { pending, ..append(run, 1, 0, Vec::new()) };
    assert_eq!(subject.append(append), Ok(Answer::Done));
}

fn derived(subject: &Subject) {
    let cases = [
        ("nothing-yet", vec![], RunStatus::Running, RunStatus::Parked),
        ("effect", vec![pending(0)], RunStatus::Running, RunStatus::Parked),
        ("effect-and-timer", vec![pending(0), timer(1, Some(9))], RunStatus::Running, RunStatus::Parked),
        ("timer", vec![timer(0, Some(1))], RunStatus::Waiting, RunStatus::Waiting),
        ("wait", vec![timer(0, None)], RunStatus::Waiting, RunStatus::Waiting),
        ("retry", vec![retry(0, 1), timer(1, None)], RunStatus::Waiting, RunStatus::Waiting),
        ("retry-due", vec![retry(0, 0)], RunStatus::Running, RunStatus::Parked),
        ("retry-and-effect", vec![retry(0, 1), pending(1)], RunStatus::Running, RunStatus::Parked),
    ];
    for (id, rows, executed, left_alone) in cases {
        let run = subject.executed(id);
        put(subject, run, rows);
        assert_eq!(subject.view(run).status, executed, "{id}, executed");
        assert_eq!(subject.view(run).executor, Some(ALICE));
        subject.done(Request::Release { run, epoch: 1 });
        assert_eq!(subject.view(run).status, left_alone, "{id}, left alone");
        assert_eq!(subject.view(run).executor, None);
    }
    let due = subject.executed("due");
    put(subject, due, vec![timer(0, Some(0)), timer(1, Some(9))]);
    subject.living.died(ALICE.token);
    assert_eq!(subject.view(due).status, RunStatus::Parked, "a timer is due and nobody sees it");
}

fn mail(subject: &Subject) {
    let run = subject.executed("a");
    put(subject, run, vec![timer(0, None)]);
    subject.done(Request::Release { run, epoch: 1 });
    assert_eq!(subject.view(run).status, RunStatus::Waiting);
    assert!(subject.deliver(signal(run, "x")).is_ok());
    assert_eq!(subject.view(run).status, RunStatus::Parked);
    assert!(subject.ask(Request::Claim { run, claim: ALICE }).is_ok());
    assert_eq!(subject.view(run).status, RunStatus::Running);
}

fn many_rows(subject: &Subject) {
    let run = subject.executed("a");
    let mut rows: Vec<Pending> = (0..150).map(|op| timer(op, Some(1))).collect();
    rows.push(pending(150));
    put(subject, run, rows);
    let view = subject.view(run);
    assert_eq!((view.status, view.pending.len()), (RunStatus::Running, 100));
    assert_eq!(subject.snapshot(run).pending.len(), 151);
    subject.done(Request::Release { run, epoch: 1 });
    for number in 0..120 {
        assert!(subject.deliver(signal(run, &format!("s{number}"))).is_ok());
    }
    assert_eq!(subject.view(run).unread, 120);
}
