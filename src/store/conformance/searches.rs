//! Checks of how runs are found and listed.

use super::fixtures::{ALICE, NOON, append, new_run, pending};
use super::{Check, Subject};
use crate::history::{CommandKind, CommandLabel, OpId, Pending, RunNo, RunStatus, Seq};
use crate::store::{Answer, Append, Request, RunFilter, StoreError};
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("an id is found before those that begin with it", exact_first),
    ("a prefix finds at most twenty runs", prefixes),
    ("@last is the newest run", last),
    ("runs are listed newest first, up to a limit", newest_first),
    ("a list is narrowed by status, script and age", narrowed),
    ("a list can be narrowed to the runs that need a person", needing),
    ("a run that does not exist is told by number", no_run),
];

fn find(subject: &Subject, text: &str) -> Vec<String> {
    match subject.ask(Request::Find { text: text.to_owned() }) {
        Ok(Answer::Runs(rows)) => rows.iter().map(|row| row.id.to_string()).collect(),
        other => panic!("{other:?} instead of runs"),
    }
}

fn list(subject: &Subject, filter: RunFilter) -> Vec<String> {
    match subject.ask(Request::List(filter)) {
        Ok(Answer::Views(views)) => views.iter().map(|view| view.row.id.to_string()).collect(),
        other => panic!("{other:?} instead of views"),
    }
}

fn exact_first(subject: &Subject) {
    for id in ["order", "order-1", "order-2", "or", "zebra"] {
        subject.recorded(id);
    }
    assert_eq!(find(subject, "order"), ["order"]);
    assert_eq!(find(subject, "order-"), ["order-1", "order-2"]);
    assert_eq!(find(subject, "orde"), ["order", "order-1", "order-2"]);
    assert_eq!(find(subject, "x"), Vec::<String>::new());
    assert_eq!(find(subject, ""), ["or", "order", "order-1", "order-2", "zebra"]);
}

fn prefixes(subject: &Subject) {
    for number in 0..25 {
        subject.recorded(&format!("r{number:02}"));
    }
    assert_eq!(find(subject, "r").len(), 20);
    assert_eq!(find(subject, "r2").len(), 5);
}

fn last(subject: &Subject) {
    assert_eq!(find(subject, "@last"), Vec::<String>::new());
    for id in ["z", "a"] {
        subject.recorded(id);
    }
    assert_eq!(find(subject, "@last"), ["a"]);
}

fn newest_first(subject: &Subject) {
    for number in 0..300 {
        subject.recorded(&format!("r{number}"));
    }
    let all = list(subject, RunFilter::default());
    let expected: Vec<String> = (0..300).rev().map(|number| format!("r{number}")).collect();
    assert_eq!(all, expected);
    assert_eq!(list(subject, RunFilter { limit: Some(2), ..RunFilter::default() }), ["r299", "r298"]);
    assert_eq!(list(subject, RunFilter { limit: Some(0), ..RunFilter::default() }), Vec::<String>::new());
}

fn narrowed(subject: &Subject) {
    subject.recorded("a");
    subject.clock.advance(Duration::from_secs(1));
    subject.recorded("b");
    subject.executed("c");
    let ended = subject.recorded("d");
    subject.done(Request::Terminate { run: ended, reason: String::new() });
    let by = |statuses: &[RunStatus]| {
        list(subject, RunFilter { statuses: statuses.to_vec(), ..RunFilter::default() })
    };
    assert_eq!(by(&[RunStatus::Parked]), ["b", "a"]);
    assert_eq!(by(&[RunStatus::Parked, RunStatus::Running]), ["c", "b", "a"]);
    assert_eq!(by(&[RunStatus::Terminated]), ["d"]);
    assert_eq!(by(&[RunStatus::Terminated, RunStatus::Running]), ["d", "c"]);
    assert_eq!(by(&[RunStatus::Stuck]), Vec::<String>::new());
    let script = RunFilter { script: Some("b.rhai".to_owned()), ..RunFilter::default() };
    assert_eq!(list(subject, script), ["b"]);
    let since = RunFilter { since: Some(NOON.plus_ms(1)), ..RunFilter::default() };
    assert_eq!(list(subject, since), ["d", "c", "b"]);
    let first = RunFilter { statuses: vec![RunStatus::Parked], limit: Some(1), ..RunFilter::default() };
    assert_eq!(list(subject, first), ["b"]);
}

fn no_run(subject: &Subject) {
    subject.recorded("a");
    let run = RunNo(7);
    let message = super::signal(run, "x");
    let requests = vec![
        Request::Claim { run, claim: ALICE },
        Request::Release { run, epoch: 1 },
        Request::Append(Box::new(super::append(run, 1, 0, Vec::new()))),
        Request::Deliver(Box::new(message)),
        Request::Terminate { run, reason: String::new() },
        Request::Watch { run },
        Request::View { run },
        Request::Snapshot { run },
        Request::History { run, from: Seq(0), until: Seq(1) },
        Request::Logs { run, after: None, limit: 1 },
        Request::Published { run },
    ];
    for request in requests {
        let told = subject.ask(request.clone());
        assert_eq!(told, Err(StoreError::NoRun { run }), "{request:?}");
    }
    subject.done(Request::Watch { run: RunNo(1) });
    assert_eq!(find(subject, new_run("a").id.as_str()), ["a"]);
}

fn needing(subject: &Subject) {
    let ask = |op: u32| {
        let label = CommandLabel { kind: CommandKind::Ask, name: "Go on?".to_owned() };
        Pending::new(OpId(op), label, NOON)
    };
    let asking = subject.executed("asks");
    let many: Vec<Pending> = (0..200).map(pending).chain([ask(200)]).collect();
    assert_eq!(
        subject.append(Append { pending: many, ..append(asking, 1, 0, Vec::new()) }),
        Ok(Answer::Done)
    );
    let view = subject.view(asking);
    assert!(view.asks() && view.pending.len() == 101, "a question is never cut off");
    let other = subject.executed("waits");
    assert_eq!(
        subject.append(Append { pending: vec![pending(1)], ..append(other, 1, 0, Vec::new()) }),
        Ok(Answer::Done)
    );
    let needing = |statuses: Vec<RunStatus>| {
        let filter = RunFilter { statuses, needs_person: true, ..RunFilter::default() };
        match subject.ask(Request::List(filter)) {
            Ok(Answer::Views(views)) => views.iter().map(|view| view.row.no).collect::<Vec<_>>(),
            other => panic!("{other:?} instead of views"),
        }
    };
    assert_eq!(needing(Vec::new()), [asking]);
    assert_eq!(needing(vec![RunStatus::Completed]), []);
    subject.done(Request::Terminate { run: asking, reason: String::new() });
    assert_eq!(needing(Vec::new()), []);
}
