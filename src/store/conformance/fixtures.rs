//! What the checks are made of: runs, chains of entries, pending rows, processes that live or died.

use super::Subject;
use crate::history::{
    Checksum, Claim, CommandKind, CommandLabel, Entry, Fact, MessageBody, MessageId, Moment, OpId, Pending,
    Program, Record, RunId, RunNo, RunStart, ScriptHash, Seq, StoredStatus, Stuck, Token, Value,
};
use crate::store::{
    Answer, Append, Liveness, NewMessage, NewRun, Request, RowChange, RunView, Snapshot, StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// When every check begins.
pub(super) const NOON: Moment = Moment(1_795_435_200_000);
/// A process that lives.
pub(super) const ALICE: Claim = Claim { token: Token(1), pid: 101 };
/// Another process that lives.
pub(super) const BOB: Claim = Claim { token: Token(2), pid: 102 };
/// The text of every run's script.
pub(super) const TEXT: &str = "activity(\"a\")";

/// Processes that live until they are said to have died.
#[derive(Debug, Default)]
pub struct Living(Mutex<BTreeSet<Token>>);

impl Living {
    /// From now on the process of that token is dead.
    pub fn died(&self, token: Token) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token);
    }
}

impl Liveness for Living {
    fn is_alive(&self, token: Token) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&token)
    }
}

/// A run to be recorded, its nonce made from its id.
///
/// # Panics
/// Where the text is no run id.
pub fn new_run(id: &str) -> NewRun {
    let Ok(run_id) = RunId::parse(id) else { panic!("{id} is no run id") };
    let hash = ScriptHash::of(TEXT);
    let program = Program { path: format!("/scripts/{id}.rhai"), main: hash, modules: BTreeMap::new() };
    NewRun::new(
        MessageId::of_key("start", id),
        run_id,
        RunStart {
            program,
            input: Value::from([("id", Value::from(id))]),
            directory: "/work".to_owned(),
            environment: BTreeMap::from([("LANG".to_owned(), "C".to_owned())]),
            timeout_ms: Some(5),
            secret: [7; 16],
            patches: crate::history::Patches::default(),
        },
        vec![(hash, TEXT.to_owned())],
    )
}

/// An append that leaves the run stuck, behind so many entries.
pub fn gets_stuck(run: RunNo, epoch: u64, from: u32) -> Append {
    let stuck = Stuck {
        kind: "fault".to_owned(),
        message: "no".to_owned(),
        file: None,
        line: None,
        column: None,
        calls: Vec::new(),
        hint: None,
    };
    let row = RowChange { status: Some(StoredStatus::Stuck(stuck)), ..RowChange::default() };
    Append { row, ..append(run, epoch, from, Vec::new()) }
}

/// A signal of that name, its id made from the name; not keyed.
pub fn signal(run: RunNo, name: &str) -> NewMessage {
    let body = MessageBody::Signal { name: name.to_owned(), payload: Value::from(1) };
    NewMessage { run, id: MessageId::of_key("signal", name), keyed: false, body }
}

/// A pending row of an activity.
pub fn pending(op: u32) -> Pending {
    let label = CommandLabel { kind: CommandKind::Activity, name: format!("step-{op}") };
    Pending { input: Value::from(op), line: Some(op + 1), ..Pending::new(OpId(op), label, NOON) }
}

/// An append of records and nothing else.
pub fn append(run: RunNo, epoch: u64, from: u32, records: Vec<Record>) -> Append {
    Append {
        run,
        epoch,
        generation: 0,
        from: Seq(from),
        records,
        delivered: Vec::new(),
        pending: Vec::new(),
        settled: Vec::new(),
        logs: Vec::new(),
        published: Vec::new(),
        row: RowChange::default(),
        once: Vec::new(),
        locks: Vec::new(),
    }
}

/// Seals entries, each behind the one before.
#[derive(Debug, Clone)]
pub struct Chain {
    before: Checksum,
}

impl Chain {
    /// The chain of a run without entries.
    pub fn of(run: RunNo) -> Self {
        Self { before: Checksum::first(run) }
    }

    /// The next record.
    ///
    /// # Panics
    /// Where the fact cannot be encoded.
    pub fn seal(&mut self, at: Moment, fact: Fact) -> Record {
        match Record::seal(&Entry { at, fact }, self.before) {
            Ok((record, after)) => {
                self.before = after;
                record
            }
            Err(error) => panic!("the fact {error}"),
        }
    }

    /// The next `count` records, each a `RunBegan` with another seed.
    pub fn seeds(&mut self, count: u64) -> Vec<Record> {
        (0..count).map(|seed| self.seal(NOON, Fact::RunBegan { seed })).collect()
    }
}

impl Subject {
    pub(super) fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let count = requests.len();
        let answers = (self.call)(requests);
        assert_eq!(answers.len(), count, "one answer for each request");
        answers
    }

    pub(super) fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        let Some(answer) = self.call(vec![request]).pop() else { panic!("no answer") };
        answer
    }

    pub(super) fn done(&self, request: Request) {
        assert_eq!(self.ask(request), Ok(Answer::Done));
    }

    pub(super) fn append(&self, append: Append) -> Result<Answer, StoreError> {
        self.ask(Request::Append(Box::new(append)))
    }

    pub(super) fn deliver(&self, message: NewMessage) -> Result<Answer, StoreError> {
        self.ask(Request::Deliver(Box::new(message)))
    }

    pub(super) fn start(&self, new: NewRun) -> Result<Answer, StoreError> {
        self.ask(Request::Start(Box::new(new)))
    }

    /// A new run that nobody has claimed.
    pub(super) fn recorded(&self, id: &str) -> RunNo {
        match self.start(new_run(id)) {
            Ok(Answer::Started { run, epoch: 0 }) => run,
            other => panic!("{other:?} instead of a new run"),
        }
    }

    /// A new run that Alice executes with epoch 1.
    pub(super) fn executed(&self, id: &str) -> RunNo {
        match self.start(NewRun { claim: Some(ALICE), ..new_run(id) }) {
            Ok(Answer::Started { run, epoch: 1 }) => run,
            other => panic!("{other:?} instead of a claimed run"),
        }
    }

    pub(super) fn snapshot(&self, run: RunNo) -> Snapshot {
        match self.ask(Request::Snapshot { run }) {
            Ok(Answer::Snapshot(snapshot)) => *snapshot,
            other => panic!("{other:?} instead of a snapshot"),
        }
    }

    pub(super) fn view(&self, run: RunNo) -> RunView {
        match self.ask(Request::View { run }) {
            Ok(Answer::View(view)) => *view,
            other => panic!("{other:?} instead of a view"),
        }
    }

    pub(super) fn history(&self, run: RunNo, from: u32, until: u32) -> Vec<Record> {
        match self.ask(Request::History { run, from: Seq(from), until: Seq(until) }) {
            Ok(Answer::Records(records)) => records,
            other => panic!("{other:?} instead of records"),
        }
    }

    /// All that can be read of a run, to see that something changed nothing.
    pub(super) fn all_of(&self, run: RunNo) -> Vec<Result<Answer, StoreError>> {
        self.call(vec![
            Request::Snapshot { run },
            Request::History { run, from: Seq(0), until: Seq(u32::MAX) },
            Request::Logs { run, after: None, limit: 1000 },
            Request::Published { run },
        ])
    }
}

/// A patch that holds behind so many entries.
pub(super) fn patches(entries: u32) -> crate::history::Patches {
    let new = std::collections::BTreeSet::from(["new".to_owned()]);
    crate::history::Patches::default().upgraded(&std::collections::BTreeSet::new(), &new, Seq(entries))
}
