//! Checks of how a run ends: by its own last entry, or terminated.

use super::fixtures::{ALICE, NOON, append, new_run, pending, signal};
use super::{Chain, Check, Subject};
use crate::history::{
    CancelCause, Checksum, Fact, Message, MessageBody, MessageId, MessageNo, Moment, Pending, RunEnd,
    RunEnded, RunNo, RunStatus, ScriptHash, StoredStatus, Value,
};
use crate::store::{
    Answer, Append, Kept, NewMessage, NewRun, Request, RowChange, RunFilter, StoreError, Upkeep,
};
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("an end removes what waits but for what was said and not read, and drops the claim", cleaned_up),
    ("the append that ends a run is acknowledged again, another is refused", after_the_end),
    ("an end and the run that tells of it are stored together, once", told_of),
    ("a terminated run has its end as last entry, and its executor is fenced off", terminated),
    ("a run without entries can be terminated", terminated_unbegun),
    ("a terminated run's time does not go back", terminated_in_time),
    ("a run that has ended is not terminated again", not_twice),
];

fn completed(chain: &mut Chain) -> (crate::history::Record, RunEnd) {
    let end = RunEnd::Completed { result: Value::from(1) };
    (chain.seal(NOON, Fact::RunEnded(Box::new(RunEnded::of(end.clone())))), end)
}

fn ending(run: RunNo) -> (Append, RunEnd) {
    let (record, end) = completed(&mut Chain::of(run));
    let row = RowChange { status: Some(StoredStatus::Ended(end.clone())), ..RowChange::default() };
    (Append { row, ..append(run, 1, 0, vec![record]) }, end)
}

fn cleaned_up(subject: &Subject) {
    let run = subject.recorded("a");
    for name in ["x", "y", "z"] {
        assert!(subject.deliver(signal(run, name)).is_ok());
    }
    let body = MessageBody::Cancel { cause: CancelCause::Request, reason: "why".to_owned() };
    let asked = NewMessage { id: MessageId([5; 16]), body, ..signal(run, "w") };
    assert!(subject.deliver(asked).is_ok());
    assert!(subject.ask(Request::Claim { run, claim: ALICE }).is_ok());
    let rows = vec![pending(1), Pending { due: Some(NOON), ..pending(2) }];
    assert_eq!(subject.append(Append { pending: rows, ..append(run, 1, 0, Vec::new()) }), Ok(Answer::Done));
    let (last, end) = ending(run);
    let last =
        Append { delivered: vec![(MessageNo(2), signal(run, "y").id)], pending: vec![pending(3)], ..last };
    assert_eq!(subject.append(last), Ok(Answer::Done));
    let snapshot = subject.snapshot(run);
    let names = |message: &Message| match &message.body {
        MessageBody::Signal { name, .. } => name.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(snapshot.pending, Vec::new());
    assert_eq!(snapshot.inbox.iter().map(names).collect::<Vec<_>>(), ["x", "z"]);
    assert_eq!((snapshot.row.unread, snapshot.row.claim), (1, None), "the request to end went with it");
    let gone: Vec<String> = snapshot.row.gone.iter().map(ToString::to_string).collect();
    assert_eq!(gone, ["request to cancel (why)"], "and is named");
    assert_eq!(snapshot.row.status, StoredStatus::Ended(end));
    assert_eq!(
        subject.ask(Request::Upkeep(Box::new(Upkeep::Audit))),
        Ok(Answer::Kept(Box::new(Kept::Wrong(Vec::new()))))
    );
    let view = subject.view(run);
    assert_eq!((view.status, view.unread, view.executor), (RunStatus::Completed, 3, None));
    let open = RunFilter { statuses: vec![RunStatus::Parked, RunStatus::Waiting], ..RunFilter::default() };
    assert_eq!(subject.ask(Request::List(open)), Ok(Answer::Views(Vec::new())));
}

fn told_of(subject: &Subject) {
    let run = subject.executed("a");
    let (mut last, _) = ending(run);
    let forged = NewRun { scripts: vec![(ScriptHash::of("1"), "2".to_owned())], ..new_run("a.on_success.0") };
    last.row.hook = Some(Box::new(forged));
    let refused = subject.append(last.clone());
    assert!(matches!(refused, Err(StoreError::Protocol { .. })), "{refused:?}");
    assert_eq!(subject.view(run).status, RunStatus::Running);
    last.row.hook = Some(Box::new(new_run("a.on_success.0")));
    for _ in 0..2 {
        let ended = subject.append(last.clone());
        assert!(matches!(ended, Ok(Answer::Done | Answer::Told(_))), "{ended:?}");
        let open = RunFilter { statuses: vec![RunStatus::Parked], ..RunFilter::default() };
        let Ok(Answer::Views(open)) = subject.ask(Request::List(open)) else { panic!("lists") };
        let open: Vec<String> = open.into_iter().map(|view| view.row.id.to_string()).collect();
        assert_eq!(
            (subject.view(run).status, open),
            (RunStatus::Completed, vec!["a.on_success.0".to_owned()])
        );
    }
}

fn after_the_end(subject: &Subject) {
    let run = subject.executed("a");
    let (last, _) = ending(run);
    assert_eq!(subject.append(last.clone()), Ok(Answer::Done));
    let before = subject.all_of(run);
    assert_eq!(subject.append(last), Ok(Answer::Done));
    let ended = Err(StoreError::Ended { id: new_run("a").id, status: RunStatus::Completed });
    let mut chain = Chain::of(run);
    completed(&mut chain);
    assert_eq!(subject.append(append(run, 1, 1, chain.seeds(1))), ended);
    let late = Append { pending: vec![pending(1)], ..append(run, 1, 1, Vec::new()) };
    assert_eq!(subject.append(late), ended);
    subject.done(Request::Release { run, epoch: 1 });
    assert_eq!(subject.all_of(run), before);
}

/// The end, read through the chain from the first entry.
fn last_entry(subject: &Subject, run: RunNo) -> (Moment, Fact) {
    let mut before = Checksum::first(run);
    let mut last = None;
    for record in subject.history(run, 0, u32::MAX) {
        match record.open(before) {
            Ok((entry, after)) => {
                before = after;
                last = Some((entry.at, entry.fact));
            }
            Err(error) => panic!("an entry of run {run}: {error}"),
        }
    }
    let Some(last) = last else { panic!("run {run} has no entries") };
    last
}

fn termination(reason: &str) -> Fact {
    let end = RunEnd::Terminated { reason: reason.to_owned() };
    Fact::RunEnded(Box::new(RunEnded::of(end)))
}

fn terminated(subject: &Subject) {
    let run = subject.executed("a");
    let mut chain = Chain::of(run);
    let rows = vec![Pending { due: Some(NOON), ..pending(2) }];
    let begun = Append { pending: rows, ..append(run, 1, 0, chain.seeds(2)) };
    assert_eq!(subject.append(begun), Ok(Answer::Done));
    assert!(matches!(subject.ask(Request::Terminate { run, reason: "enough".to_owned() }), Ok(Answer::Done)));
    subject.clock.advance(Duration::from_secs(1));
    assert_eq!(last_entry(subject, run), (NOON, termination("enough")));
    let snapshot = subject.snapshot(run);
    assert_eq!((snapshot.entries.0, snapshot.pending), (3, Vec::new()));
    assert_eq!((snapshot.row.epoch, snapshot.row.claim), (2, None));
    assert_eq!(
        subject.append(append(run, 1, 2, chain.seeds(1))),
        Err(StoreError::Fenced { epoch: 1, current: 2 })
    );
    assert_eq!(subject.view(run).status, RunStatus::Terminated);
}

fn terminated_unbegun(subject: &Subject) {
    let run = subject.recorded("a");
    subject.done(Request::Terminate { run, reason: String::new() });
    assert_eq!(last_entry(subject, run), (NOON, termination("")));
}

fn terminated_in_time(subject: &Subject) {
    let run = subject.executed("a");
    let later = NOON.plus_ms(1_000);
    let record = Chain::of(run).seal(later, Fact::RunBegan { seed: 1 });
    assert_eq!(subject.append(append(run, 1, 0, vec![record])), Ok(Answer::Done));
    subject.done(Request::Terminate { run, reason: String::new() });
    assert_eq!(last_entry(subject, run).0, later);
}

fn not_twice(subject: &Subject) {
    let run = subject.recorded("a");
    subject.done(Request::Terminate { run, reason: "first".to_owned() });
    let before = subject.all_of(run);
    assert_eq!(
        subject.ask(Request::Terminate { run, reason: "second".to_owned() }),
        Err(StoreError::Ended { id: new_run("a").id, status: RunStatus::Terminated })
    );
    assert_eq!(subject.all_of(run), before);
}
