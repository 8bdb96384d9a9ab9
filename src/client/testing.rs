//! A store that gives prepared answers and remembers what it was asked, for tests of this room.

use super::{Executor, NoExecutor, Session};
use crate::history::{
    Claim, Moment, Program, RunId, RunNo, RunRow, RunStart, RunStatus, ScriptHash, Seq, StoredStatus, Token,
    Value,
};
use crate::store::{Answer, EventSink, Request, RunView, Store, StoreError};
use crate::timer::ManualClock;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The prepared store.
#[derive(Default)]
pub(crate) struct Prepared {
    answers: Mutex<VecDeque<Result<Answer, StoreError>>>,
    asked: Mutex<Vec<Request>>,
    sink: Mutex<Option<EventSink>>,
}

impl Prepared {
    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("unpoisoned").clone()
    }

    /// Where events go.
    pub(crate) fn sink(&self) -> EventSink {
        self.sink.lock().expect("unpoisoned").clone().expect("somebody listens")
    }
}

impl Store for Prepared {
    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        self.asked.lock().expect("unpoisoned").extend(requests.iter().cloned());
        let mut answers = self.answers.lock().expect("unpoisoned");
        requests
            .iter()
            .map(|request| answers.pop_front().unwrap_or_else(|| panic!("not prepared: {request:?}")))
            .collect()
    }

    fn set_events(&self, sink: EventSink) {
        *self.sink.lock().expect("unpoisoned") = Some(sink);
    }
}

/// A session on a store that gives these answers, in this order.
pub(crate) fn session(answers: Vec<Result<Answer, StoreError>>) -> (Session, Arc<Prepared>) {
    session_with(answers, Arc::new(NoExecutor))
}

/// The same with somebody who drives scripts.
pub(crate) fn session_with(
    answers: Vec<Result<Answer, StoreError>>,
    executor: Arc<dyn Executor>,
) -> (Session, Arc<Prepared>) {
    let store = Arc::new(Prepared { answers: Mutex::new(answers.into()), ..Prepared::default() });
    let clock = Arc::new(ManualClock::at(Moment(1_000)));
    let shared: Arc<dyn Store> = store.clone();
    (Session::new(shared, clock, executor, CLAIM, PathBuf::new()), store)
}

/// Ours.
pub(crate) const CLAIM: Claim = Claim { token: Token(1), pid: 11 };
/// Somebody else's.
pub(crate) const OTHER: Claim = Claim { token: Token(2), pid: 22 };

/// An id.
pub(crate) fn id(text: &str) -> RunId {
    RunId::parse(text).expect("an id")
}

/// The row of an open run, number 7.
pub(crate) fn row(name: &str) -> RunRow {
    RunRow {
        no: RunNo(7),
        id: id(name),
        script: "/s/a.rhai".to_owned(),
        status: StoredStatus::Open,
        epoch: 1,
        claim: None,
        generation: 0,
        created_at: Moment(0),
        updated_at: Moment(0),
        messages: 0,
        last_message_at: Moment(0),
        unread: 0,
        summary: None,
        progress: None,
        cancel_requested_at: None,
        queue: None,
        history: None,
        past: None,
        parent: None,
        overlap_key: None,
        origin: None,
        branches: Vec::new(),
        edits: Vec::new(),
        gone: Vec::new(),
        skipped: crate::history::SkippedStarts::default(),
    }
}

/// That run as it stands.
pub(crate) fn view(status: StoredStatus, shown: RunStatus, executor: Option<Claim>, entries: u32) -> Answer {
    Answer::View(Box::new(RunView {
        row: RunRow { status, ..row("one") },
        status: shown,
        executor,
        entries: Seq(entries),
        last_at: Moment(0),
        pending: Vec::new(),
        unread: 0,
        locks: Vec::new(),
        woken_by: None,
    }))
}

/// What a run of `/s/a.rhai` was started with.
pub(crate) fn start_of(text: &str, input: Value) -> RunStart {
    RunStart {
        program: Program {
            path: "/s/a.rhai".to_owned(),
            main: ScriptHash::of(text),
            modules: std::collections::BTreeMap::new(),
        },
        input,
        directory: "/s".to_owned(),
        environment: std::collections::BTreeMap::new(),
        timeout_ms: None,
        secret: [7; 16],
        patches: crate::history::Patches::default(),
    }
}
