//! Checks of updates: answers by id, refusals that leave no trace, keys that outlive the run.

use super::fixtures::{Chain, NOON, append, signal};
use super::{Check, Subject};
use crate::history::{
    Fact, Failure, MessageBody, MessageId, MessageNo, RunEnd, RunEnded, RunNo, Seq, StoredStatus,
    UpdateAccepted, UpdateAnswer, UpdateCompleted, Value,
};
use crate::store::{Answer, Append, NewMessage, RefusedUpdate, Request, RowChange, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("an update is answered by the entry that says so, also once its run has ended", answered),
    ("a refused update leaves the inbox and the same key asks anew", refused),
    ("only who has claimed the run refuses, and only what waits", who_refuses),
    ("the answer to a key is remembered as long as the run, that of a refusal for a day", remembered),
];

const ID: MessageId = MessageId([9; 16]);

fn post(subject: &Subject, run: RunNo) -> Result<Answer, StoreError> {
    let body = MessageBody::Update { name: "raise".to_owned(), argument: 5.into() };
    subject.ask(Request::Post(Box::new(NewMessage { run, id: ID, keyed: true, body })))
}

fn delivered(no: u64, duplicate: bool) -> Answer {
    Answer::Delivered { no: MessageNo(no), accepted_at: NOON, duplicate }
}

fn answer(subject: &Subject) -> Option<UpdateAnswer> {
    match subject.ask(Request::UpdateAnswer { id: ID }) {
        Ok(Answer::Update(answer)) => *answer,
        other => panic!("{other:?}"),
    }
}

fn refuse(subject: &Subject, run: RunNo, epoch: u64, no: u64) -> Result<Answer, StoreError> {
    let failure = Failure::new("rejected", "no");
    let refused = RefusedUpdate { run, epoch, no: MessageNo(no), id: ID, failure };
    subject.ask(Request::RefuseUpdate(Box::new(refused)))
}

fn answered(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(post(subject, run), Ok(delivered(1, false)));
    assert_eq!(answer(subject), None);
    let mut chain = Chain::of(run);
    let name = "raise".to_owned();
    let accepted = Fact::UpdateAccepted(Box::new(UpdateAccepted {
        message_no: MessageNo(1),
        message_id: ID,
        name: name.clone(),
        argument: 5.into(),
        accepted_at: NOON,
    }));
    let begins = vec![chain.seal(NOON, Fact::RunBegan { seed: 1 }), chain.seal(NOON, accepted)];
    let delivery = vec![(MessageNo(1), ID)];
    subject.done(Request::Append(Box::new(Append { delivered: delivery, ..append(run, 1, 0, begins) })));
    assert_eq!((subject.snapshot(run).inbox.len(), answer(subject)), (0, None));
    let gave = UpdateAnswer::Gave(Value::Int(105));
    let completed = UpdateCompleted { message_no: MessageNo(1), message_id: ID, name, answer: gave.clone() };
    let completed = vec![chain.seal(NOON, Fact::UpdateCompleted(Box::new(completed)))];
    subject.done(Request::Append(Box::new(append(run, 1, 2, completed))));
    assert_eq!(answer(subject), Some(gave.clone()));
    let end = RunEnd::Completed { result: Value::Null };
    let last = vec![chain.seal(NOON, Fact::RunEnded(Box::new(RunEnded::of(end.clone()))))];
    let row = RowChange { status: Some(StoredStatus::Ended(end)), ..RowChange::default() };
    subject.done(Request::Append(Box::new(Append { row, ..append(run, 1, 3, last) })));
    assert_eq!(answer(subject), Some(gave));
    assert_eq!(post(subject, run), Ok(delivered(1, true)), "the same key is the same update");
}

fn refused(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(post(subject, run), Ok(delivered(1, false)));
    let before = subject.snapshot(run).entries;
    assert_eq!(refuse(subject, run, 1, 1), Ok(Answer::Done));
    let snapshot = subject.snapshot(run);
    assert_eq!((snapshot.inbox.len(), snapshot.entries), (0, before));
    assert_eq!(answer(subject), Some(UpdateAnswer::Refused(Failure::new("rejected", "no"))));
    assert_eq!(post(subject, run), Ok(delivered(2, false)), "it is another one");
    assert_eq!((subject.snapshot(run).inbox.len(), answer(subject)), (1, None));
}

fn who_refuses(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(post(subject, run), Ok(delivered(1, false)));
    assert_eq!(refuse(subject, run, 0, 1), Err(StoreError::Fenced { epoch: 0, current: 1 }));
    assert_eq!(refuse(subject, run, 1, 7), Ok(Answer::Done));
    assert_eq!((subject.snapshot(run).inbox.len(), answer(subject)), (1, None), "nothing was done");
    subject.done(Request::Terminate { run, reason: String::new() });
    assert!(matches!(refuse(subject, run, 2, 1), Err(StoreError::Fenced { .. } | StoreError::Ended { .. })));
    assert_eq!(answer(subject), None);
}

fn remembered(subject: &Subject) {
    let run = subject.executed("a");
    let a_day_later = |name: &str| {
        for half in ["first", "second"] {
            subject.clock.advance(std::time::Duration::from_hours(13));
            subject.deliver(signal(run, &format!("{name} {half}"))).unwrap_or_else(|error| panic!("{error}"));
        }
    };
    assert_eq!(post(subject, run), Ok(delivered(1, false)));
    a_day_later("kept");
    let recalled = subject.ask(Request::Recall { id: ID });
    assert!(matches!(recalled, Ok(Answer::Delivered { no: MessageNo(1), .. })), "{recalled:?}");
    assert_eq!(refuse(subject, run, 1, 1), Ok(Answer::Done));
    a_day_later("forgotten");
    assert_eq!((answer(subject), subject.snapshot(run).entries), (None, Seq(0)));
}
