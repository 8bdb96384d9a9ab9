//! Checks of `once` keys: one seeker at a time, one result for all.

use super::fixtures::{ALICE, BOB, NOON, append};
use super::{Chain, Check, Subject};
use crate::history::{
    ActivityCompleted, ActivityFailed, CommandKind, CommandLabel, Fact, Failure, OpId, RunNo, Value,
};
use crate::store::{Answer, Append, Once, OnceChange, Request, StoreError};
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("the first call of a key seeks, others wait, and the result serves all", one_result),
    ("a failed or cancelled seeker gives its key back", given_back),
    ("a seeker whose process is dead, that is put down or that has ended is taken over", taken_over),
    ("a late result of a seeker that was taken over changes nothing", late_result),
    ("a call of an epoch that is over is fenced", fenced),
    ("keys are listed by their beginning and forgotten, but not while they are sought", listed_and_forgotten),
    ("a result is kept for 400 days", kept),
];

fn take(subject: &Subject, key: &str, run: RunNo, op: u32, epoch: u64) -> Result<Once, StoreError> {
    match subject.ask(Request::TakeOnce { key: key.to_owned(), run, op: OpId(op), epoch })? {
        Answer::Once(once) => Ok(*once),
        other => panic!("{other:?}"),
    }
}

fn completed(op: u32, result: &str) -> Fact {
    Fact::ActivityCompleted(Box::new(ActivityCompleted {
        op: OpId(op),
        label: CommandLabel { kind: CommandKind::Activity, name: "bill".to_owned() },
        input: Value::Null,
        result: result.into(),
        attempts: 1,
        scheduled_at: NOON,
        ended_at: NOON,
    }))
}

fn failed(op: u32) -> Fact {
    Fact::ActivityFailed(Box::new(ActivityFailed {
        op: OpId(op),
        label: CommandLabel { kind: CommandKind::Activity, name: "bill".to_owned() },
        input: Value::Null,
        failure: Failure::new("activity", "declined"),
        attempts: 1,
        scheduled_at: NOON,
        ended_at: NOON,
    }))
}

fn ends(run: RunNo, fact: Fact, change: OnceChange) -> Append {
    let record = Chain::of(run).seal(NOON, fact);
    Append { once: vec![change], ..append(run, 1, 0, vec![record]) }
}

fn done(key: &str, op: u32) -> OnceChange {
    OnceChange::Completed { key: key.to_owned(), op: OpId(op) }
}

fn released(key: &str, op: u32) -> OnceChange {
    OnceChange::Released { key: key.to_owned(), op: OpId(op) }
}

fn is_sought(once: &Result<Once, StoreError>) -> bool {
    matches!(once, Ok(Once::Sought { .. }))
}

fn one_result(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.executed("b"));
    assert_eq!(take(subject, "k", a, 0, 1), Ok(Once::Taken));
    assert_eq!(take(subject, "k", a, 0, 1), Ok(Once::Taken), "asked again it is the same call");
    assert!(is_sought(&take(subject, "k", b, 0, 1)));
    assert!(is_sought(&take(subject, "k", a, 1, 1)), "another call of the same run waits, too");
    assert_eq!(take(subject, "other", b, 0, 1), Ok(Once::Taken));
    assert_eq!(subject.append(ends(a, completed(0, "paid"), done("k", 0))), Ok(Answer::Done));
    for (run, op) in [(a, 1), (b, 0)] {
        let Ok(Once::Done { run: by, result, .. }) = take(subject, "k", run, op, 1) else { panic!("done") };
        assert_eq!((by.as_str(), result), ("a", "paid".into()));
    }
}

fn given_back(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.executed("b"));
    assert_eq!(take(subject, "k", a, 0, 1), Ok(Once::Taken));
    assert_eq!(subject.append(ends(a, failed(0), released("k", 0))), Ok(Answer::Done));
    assert_eq!(take(subject, "k", b, 0, 1), Ok(Once::Taken));
    // Not one that another holds by now.
    let release = Append { once: vec![released("k", 0)], ..append(a, 1, 1, Vec::new()) };
    assert_eq!(subject.append(release), Ok(Answer::Done));
    assert!(is_sought(&take(subject, "k", a, 1, 1)));
}

fn taken_over(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.recorded("b"));
    assert_eq!(subject.ask(Request::Claim { run: b, claim: BOB }), Ok(Answer::Claimed { epoch: 1 }));
    assert_eq!(take(subject, "dead", a, 0, 1), Ok(Once::Taken));
    assert!(is_sought(&take(subject, "dead", b, 0, 1)));
    subject.living.died(ALICE.token);
    assert_eq!(take(subject, "dead", b, 0, 1), Ok(Once::Taken));

    let c = subject.recorded("c");
    assert_eq!(subject.ask(Request::Claim { run: c, claim: BOB }), Ok(Answer::Claimed { epoch: 1 }));
    assert_eq!(take(subject, "down", c, 0, 1), Ok(Once::Taken));
    assert_eq!(take(subject, "ended", c, 1, 1), Ok(Once::Taken));
    subject.done(Request::Release { run: c, epoch: 1 });
    assert_eq!(take(subject, "down", b, 1, 1), Ok(Once::Taken));
    subject.done(Request::Terminate { run: c, reason: String::new() });
    assert_eq!(take(subject, "ended", b, 2, 1), Ok(Once::Taken));
}

fn late_result(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.recorded("b"));
    assert_eq!(subject.ask(Request::Claim { run: b, claim: BOB }), Ok(Answer::Claimed { epoch: 1 }));
    assert_eq!(take(subject, "k", a, 0, 1), Ok(Once::Taken));
    subject.living.died(ALICE.token);
    assert_eq!(take(subject, "k", b, 0, 1), Ok(Once::Taken));
    assert_eq!(subject.append(ends(b, completed(0, "second"), done("k", 0))), Ok(Answer::Done));
    assert_eq!(subject.append(ends(a, completed(0, "first"), done("k", 0))), Ok(Answer::Done));
    let Ok(Once::Done { run: by, result, .. }) = take(subject, "k", b, 9, 1) else { panic!("done") };
    assert_eq!((by.as_str(), result), ("b", "second".into()));
}

fn fenced(subject: &Subject) {
    let a = subject.executed("a");
    assert_eq!(take(subject, "k", a, 0, 2), Err(StoreError::Fenced { epoch: 2, current: 1 }));
    subject.done(Request::Terminate { run: a, reason: String::new() });
    assert!(take(subject, "k", a, 0, 1).is_err());
}

fn listed_and_forgotten(subject: &Subject) {
    let a = subject.executed("a");
    for (op, key) in ["x-1", "x-2", "y"].into_iter().enumerate() {
        let op = u32::try_from(op).unwrap_or_default();
        assert_eq!(take(subject, key, a, op, 1), Ok(Once::Taken));
    }
    assert_eq!(subject.append(ends(a, completed(0, "paid"), done("x-1", 0))), Ok(Answer::Done));
    let listed = |prefix: &str| match subject.ask(Request::ListOnce { prefix: prefix.to_owned() }) {
        Ok(Answer::OnceRows(rows)) => {
            rows.into_iter().map(|row| (row.key, row.result.map(|it| it.to_string()))).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let row = |key: &str, result: Option<&str>| (key.to_owned(), result.map(str::to_owned));
    assert_eq!(listed("x-"), [row("x-1", Some("\"paid\"")), row("x-2", None)]);
    assert_eq!(listed("").len(), 3);
    let forget = |key: &str| subject.ask(Request::ForgetOnce { key: key.to_owned() });
    assert!(matches!(forget("x-1"), Ok(Answer::Once(once)) if matches!(*once, Once::Done { .. })));
    assert!(
        matches!(forget("x-1"), Ok(Answer::Once(once)) if matches!(*once, Once::Taken)),
        "nothing is left"
    );
    assert!(matches!(forget("x-2"), Ok(Answer::Once(once)) if matches!(*once, Once::Sought { .. })));
    assert_eq!(listed("x-"), [row("x-2", None)]);
    assert_eq!(take(subject, "x-1", a, 7, 1), Ok(Once::Taken));
}

fn kept(subject: &Subject) {
    let a = subject.executed("a");
    assert_eq!(take(subject, "k", a, 0, 1), Ok(Once::Taken));
    assert_eq!(subject.append(ends(a, completed(0, "paid"), done("k", 0))), Ok(Answer::Done));
    let day = Duration::from_hours(24);
    subject.clock.advance(day * 400);
    assert!(matches!(take(subject, "k", a, 1, 1), Ok(Once::Done { .. })));
    subject.clock.advance(day);
    assert_eq!(take(subject, "k", a, 1, 1), Ok(Once::Taken));
}
