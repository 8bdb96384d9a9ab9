//! The idempotency key of an effect, made when it is first asked for: most steps never ask.

use super::executing::Executing;
use crate::activity::idempotency_key;
use crate::history::{EffectOptions, Value};
use crate::run::Command;
use std::cell::LazyCell;
use std::rc::Rc;

/// An idempotency key that is made when it is read.
pub(super) type Key = LazyCell<String, Box<dyn FnOnce() -> String>>;

impl Executing {
    /// The key of an effect with this input: its own, where the script gave it one.
    pub(super) fn key_of(&self, command: &Command, input: &Value, options: &EffectOptions) -> Key {
        if let Some(own) = options.key.clone().or_else(|| options.once.clone()) {
            return LazyCell::new(Box::new(move || own));
        }
        let (store, run, op) = (Rc::clone(&self.store_id), self.no, command.op);
        let (generation, name, input) = (self.generation_of(op), command.label.name.clone(), input.clone());
        LazyCell::new(Box::new(move || idempotency_key(&store, run, generation, op, &name, &input)))
    }
}
