//! Checks of `Start`: once by nonce, once by id, scripts kept by hash.

use super::fixtures::{ALICE, BOB, NOON, TEXT, append, new_run};
use super::{Check, Subject};
use crate::history::{
    Checksum, Entry, Fact, MessageId, Moment, QueueLimits, Record, RunNo, ScriptHash, Seq, StoredStatus,
};
use crate::store::{Answer, NewQueue, NewRun, Request, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("run numbers are dense and ascending", numbers_are_dense),
    ("a start sent again gives the same answer and no second run", sent_again),
    ("a start sent again does not give away a claim that was taken over since", sent_again_after_a_take_over),
    ("an id that is taken is told with its row and start", taken_id),
    ("what a run was started with is kept as it was given", kept_as_given),
    ("a claimed run in no queue begins when it is recorded", begun_as_recorded),
    ("scripts are kept by hash", scripts_by_hash),
    ("a text under a hash that is not its own is refused whole", wrong_hash),
];

fn numbers_are_dense(subject: &Subject) {
    let numbers: Vec<RunNo> = ["a", "b", "c"].map(|id| subject.recorded(id)).to_vec();
    assert_eq!(numbers, [RunNo(1), RunNo(2), RunNo(3)]);
}

fn sent_again(subject: &Subject) {
    let first = subject.start(new_run("a"));
    assert_eq!(subject.start(new_run("a")), first);
    let both =
        vec![new_run("b"), new_run("b")].into_iter().map(|new| Request::Start(Box::new(new))).collect();
    let answers = subject.call(both);
    assert_eq!(answers.first(), answers.last());
    assert_eq!(subject.recorded("c"), RunNo(3));
}

fn sent_again_after_a_take_over(subject: &Subject) {
    let run = subject.executed("a");
    subject.living.died(ALICE.token);
    assert_eq!(subject.ask(Request::Claim { run, claim: BOB }), Ok(Answer::Claimed { epoch: 2 }));
    let again = subject.start(NewRun { claim: Some(ALICE), ..new_run("a") });
    assert_eq!(again, Ok(Answer::Started { run, epoch: 1 }));
}

fn taken_id(subject: &Subject) {
    let run = subject.recorded("a");
    let other = NewRun { nonce: MessageId([9; 16]), claim: Some(ALICE), ..new_run("a") };
    match subject.start(other) {
        Ok(Answer::Exists { row, start }) => {
            assert_eq!((row.no, row.id.as_str(), row.claim), (run, "a", None));
            assert_eq!(*start, new_run("a").start);
        }
        answer => panic!("{answer:?} instead of the run that has the id"),
    }
}

/// Claimed and in no queue, it begins in the same transaction; else its executor begins it.
fn begun_as_recorded(subject: &Subject) {
    let begins = Some(41);
    let Ok(Answer::Started { run, .. }) =
        subject.start(NewRun { claim: Some(ALICE), begins, ..new_run("a") })
    else {
        panic!("not started")
    };
    let snapshot = subject.snapshot(run);
    assert_eq!(snapshot.entries, Seq(1));
    let Ok(Answer::Records(records)) = subject.ask(Request::History { run, from: Seq(0), until: Seq(1) })
    else {
        panic!("no history")
    };
    let Some((entry, after)) = records.first().and_then(|record| record.open(Checksum::first(run)).ok())
    else {
        panic!("{records:?} is not sealed in its chain")
    };
    assert_eq!(entry, Entry { at: NOON, fact: Fact::RunBegan { seed: 41 } });
    let next = Entry { at: NOON, fact: Fact::RunBegan { seed: 42 } };
    let Ok((record, _)) = Record::seal(&next, after) else { panic!("{next:?} cannot be sealed") };
    assert_eq!(subject.append(append(run, 1, 1, vec![record])), Ok(Answer::Done), "the chain goes on");
    for new in [
        NewRun { begins, ..new_run("unclaimed") },
        NewRun {
            begins,
            claim: Some(ALICE),
            queue: Some(NewQueue { name: "q".to_owned(), priority: 0, limits: QueueLimits::default() }),
            ..new_run("queued")
        },
    ] {
        let Ok(Answer::Started { run, .. }) = subject.start(new) else { panic!("not started") };
        assert_eq!(subject.snapshot(run).entries, Seq(0));
    }
}

fn kept_as_given(subject: &Subject) {
    let run = subject.executed("a");
    let snapshot = subject.snapshot(run);
    assert_eq!(snapshot.start, new_run("a").start);
    assert_eq!(snapshot.row.script, "/scripts/a.rhai");
    assert_eq!(snapshot.row.status, StoredStatus::Open);
    assert_eq!((snapshot.row.epoch, snapshot.row.claim), (1, Some(ALICE)));
    assert_eq!((snapshot.row.created_at, snapshot.row.updated_at), (NOON, NOON));
    assert_eq!((snapshot.row.messages, snapshot.row.unread, snapshot.row.generation), (0, 0, 0));
    assert_eq!((snapshot.entries.0, snapshot.pending.len(), snapshot.inbox.len()), (0, 0, 0));
    assert!(snapshot.row.last_message_at <= Moment(NOON.0));
}

fn scripts_by_hash(subject: &Subject) {
    subject.recorded("a");
    subject.recorded("b");
    let hash = ScriptHash::of(TEXT);
    assert_eq!(subject.ask(Request::Script { hash }), Ok(Answer::Script(TEXT.to_owned())));
    let hash = ScriptHash::of("another");
    assert_eq!(subject.ask(Request::Script { hash }), Err(StoreError::NoScript { hash: hash.to_string() }));
}

fn wrong_hash(subject: &Subject) {
    subject.recorded("a");
    let forged = NewRun { scripts: vec![(ScriptHash::of(TEXT), "exec([])".to_owned())], ..new_run("b") };
    // Also where all else is as in the start before.
    let alike = NewRun { start: new_run("a").start, ..forged.clone() };
    for forged in [forged, alike] {
        assert!(matches!(subject.start(forged), Err(StoreError::Protocol { .. })));
    }
    let hash = ScriptHash::of(TEXT);
    assert_eq!(subject.ask(Request::Script { hash }), Ok(Answer::Script(TEXT.to_owned())));
    assert_eq!(subject.recorded("b"), RunNo(2));
}
