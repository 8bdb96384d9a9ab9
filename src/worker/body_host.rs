//! The host of a body: what an activity or step of the script may ask without suspending.

use super::key::Key;
use crate::history::{HowFar, Moment, Placeholder, RunStart, Value};
use crate::script::{Closure, Host, Input, RunFacts, Said};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Answers a body; keeps what it says until the worker takes it.
pub(super) struct BodyHost {
    pub(super) now: Moment,
    pub(super) attempt: u32,
    pub(super) key: Key,
    pub(super) facts: RunFacts,
    pub(super) start: Arc<RunStart>,
    /// The names of the secrets that the body has asked for.
    pub(super) secrets: RefCell<BTreeSet<String>>,
    pub(super) chance: Cell<u64>,
    pub(super) said: RefCell<Vec<Said>>,
    pub(super) told: RefCell<Option<HowFar>>,
    /// The details of the last heartbeat, and whether the worker has not taken them yet.
    pub(super) heartbeat: RefCell<(Value, bool)>,
}

impl BodyHost {
    /// A process of its body gave a heartbeat.
    pub(super) fn hear(&self, details: Value) {
        self.heartbeat.borrow_mut().0 = details;
    }

    /// The details of a heartbeat that the worker has not heard of.
    pub(super) fn take_heartbeat(&self) -> Option<Value> {
        let mut heartbeat = self.heartbeat.borrow_mut();
        std::mem::take(&mut heartbeat.1).then(|| heartbeat.0.clone())
    }
}

impl Host for BodyHost {
    fn now(&self) -> Moment {
        self.now
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 32];
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.key.as_bytes()).update(&self.chance.get().to_le_bytes());
        hasher.finalize_xof().fill(&mut bytes);
        self.chance.set(self.chance.get() + 1);
        bytes.first_chunk().copied().map_or(0, u64::from_le_bytes)
    }

    fn log(&self, line: Said) {
        self.said.borrow_mut().push(line);
    }

    fn publish(&self, _key: String, _value: Value) {}

    fn set_summary(&self, _text: String) {}

    fn progress(&self, progress: HowFar) {
        *self.told.borrow_mut() = Some(progress);
    }

    fn on_signal(&self, _name: String, _handler: Closure) {}

    fn on_failure(&self, _handler: Closure) {}

    fn on_query(&self, _name: String, _handler: Closure) {}

    fn input(&self) -> Input {
        Input::new(&self.start.input)
    }

    fn run_facts(&self) -> RunFacts {
        self.facts.clone()
    }

    fn blocked_lines(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }

    fn heartbeat(&self, details: Value) {
        *self.heartbeat.borrow_mut() = (details, true);
    }

    fn last_heartbeat(&self) -> Value {
        self.heartbeat.borrow().0.clone()
    }

    fn secret(&self, name: &str) -> String {
        self.secrets.borrow_mut().insert(name.to_owned());
        Placeholder::text(self.start.secret, name)
    }

    fn attempt(&self) -> Option<(u32, String)> {
        Some((self.attempt, self.key.to_string()))
    }
}
