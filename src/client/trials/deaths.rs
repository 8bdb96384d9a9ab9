//! Deaths by plan: a store that falls silent right after an entry was recorded, as a process that is killed then would see it.

use crate::history::Token;
use crate::store::{Answer, EventSink, Liveness, LocalSession, Request, Store, StoreError};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// When the process that executes a test's runs dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Death {
    /// After how many recorded entries of the test.
    pub(super) after: usize,
    /// Whether what the entry lets begin has begun: else the script has not heard of it yet.
    pub(super) begun: bool,
}

/// Counts entries, and kills once.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    plan: Option<Death>,
    entries: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It lives.
    #[default]
    Alive,
    /// It dies as soon as nothing more can be begun.
    Doomed,
    /// Nothing that it says is heard any more.
    Dead,
    /// It has died, and another lives.
    Past,
}

impl Deaths {
    pub(super) fn planned(plan: Option<Death>) -> Self {
        Self { plan, ..Self::default() }
    }

    /// How many entries were recorded so far.
    pub(super) fn entries(&self) -> usize {
        self.entries.load(Ordering::SeqCst)
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state() == State::Dead
    }

    /// Nothing more can be begun: who is doomed dies.
    pub(super) fn all_begun(&self) -> bool {
        if self.state() == State::Doomed {
            self.set(State::Dead);
        }
        self.is_dead()
    }

    /// Another process begins.
    pub(super) fn reborn(&self) {
        if self.is_dead() {
            self.set(State::Past);
        }
    }

    fn recorded(&self, records: usize) {
        let before = self.entries.fetch_add(records, Ordering::SeqCst);
        if let Some(plan) = self.plan
            && self.state() == State::Alive
            && (before + 1..=before + records).contains(&plan.after)
        {
            self.set(if plan.begun { State::Doomed } else { State::Dead });
        }
    }
}

/// The store as a process that may die sees it.
pub(super) struct Mortal {
    pub(super) inner: LocalSession,
    pub(super) deaths: Arc<Deaths>,
}

impl Store for Mortal {
    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let silence =
            || Err(StoreError::Protocol { message: "the process was killed by the test".to_owned() });
        if self.deaths.is_dead() {
            return requests.iter().map(|_| silence()).collect();
        }
        let records: Vec<usize> = requests
            .iter()
            .map(|request| if let Request::Append(append) = request { append.records.len() } else { 0 })
            .collect();
        let answers = self.inner.call(requests);
        let kept = records.into_iter().zip(&answers).filter(|(_, answer)| answer.is_ok());
        self.deaths.recorded(kept.map(|(records, _)| records).sum());
        if self.deaths.is_dead() {
            return answers.iter().map(|_| silence()).collect();
        }
        answers
    }

    fn set_events(&self, sink: EventSink) {
        self.inner.set_events(sink);
    }
}

/// Which process lives: the last.
#[derive(Debug, Default)]
pub(super) struct Lives(AtomicU64);

impl Lives {
    /// The next process, by its token.
    pub(super) fn next(&self) -> Token {
        Token(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

impl Liveness for Lives {
    fn is_alive(&self, token: Token) -> bool {
        token.0 == self.0.load(Ordering::SeqCst)
    }
}
