//! The run as its script sees it: the host that answers what needs no suspension.

use super::chance::Chance;
use super::command::Stretch;
use super::mailbox::Mailbox;
use super::run::Charter;
use super::strands::StrandNo;
use super::token;
use super::updating::Handler;
use crate::history::{HowFar, Moment, Patches, Placeholder, Resolution, Seq, Value};
use crate::script::{Answered, Closure, Defaults, Host, Input, RunFacts, Said};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The host of a run's strands.
pub(super) struct World {
    pub(super) state: RefCell<State>,
    input: Input,
    id: Rc<str>,
    generation: u32,
    secret: [u8; 16],
    patches: Patches,
}

/// What changes while the run goes on.
#[derive(Default)]
pub(super) struct State {
    pub(super) now: Moment,
    pub(super) started_at: Moment,
    pub(super) chance: Chance,
    pub(super) cancelled: bool,
    pub(super) mailbox: Mailbox,
    pub(super) queries: BTreeMap<String, Closure>,
    pub(super) updates: BTreeMap<String, Handler>,
    pub(super) on_failure: Option<Closure>,
    pub(super) stretch: Box<Stretch>,
    /// The lines of the calls that strands are blocked in; but not of those that only wait for others. A strand that goes on leaves its place.
    pub(super) blocked_lines: BTreeMap<StrandNo, Option<u32>>,
    /// The tokens that the script was given.
    pub(super) tokens: BTreeSet<String>,
    /// Those that were resolved, and how; for ever.
    pub(super) resolved: BTreeMap<String, Resolution>,
    /// The answers to its questions, in order.
    pub(super) answers: Vec<Answered>,
    pub(super) defaults: Defaults,
    /// The names of the secrets that the script has asked for.
    pub(super) secrets: BTreeSet<String>,
    /// How many entries were delivered.
    delivered: Seq,
}

impl World {
    pub(super) fn new(charter: &Charter) -> Self {
        Self {
            state: RefCell::default(),
            input: Input::new(&charter.input),
            id: charter.id.as_str().into(),
            generation: charter.generation,
            secret: charter.secret,
            patches: charter.patches.clone(),
        }
    }

    /// Another entry is delivered.
    pub(super) fn count_entry(&self) {
        let mut state = self.state.borrow_mut();
        state.delivered = state.delivered.next();
    }
}

impl Host for World {
    fn now(&self) -> Moment {
        self.state.borrow().now
    }

    fn random(&self) -> u64 {
        self.state.borrow_mut().chance.next()
    }

    fn log(&self, line: Said) {
        self.state.borrow_mut().stretch.logs.push(line);
    }

    fn publish(&self, key: String, value: Value) {
        self.state.borrow_mut().stretch.published.push((key, value));
    }

    fn set_summary(&self, text: String) {
        self.state.borrow_mut().stretch.summary = Some(text);
    }

    fn progress(&self, progress: HowFar) {
        self.state.borrow_mut().stretch.progress = Some(progress);
    }

    fn on_signal(&self, name: String, handler: Closure) {
        self.state.borrow_mut().mailbox.register(name, handler);
    }

    fn on_query(&self, name: String, handler: Closure) {
        self.state.borrow_mut().queries.insert(name, handler);
    }

    fn on_update(&self, name: String, handler: Closure, validate: Option<Closure>) {
        self.state.borrow_mut().updates.insert(name, Handler { handler, validate });
    }

    fn on_failure(&self, handler: Closure) {
        self.state.borrow_mut().on_failure = Some(handler);
    }

    fn input(&self) -> Input {
        self.input.clone()
    }

    fn run_facts(&self) -> RunFacts {
        let state = self.state.borrow();
        RunFacts {
            id: self.id.clone(),
            generation: self.generation,
            started_at: state.started_at,
            cancelled: state.cancelled,
            answers: state.answers.clone(),
        }
    }

    fn blocked_lines(&self) -> BTreeSet<u32> {
        self.state.borrow().blocked_lines.values().copied().flatten().collect()
    }

    fn token(&self) -> String {
        let mut state = self.state.borrow_mut();
        let (number, chance) = (state.tokens.len(), state.chance.next());
        let token = token::of_run(&self.id, self.secret, number, chance);
        state.tokens.insert(token.clone());
        token
    }

    fn secret(&self, name: &str) -> String {
        self.state.borrow_mut().secrets.insert(name.to_owned());
        Placeholder::text(self.secret, name)
    }

    fn set_defaults(&self, defaults: Defaults) {
        self.state.borrow_mut().defaults = defaults;
    }

    fn defaults(&self) -> Defaults {
        self.state.borrow().defaults.clone()
    }

    fn patched(&self, name: &str) -> bool {
        self.patches.holds(name, self.state.borrow().delivered)
    }

    fn attempt(&self) -> Option<(u32, String)> {
        None
    }
}
