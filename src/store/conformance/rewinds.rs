//! Checks of rewinds: the end of a history is set aside whole, the run is open again behind the rest, and nothing else is touched.

use super::fixtures::{ALICE, BOB, Chain, NOON, append, new_run, patches, pending, signal};
use super::{Check, Subject};
use crate::history::{
    Again, Fact, Message, MessageBody, MessageId, MessageNo, OnParentClose, OpId, Pending, Program, Record,
    RunEnd, RunEnded, RunNo, RunStatus, ScriptHash, Seq, StoredStatus, Value,
};
use crate::store::{
    Answer, Append, LockChange, LogKey, LogLevel, LogLine, NewParent, NewRun, Request, Rewind, RowChange,
    StoreError,
};
use std::collections::BTreeMap;

pub(super) const CHECKS: &[Check] = &[
    ("an ended run is open again behind the entry, and what came after it can be read", reopens),
    ("a rewind sent again is acknowledged and changes nothing", again),
    ("a run that somebody executes, or that went on since, is not rewound", refused),
    ("other results take the place of the first entries that are set aside", replaced),
    ("what was waited for and held is given up, and mail is there again", waiting),
    ("children begun since are ended, the end of older ones is told once more", children),
    ("a rewound run may go on under another text and another time-out", upgraded),
];

fn line(seq: u32) -> (LogKey, LogLine) {
    let text = format!("line {seq}");
    let line = LogLine { at: NOON, level: LogLevel::Info, text, fields: Value::Null, op: None, wrote: None };
    (LogKey { seq: Seq(seq), line: 0 }, line)
}

/// A run of three entries and its end, with a log line at each.
fn ended(subject: &Subject, id: &str) -> (RunNo, Vec<Record>) {
    let run = subject.executed(id);
    let mut chain = Chain::of(run);
    let mut records = chain.seeds(3);
    let end = RunEnd::Cancelled { reason: "x".to_owned() };
    records.push(chain.seal(NOON, Fact::RunEnded(Box::new(RunEnded::of(end.clone())))));
    let row = RowChange { status: Some(StoredStatus::Ended(end)), ..RowChange::default() };
    let logs = (0..4).map(line).collect();
    let answer = subject.append(Append { logs, row, ..append(run, 1, 0, records.clone()) });
    assert_eq!(answer, Ok(Answer::Done));
    (run, records)
}

fn part(records: &[Record], of: std::ops::Range<usize>) -> Vec<Record> {
    records.get(of).unwrap_or_default().to_vec()
}

pub(super) fn to(run: RunNo, from: u32, entries: u32) -> Rewind {
    Rewind {
        run,
        nonce: MessageId([77; 16]),
        seen: (1, 0, Seq(entries)),
        from: Seq(from),
        records: Vec::new(),
        again: Some(Again { from: OpId(5), also: Vec::new(), timed: Vec::new() }),
        asked: Vec::new(),
        pending: Vec::new(),
        held: Vec::new(),
        heard: Vec::new(),
        unread: Vec::new(),
        cancel_requested_at: None,
        timeout_ms: None,
        program: None,
        patches: crate::history::Patches::default(),
    }
}

pub(super) fn rewind(subject: &Subject, new: Rewind) -> Result<Answer, StoreError> {
    subject.ask(Request::Rewind(Box::new(new)))
}

fn aside(subject: &Subject, run: RunNo, number: u32) -> Vec<Record> {
    match subject.ask(Request::Branch { run, number, from: Seq(0), until: Seq(u32::MAX) }) {
        Ok(Answer::Records(records)) => records,
        other => panic!("{other:?}"),
    }
}

fn logs(subject: &Subject, run: RunNo) -> Vec<u32> {
    match subject.ask(Request::Logs { run, after: None, limit: 99 }) {
        Ok(Answer::Logs(lines)) => lines.iter().map(|(key, _)| key.seq.0).collect(),
        other => panic!("{other:?}"),
    }
}

fn reopens(subject: &Subject) {
    let (run, records) = ended(subject, "a");
    assert_eq!(aside(subject, run, 0), []);
    assert_eq!(rewind(subject, to(run, 2, 4)), Ok(Answer::Done));
    assert_eq!((subject.view(run).status, subject.view(run).entries), (RunStatus::Parked, Seq(2)));
    assert_eq!(subject.history(run, 0, 9), part(&records, 0..2));
    assert_eq!(aside(subject, run, 0), part(&records, 2..4));
    assert_eq!(logs(subject, run), [0, 1], "the lines of what is set aside are set aside too");
    let row = subject.snapshot(run).row;
    assert_eq!((row.claim, row.cancel_requested_at, row.unread), (None, None, 0));
    // Another executor goes on, and at last it ends a second time.
    assert_eq!(subject.ask(Request::Claim { run, claim: BOB }), Ok(Answer::Claimed { epoch: 3 }));
    let mut chain = Chain::of(run);
    chain.seeds(2);
    let next = chain.seal(NOON, Fact::RunBegan { seed: 9 });
    assert_eq!(subject.append(append(run, 3, 2, vec![next.clone()])), Ok(Answer::Done));
    assert_eq!(subject.history(run, 2, 9), [next]);
    assert_eq!(aside(subject, run, 0), part(&records, 2..4));
    subject.done(Request::Terminate { run, reason: String::new() });
    let second = Rewind { nonce: MessageId([78; 16]), seen: (4, 0, Seq(4)), ..to(run, 0, 4) };
    assert_eq!(rewind(subject, second), Ok(Answer::Done));
    assert_eq!((subject.view(run).entries, aside(subject, run, 1).len()), (Seq(0), 4));
    assert_eq!(aside(subject, run, 0), part(&records, 2..4), "an earlier branch stays as it is");
}

fn again(subject: &Subject) {
    let (run, _) = ended(subject, "a");
    assert_eq!(rewind(subject, to(run, 1, 4)), Ok(Answer::Done));
    assert_eq!(subject.ask(Request::Claim { run, claim: ALICE }), Ok(Answer::Claimed { epoch: 3 }));
    let before = subject.all_of(run);
    assert_eq!(rewind(subject, to(run, 1, 4)), Ok(Answer::Done));
    assert_eq!(subject.all_of(run), before);
}

fn refused(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(subject.append(append(run, 1, 0, Chain::of(run).seeds(3))), Ok(Answer::Done));
    let unchanged = |new: Rewind| {
        let before = subject.all_of(run);
        let answer = rewind(subject, new);
        assert_eq!(subject.all_of(run), before);
        answer
    };
    assert!(matches!(unchanged(to(run, 1, 3)), Err(StoreError::Held { claim: ALICE, .. })));
    subject.done(Request::Release { run, epoch: 1 });
    assert!(matches!(unchanged(to(run, 1, 2)), Err(StoreError::Gap { .. })));
    assert!(matches!(unchanged(to(run, 3, 3)), Err(StoreError::Gap { .. })));
    let other = Rewind { seen: (2, 0, Seq(3)), ..to(run, 1, 3) };
    assert!(matches!(unchanged(other), Err(StoreError::Fenced { .. })));
    let unchained = Rewind { records: Chain::of(run).seeds(1), ..to(run, 1, 3) };
    assert!(matches!(unchanged(unchained), Err(StoreError::Protocol { .. })));
    assert_eq!(rewind(subject, to(run, 1, 3)), Ok(Answer::Done));
    // Whoever executed it before is fenced off.
    assert!(matches!(
        subject.append(append(run, 1, 1, Chain::of(run).seeds(1))),
        Err(StoreError::Fenced { .. })
    ));
}

fn replaced(subject: &Subject) {
    let (run, records) = ended(subject, "a");
    let mut chain = Chain::of(run);
    chain.seeds(1);
    let other = chain.seal(NOON, Fact::RunBegan { seed: 99 });
    let new = Rewind { records: vec![other.clone()], ..to(run, 1, 4) };
    assert_eq!(rewind(subject, new), Ok(Answer::Done));
    assert_eq!(subject.history(run, 0, 9), [part(&records, 0..1), vec![other]].concat());
    assert_eq!(aside(subject, run, 0), part(&records, 1..4));
    assert_eq!(logs(subject, run), [0, 1]);
}

fn waiting(subject: &Subject) {
    let run = subject.executed("a");
    let heard = signal(run, "heard");
    assert!(subject.deliver(heard.clone()).is_ok());
    let asked = |op| LockChange::Asked { op: OpId(op), name: format!("lock {op}") };
    let began = Append {
        pending: vec![
            Pending { due: Some(NOON), ..pending(1) },
            Pending { failures: 2, ..pending(2) },
            Pending { failures: 2, ..pending(3) },
        ],
        delivered: vec![(MessageNo(1), heard.id)],
        locks: vec![asked(8), asked(9)],
        ..append(run, 1, 0, Chain::of(run).seeds(3))
    };
    assert!(subject.append(began).is_ok());
    subject.done(Request::Release { run, epoch: 1 });
    let unread = Message { no: MessageNo(1), id: heard.id, accepted_at: NOON, body: heard.body };
    let ended = Pending { scheduled_at: NOON.plus_ms(-9), due: Some(NOON.plus_ms(-2)), ..pending(3) };
    let asked = vec![Pending { line: Some(4), ..pending(2) }, ended.clone()];
    let new = Rewind {
        asked,
        pending: vec![OpId(2)],
        held: vec![OpId(9)],
        unread: vec![unread.clone()],
        again: Some(Again { timed: vec![OpId(3)], ..Again::default() }),
        ..to(run, 1, 3)
    };
    assert!(rewind(subject, new).is_ok());
    let snapshot = subject.snapshot(run);
    let stays = Pending { failures: 2, line: Some(4), ..pending(2) };
    // Seven milliseconds from now.
    let anew = Pending { scheduled_at: NOON, due: Some(NOON.plus_ms(7)), ..ended };
    assert_eq!(snapshot.pending, [stays, anew], "only what stays keeps its attempts");
    assert_eq!(snapshot.lock_ops, [OpId(9)]);
    assert_eq!(snapshot.inbox.first(), Some(&unread));
    let grants = snapshot.inbox.iter().filter(|message| matches!(message.body, MessageBody::Grant { .. }));
    assert_eq!(grants.count(), 1, "only of the lock that it keeps");
}

fn children(subject: &Subject) {
    let parent = subject.executed("p");
    let mut number = 0;
    let mut child = |op| {
        number += 1;
        let tie = NewParent {
            run: parent,
            epoch: 1,
            generation: 0,
            op: OpId(op),
            on_close: OnParentClose::Abandon,
        };
        let new = NewRun { parent: Some(tie), ..new_run(&format!("c{number}")) };
        match subject.start(new) {
            Ok(Answer::Started { run, .. }) => run,
            other => panic!("{other:?}"),
        }
    };
    let (kept, heard, open, new) = (child(1), child(2), child(3), child(6));
    assert!(subject.append(append(parent, 1, 0, Chain::of(parent).seeds(3))).is_ok());
    // The parent ends first, so that nobody is told of their ends.
    assert!(subject.ask(Request::Terminate { run: parent, reason: String::new() }).is_ok());
    for run in [kept, heard] {
        assert!(subject.ask(Request::Terminate { run, reason: String::new() }).is_ok());
    }
    let rewound = Rewind { seen: (2, 0, Seq(4)), heard: vec![OpId(2)], ..to(parent, 1, 4) };
    assert!(rewind(subject, rewound).is_ok());
    assert_eq!(subject.view(new).status, RunStatus::Terminated);
    assert_eq!(subject.view(open).status, RunStatus::Parked);
    let told = |body: &MessageBody| match body {
        MessageBody::ChildEnded { op, .. } => Some(op.0),
        _ => None,
    };
    let inbox = subject.snapshot(parent).inbox;
    assert_eq!(inbox.iter().filter_map(|message| told(&message.body)).collect::<Vec<_>>(), [1]);
    // The command of that number is another one now.
    let again = subject.snapshot(parent).row.generation_of(OpId(6));
    assert_ne!(again, 0);
    assert!(subject.ask(Request::Claim { run: parent, claim: BOB }).is_ok());
    let epoch = subject.snapshot(parent).row.epoch;
    let tie = |generation| NewParent {
        run: parent,
        epoch,
        generation,
        op: OpId(6),
        on_close: OnParentClose::Cancel,
    };
    let start = |generation| {
        let nonce = MessageId::of_command(parent, generation, OpId(6));
        subject.start(NewRun { parent: Some(tie(generation)), nonce, ..new_run("c9") })
    };
    assert!(matches!(start(0), Err(StoreError::Fenced { .. })));
    assert!(matches!(start(again), Ok(Answer::Started { .. })));
}

/// A run of so many entries that has ended goes on behind the first.
pub fn open_again(run: RunNo, epoch: u64, entries: u32) -> Request {
    Request::Rewind(Box::new(Rewind { seen: (epoch, 0, Seq(entries)), ..to(run, 1, entries) }))
}

fn upgraded(subject: &Subject) {
    let (run, _) = ended(subject, "a");
    let main = ScriptHash::of("2");
    let program = Program { path: "/b.rhai".into(), main, modules: BTreeMap::new() };
    let with = |text: &str| Rewind {
        program: Some((program.clone(), vec![(main, text.to_owned())])),
        timeout_ms: Some(9),
        patches: patches(3),
        ..to(run, 1, 4)
    };
    assert!(matches!(rewind(subject, with("3")), Err(StoreError::Protocol { .. })));
    assert_eq!(rewind(subject, with("2")), Ok(Answer::Done));
    let snapshot = subject.snapshot(run);
    assert_eq!((snapshot.start.program, snapshot.start.timeout_ms), (program, Some(9)));
    assert_eq!((snapshot.row.script.as_str(), snapshot.start.patches), ("/b.rhai", patches(3)));
    assert_eq!(subject.ask(Request::Script { hash: main }), Ok(Answer::Script("2".to_owned())));
}
