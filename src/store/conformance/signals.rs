//! Checks of signals by id: to a run that is there, to one that is started with it, to none.

use super::fixtures::{ALICE, NOON, new_run};
use super::{Check, Subject};
use crate::history::{MessageBody, MessageId, MessageNo, RunId, RunNo, RunStatus, Value};
use crate::store::{Answer, NewRun, NewSignal, Request, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("a signal by id reaches the run of exactly that id", by_id),
    ("a signal starts the run that it is for where there is none, in one step", starts),
    ("sent again, a signal that started its run says so and starts nothing", again),
    ("a signal to an ended run is refused, whatever it would start", ended),
    ("a signal may not start another run than the one it is for", other),
];

fn to(id: &str, seed: u8, start: Option<NewRun>) -> NewSignal {
    NewSignal {
        to: RunId::parse(id).unwrap_or_else(|error| panic!("{error}")),
        id: MessageId([seed; 16]),
        name: "s".to_owned(),
        payload: Value::from(i64::from(seed)),
        start,
    }
}

fn send(subject: &Subject, new: NewSignal) -> Result<Answer, StoreError> {
    subject.ask(Request::Signal(Box::new(new)))
}

fn signalled(run: RunNo, (started, epoch): (bool, u64), no: u64, duplicate: bool) -> Answer {
    Answer::Signalled { run, started, epoch, no: MessageNo(no), accepted_at: NOON, duplicate }
}

fn by_id(subject: &Subject) {
    let run = subject.recorded("a");
    let longer = subject.recorded("ab");
    assert_eq!(send(subject, to("a", 1, None)), Ok(signalled(run, (false, 0), 1, false)));
    assert_eq!(send(subject, to("a", 1, None)), Ok(signalled(run, (false, 0), 1, true)));
    let there = Some(new_run("a"));
    assert_eq!(send(subject, to("a", 2, there)), Ok(signalled(run, (false, 0), 2, false)));
    assert_eq!((subject.snapshot(run).inbox.len(), subject.snapshot(longer).inbox.len()), (2, 0));
    let none = RunId::parse("abc").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(send(subject, to("abc", 3, None)), Err(StoreError::NoSuchRun { id: none }));
    assert_eq!(subject.ask(Request::Recall { id: MessageId([3; 16]) }), Ok(Answer::Done));
}

fn starts(subject: &Subject) {
    let new = NewRun { claim: Some(ALICE), ..new_run("a") };
    let run = RunNo(1);
    assert_eq!(send(subject, to("a", 1, Some(new))), Ok(signalled(run, (true, 1), 1, false)));
    // Two at once: the second finds the run.
    let second = NewRun { nonce: MessageId([77; 16]), ..new_run("a") };
    assert_eq!(send(subject, to("a", 2, Some(second))), Ok(signalled(run, (false, 0), 2, false)));
    let snapshot = subject.snapshot(run);
    assert_eq!((snapshot.row.claim, snapshot.row.epoch), (Some(ALICE), 1));
    let sent: Vec<&MessageBody> = snapshot.inbox.iter().map(|message| &message.body).collect();
    let signal = |payload: i64| MessageBody::Signal { name: "s".to_owned(), payload: payload.into() };
    assert_eq!(sent, [&signal(1), &signal(2)]);
    assert_eq!(snapshot.start, new_run("a").start);
}

fn again(subject: &Subject) {
    let new = NewRun { claim: Some(ALICE), ..new_run("a") };
    let first = to("a", 1, Some(new));
    assert_eq!(send(subject, first.clone()), Ok(signalled(RunNo(1), (true, 1), 1, false)));
    let before = subject.all_of(RunNo(1));
    assert_eq!(send(subject, first), Ok(signalled(RunNo(1), (true, 1), 1, true)));
    assert_eq!(subject.all_of(RunNo(1)), before);
}

fn ended(subject: &Subject) {
    let run = subject.recorded("a");
    subject.done(Request::Terminate { run, reason: String::new() });
    let before = subject.all_of(run);
    let refused = StoreError::Ended { id: new_run("a").id, status: RunStatus::Terminated };
    let new = NewRun { nonce: MessageId([77; 16]), ..new_run("a") };
    assert_eq!(send(subject, to("a", 1, Some(new))), Err(refused));
    assert_eq!(subject.all_of(run), before);
}

fn other(subject: &Subject) {
    let refused = send(subject, to("a", 1, Some(new_run("b"))));
    assert!(matches!(refused, Err(StoreError::Protocol { .. })), "{refused:?}");
    let found = subject.ask(Request::Find { text: "b".to_owned() });
    assert_eq!(found, Ok(Answer::Runs(Vec::new())));
}
