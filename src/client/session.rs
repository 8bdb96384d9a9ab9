//! A session: the store, the clock, this process's claim and the executor, as every client function needs them.

use super::{ClientError, Executor};
use crate::history::{Claim, Moment};
use crate::script::in_shell;
use crate::store::{Answer, EventSink, Request, Store, StoreError};
use crate::timer::Clock;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a process holds while it uses a store.
#[derive(Clone)]
pub struct Session {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    executor: Arc<dyn Executor>,
    claim: Claim,
    directory: PathBuf,
    /// Whether commands that others are told have to name the store.
    is_named: bool,
}

impl Session {
    /// A session on a store that is open. `claim` names this process, `directory` is the store's own.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        executor: Arc<dyn Executor>,
        claim: Claim,
        directory: PathBuf,
    ) -> Self {
        Self { store, clock, executor, claim, directory, is_named: false }
    }

    /// The same where commands that others are told have to name the store, because it is not the one that is meant without a word.
    #[must_use]
    pub fn named(self, is_named: bool) -> Self {
        Self { is_named, ..self }
    }

    /// What stands behind `durun` in those commands.
    pub(super) fn aim(&self) -> Arc<str> {
        if !self.is_named {
            return Arc::from("");
        }
        let place = std::path::absolute(&self.directory).unwrap_or_else(|_| self.directory.clone());
        format!(" --store {}", in_shell(&place.to_string_lossy())).into()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Who drives scripts.
    pub fn executor(&self) -> &Arc<dyn Executor> {
        &self.executor
    }

    /// This process's name among those that use the store.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// The directory of the store.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        self.store.ask(request)
    }

    /// Waits for an owner of the store that is stopped, as by `kill -STOP`, while this says so of its pid; it is asked again and again.
    pub fn bear_with(&self, patience: Arc<dyn Fn(u32) -> bool + Send + Sync>) {
        self.store.set_patience(patience);
    }

    pub(super) fn set_events(&self, sink: EventSink) {
        self.store.set_events(sink);
    }

    /// Bytes by which a message or a start is known when it is sent again.
    pub(super) fn random<const N: usize>() -> Result<[u8; N], ClientError> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).map_err(|error| ClientError::Random(error.to_string()))?;
        Ok(bytes)
    }
}
