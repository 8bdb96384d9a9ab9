//! Checks of restarts: a generation is set aside whole, the next begins empty, mail and keys stay, and endless runs do not grow.

use super::fixtures::{ALICE, BOB, NOON, append, new_run, patches, pending, signal};
use super::{Chain, Check, Subject};
use crate::history::{
    Fact, Message, MessageBody, MessageId, MessageNo, OpId, Pending, Program, Record, Resolution, Restart,
    RunNo, RunRestarted, ScriptHash, Seq, Value,
};
use crate::store::{
    Answer, Append, LogKey, LogLevel, LogLine, NewMessage, Request, RowChange, StoreError, Upgrade,
};
use std::collections::BTreeMap;

pub(super) const CHECKS: &[Check] = &[
    ("a restart begins an empty history with another input, in one step", begins),
    ("the generation before the present one can be read, those before it cannot", keeps_one),
    ("mail and keys outlive a restart, what waited and what replied does not", mail),
    ("what is to be heard once more takes no other message's place", no_place_of_another),
    ("an answer is to a question of its own generation, and a token's resolution to whom it names", answers),
    ("the append that restarts is acknowledged again, older ones are refused", again),
    ("an upgrade is for this generation and for the comparison with the first", upgraded),
    ("old generations are dropped with the commits that follow", bounded),
];

fn restarting(chain: &mut Chain, generation: u32) -> Record {
    let input = Value::from(generation);
    chain.seal(NOON, Fact::RunRestarted(Box::new(RunRestarted { generation, input })))
}

fn row(generation: u32, unread: Vec<Message>) -> RowChange {
    let restart = Restart { input: Value::from(generation), timeout_ms: Some(3), unread };
    RowChange { restart: Some(restart), ..RowChange::default() }
}

/// The chain of the present generation.
fn chain(subject: &Subject, run: RunNo) -> Chain {
    Chain::of(subject.snapshot(run).row.history_no())
}

/// A generation of one entry and its end.
fn generation(subject: &Subject, run: RunNo) -> Append {
    let number = subject.snapshot(run).row.generation;
    let mut chain = chain(subject, run);
    let mut records = chain.seeds(1);
    records.push(restarting(&mut chain, number + 1));
    Append { generation: number, row: row(number + 1, Vec::new()), ..append(run, 1, 0, records) }
}

fn line(seq: u32, text: &str) -> (LogKey, LogLine) {
    let line = LogLine {
        at: NOON,
        level: LogLevel::Info,
        text: text.to_owned(),
        fields: Value::Null,
        op: None,
        wrote: None,
    };
    (LogKey { seq: Seq(seq), line: 0 }, line)
}

fn begins(subject: &Subject) {
    let run = subject.executed("a");
    let waiting = vec![pending(1), Pending { due: Some(NOON), ..pending(2) }];
    let began = append(run, 1, 0, Chain::of(run).seeds(1));
    let began = Append { pending: waiting, logs: vec![line(0, "first")], ..began };
    assert_eq!(subject.append(began), Ok(Answer::Done));
    let mut chain = Chain::of(run);
    chain.seeds(1);
    let end = append(run, 1, 1, vec![restarting(&mut chain, 1)]);
    assert_eq!(subject.append(Append { row: row(1, Vec::new()), ..end }), Ok(Answer::Done));
    let snapshot = subject.snapshot(run);
    assert_eq!((snapshot.row.generation, snapshot.entries, snapshot.last_log), (1, Seq(0), None));
    assert_eq!((snapshot.row.epoch, snapshot.row.claim), (1, Some(ALICE)), "its executor goes on with it");
    assert_eq!((snapshot.start.input, snapshot.start.timeout_ms), (Value::from(1), Some(3)));
    assert_eq!(snapshot.pending, []);
    assert_eq!(subject.view(run).entries, Seq(0));
    match subject.start(crate::store::NewRun { nonce: crate::history::MessageId([5; 16]), ..new_run("a") }) {
        Ok(Answer::Exists { start, .. }) => assert_eq!(*start, new_run("a").start, "the first input counts"),
        other => panic!("{other:?}"),
    }
    // The places of the old generation are free again.
    let mut next = self::chain(subject, run);
    let again = Append { generation: 1, logs: vec![line(0, "second")], ..append(run, 1, 0, next.seeds(1)) };
    assert_eq!(subject.append(again), Ok(Answer::Done));
    assert_eq!(subject.history(run, 0, 9).len(), 1);
    let logs = subject.ask(Request::Logs { run, after: None, limit: 9 });
    assert_eq!(logs, Ok(Answer::Logs(vec![line(0, "second")])));
}

fn past(subject: &Subject, run: RunNo) -> Vec<Record> {
    match subject.ask(Request::Past { run, from: Seq(0), until: Seq(u32::MAX) }) {
        Ok(Answer::Records(records)) => records,
        other => panic!("{other:?}"),
    }
}

fn keeps_one(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(past(subject, run), []);
    let first = generation(subject, run);
    assert_eq!(subject.append(first.clone()), Ok(Answer::Done));
    assert_eq!(past(subject, run), first.records);
    let second = generation(subject, run);
    assert_eq!(subject.append(second.clone()), Ok(Answer::Done));
    assert_eq!(past(subject, run), second.records);
    assert_ne!(first.records, second.records);
    let Some(kept) = subject.snapshot(run).row.past else { panic!("one is kept") };
    assert_eq!((kept.generation, kept.entries), (1, Seq(2)));
}

fn mail(subject: &Subject) {
    let run = subject.executed("a");
    let keyed = NewMessage { keyed: true, ..signal(run, "undelivered") };
    assert!(subject.deliver(keyed.clone()).is_ok());
    let taken = signal(run, "delivered, never taken");
    assert!(subject.deliver(taken.clone()).is_ok());
    let body = MessageBody::Answer {
        question: OpId(3),
        choice: crate::history::Choice {
            choice: "yes".into(),
            who: String::new(),
            note: String::new(),
            asked: String::new(),
        },
    };
    let reply = NewMessage {
        body,
        id: MessageId::of_question("a", 0, OpId(3)),
        ..signal(run, "reply to what the first generation asks")
    };
    assert!(subject.deliver(reply).is_ok());
    let delivered =
        Append { delivered: vec![(MessageNo(2), taken.id)], ..append(run, 1, 0, Chain::of(run).seeds(1)) };
    assert_eq!(subject.append(delivered), Ok(Answer::Done));
    let mut chain = Chain::of(run);
    chain.seeds(1);
    let unread = Message { no: MessageNo(2), id: taken.id, accepted_at: NOON, body: taken.body };
    let end = append(run, 1, 1, vec![restarting(&mut chain, 1)]);
    assert_eq!(subject.append(Append { row: row(1, vec![unread.clone()]), ..end }), Ok(Answer::Done));
    let snapshot = subject.snapshot(run);
    let numbers: Vec<u64> = snapshot.inbox.iter().map(|message| message.no.0).collect();
    assert_eq!((numbers, snapshot.inbox.last()), (vec![1, 2], Some(&unread)));
    assert_eq!(snapshot.row.messages, 3);
    assert!(matches!(
        subject.deliver(keyed),
        Ok(Answer::Delivered { no: MessageNo(1), duplicate: true, .. })
    ));
    let again = Append {
        generation: 1,
        delivered: vec![(MessageNo(2), taken.id)],
        ..append(run, 1, 0, self::chain(subject, run).seeds(1))
    };
    assert_eq!(subject.append(again), Ok(Answer::Done));
    assert_eq!(subject.snapshot(run).inbox.len(), 1);
}

fn no_place_of_another(subject: &Subject) {
    let run = subject.executed("a");
    for name in ["x", "y"] {
        assert!(subject.deliver(signal(run, name)).is_ok());
    }
    let inbox = subject.snapshot(run).inbox;
    let [first, second] = inbox.as_slice() else { panic!("{inbox:?}") };
    // The first was offered under the number that the second was stored under.
    let offered = Message { no: second.no, ..first.clone() };
    let mut chain = Chain::of(run);
    let heard = append(run, 1, 0, vec![chain.seal(NOON, Fact::of_message(&offered))]);
    let heard = Append { delivered: vec![(offered.no, offered.id)], ..heard };
    assert_eq!(subject.append(heard), Ok(Answer::Done));
    let end = append(run, 1, 1, vec![restarting(&mut chain, 1)]);
    assert_eq!(subject.append(Append { row: row(1, vec![offered.clone()]), ..end }), Ok(Answer::Done));
    let snapshot = subject.snapshot(run);
    let ids: Vec<_> = snapshot.inbox.iter().map(|message| message.id).collect();
    assert_eq!((ids, snapshot.row.messages), (vec![second.id, offered.id], 3));
}

fn answers(subject: &Subject) {
    let run = subject.executed("a");
    let choice = crate::history::Choice {
        choice: "yes".into(),
        who: String::new(),
        note: String::new(),
        asked: String::new(),
    };
    let answer = |generation, op| NewMessage {
        id: MessageId::of_question("a", generation, OpId(op)),
        body: MessageBody::Answer { question: OpId(op), choice: choice.clone() },
        ..signal(run, "an answer")
    };
    assert!(matches!(subject.deliver(answer(0, 3)), Ok(Answer::Delivered { duplicate: false, .. })));
    assert_eq!(subject.append(generation(subject, run)), Ok(Answer::Done));
    // Whoever sent it once is told that it was accepted; it was one of the generation before.
    assert!(matches!(subject.deliver(answer(0, 3)), Ok(Answer::Delivered { duplicate: true, .. })));
    assert_eq!(subject.snapshot(run).inbox, []);
    let before = subject.all_of(run);
    let refused = Err(StoreError::NotAsked { id: subject.snapshot(run).row.id });
    assert_eq!(subject.deliver(answer(0, 4)), refused, "the next generation asks something else there");
    assert_eq!(subject.deliver(answer(2, 4)), refused);
    assert_eq!(subject.all_of(run), before, "what is refused leaves no trace");
    assert!(matches!(subject.deliver(answer(1, 4)), Ok(Answer::Delivered { duplicate: false, .. })));
    let body = MessageBody::Resolve { token: "a.x".into(), resolution: Resolution::Resolved(Value::Null) };
    assert!(subject.deliver(NewMessage { body, ..signal(run, "a token") }).is_ok());
    assert!(subject.deliver(signal(run, "for whichever generation there is")).is_ok());
    assert_eq!(subject.snapshot(run).inbox.len(), 3);
}

fn again(subject: &Subject) {
    let run = subject.executed("a");
    let first = generation(subject, run);
    assert_eq!(subject.append(first.clone()), Ok(Answer::Done));
    let before = subject.all_of(run);
    assert_eq!(subject.append(first.clone()), Ok(Answer::Done));
    let other = Append { records: Chain::of(run).seeds(2), ..first.clone() };
    assert_eq!(subject.append(other), Err(StoreError::Differs { seq: Seq(1) }));
    assert_eq!(subject.all_of(run), before);
    assert_eq!(subject.append(generation(subject, run)), Ok(Answer::Done));
    let before = subject.all_of(run);
    assert!(matches!(subject.append(first), Err(StoreError::Fenced { .. })));
    assert_eq!(subject.all_of(run), before);
    assert!(subject.ask(Request::Release { run, epoch: 1 }).is_ok());
    assert_eq!(subject.ask(Request::Claim { run, claim: BOB }), Ok(Answer::Claimed { epoch: 2 }));
}

fn upgraded(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(subject.append(generation(subject, run)), Ok(Answer::Done));
    let main = ScriptHash::of("2");
    let program = Program { path: "/b.rhai".into(), main, modules: BTreeMap::new() };
    let scripts = vec![(main, "2".to_owned())];
    let asked = Vec::new();
    let new = Upgrade { run, epoch: 1, program: program.clone(), scripts, patches: patches(3), asked };
    assert_eq!(subject.ask(Request::Upgrade(Box::new(new))), Ok(Answer::Done));
    let start = subject.snapshot(run).start;
    assert_eq!((start.program, start.input, start.patches), (program.clone(), Value::from(1), patches(3)));
    match subject.start(crate::store::NewRun { nonce: crate::history::MessageId([5; 16]), ..new_run("a") }) {
        Ok(Answer::Exists { start, .. }) => {
            assert_eq!((start.program, start.input), (program, new_run("a").start.input));
        }
        other => panic!("{other:?}"),
    }
    // The next generation has a history of its own, all of it under the new text.
    assert_eq!(subject.append(generation(subject, run)), Ok(Answer::Done));
    assert!(subject.snapshot(run).start.patches.is_empty());
}

fn bounded(subject: &Subject) {
    let run = subject.executed("a");
    let mut long = Chain::of(run);
    let mut records = long.seeds(700);
    records.push(restarting(&mut long, 1));
    let logs = (0..700).map(|seq| line(seq, "a line")).collect();
    let first = Append { row: row(1, Vec::new()), logs, ..append(run, 1, 0, records) };
    assert_eq!(subject.append(first), Ok(Answer::Done));
    assert_eq!(subject.append(generation(subject, run)), Ok(Answer::Done));
    // Nobody reads it any more. It is gone after the commits of some more generations: its places are those of no other.
    for _ in 0..8 {
        assert_eq!(subject.append(generation(subject, run)), Ok(Answer::Done));
    }
    assert_eq!(subject.snapshot(run).row.generation, 10);
    assert_eq!(past(subject, run).len(), 2);
}
