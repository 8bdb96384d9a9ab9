//! The idempotency key of a command, made when it is first asked for: most steps never ask.

use super::executing::Executing;
use crate::activity::idempotency_key;
use crate::history::{OpId, RunNo, Value};
use crate::run::Work;
use std::cell::OnceCell;
use std::rc::Rc;

/// An idempotency key.
pub(super) struct Key {
    parts: Option<Parts>,
    text: OnceCell<String>,
}

/// What it is made of.
struct Parts {
    store: Rc<str>,
    run: RunNo,
    generation: u32,
    op: OpId,
    name: String,
    input: Value,
}

impl Key {
    /// Its text.
    pub(super) fn text(&self) -> &str {
        let made = || self.parts.as_ref().map(Parts::text).unwrap_or_default();
        self.text.get_or_init(made)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl Parts {
    fn text(&self) -> String {
        idempotency_key(&self.store, self.run, self.generation, self.op, &self.name, &self.input)
    }
}

impl Executing {
    /// The key of a command: its own, where the script gave it one.
    pub(super) fn key_of(&self, op: OpId) -> Key {
        let Some(command) = self.open.get(&op) else { return Key { parts: None, text: OnceCell::new() } };
        let (own, input) = match &command.work {
            Work::Effect { input, options, .. } => (options.key.as_ref().or(options.once.as_ref()), input),
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => (None, &command.shown),
        };
        if let Some(own) = own {
            return Key { parts: None, text: OnceCell::from(own.clone()) };
        }
        let parts = Parts {
            store: Rc::clone(&self.store_id),
            run: self.no,
            generation: self.generation_of(op),
            op,
            name: command.label.name.clone(),
            input: input.clone(),
        };
        Key { parts: Some(parts), text: OnceCell::new() }
    }
}
