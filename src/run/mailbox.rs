//! Signals inside a run: kept in order until a wait takes them or a handler begins.

use super::updating::Update;
use crate::history::{Message, MessageBody, MessageId, MessageNo, Moment, Value};
use crate::script::Closure;
use std::collections::{BTreeMap, VecDeque};

/// A delivered signal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signal {
    pub(super) name: String,
    pub(super) payload: Value,
    /// Its number and id, and when it was accepted.
    pub(super) stamp: (MessageNo, MessageId, Moment),
}

/// A handler that is to begin.
pub(super) struct Due {
    pub(super) handler: Closure,
    pub(super) payload: Value,
    /// Whose answer it gives, where somebody waits for one.
    pub(super) update: Option<Update>,
}

impl Due {
    /// The handler of a signal.
    fn of(handler: &Closure, payload: Value) -> Self {
        Self { handler: handler.clone(), payload, update: None }
    }
}

/// Handlers, signals that nobody took yet, and handlers that are to begin.
#[derive(Default)]
pub(super) struct Mailbox {
    handlers: BTreeMap<String, Closure>,
    buffered: VecDeque<Signal>,
    due: VecDeque<Due>,
}

impl Mailbox {
    /// Registers a handler in the place of an earlier one; the buffered signals of that name are its, in order.
    pub(super) fn register(&mut self, name: String, handler: Closure) {
        let (mine, others) =
            std::mem::take(&mut self.buffered).into_iter().partition(|signal| signal.name == name);
        self.buffered = others;
        let mine: VecDeque<Signal> = mine;
        self.due.extend(mine.into_iter().map(|signal| Due::of(&handler, signal.payload)));
        self.handlers.insert(name, handler);
    }

    /// A signal that no wait takes: to its handler, else to the buffer.
    pub(super) fn accept(&mut self, signal: Signal) {
        match self.handlers.get(&signal.name) {
            Some(handler) => self.due.push_back(Due::of(handler, signal.payload)),
            None => self.buffered.push_back(signal),
        }
    }

    /// A handler that is to begin behind those that wait.
    pub(super) fn begin(&mut self, due: Due) {
        self.due.push_back(due);
    }

    /// The updates whose handlers never begin.
    pub(super) fn drop_updates(&mut self) -> Vec<Update> {
        let (updates, signals) =
            std::mem::take(&mut self.due).into_iter().partition(|due| due.update.is_some());
        self.due = signals;
        let updates: VecDeque<Due> = updates;
        updates.into_iter().filter_map(|due| due.update).collect()
    }

    /// The oldest buffered signal of one of these names.
    pub(super) fn take(&mut self, names: &[String]) -> Option<Signal> {
        let place = self.buffered.iter().position(|signal| names.contains(&signal.name))?;
        self.buffered.remove(place)
    }

    /// The signals that nobody took, as they were accepted.
    pub(super) fn unread(&self) -> Vec<Message> {
        let message = |signal: &Signal| {
            let (no, id, accepted_at) = signal.stamp;
            let body = MessageBody::Signal { name: signal.name.clone(), payload: signal.payload.clone() };
            Message { no, id, accepted_at, body }
        };
        self.buffered.iter().map(message).collect()
    }

    /// The names of these.
    pub(super) fn untaken(&self) -> impl Iterator<Item = &str> {
        self.buffered.iter().map(|signal| signal.name.as_str())
    }

    /// The next handler to begin, unless a variable that it captures is held: then it waits, and those behind it.
    pub(super) fn next_due(&mut self) -> Option<Due> {
        if self.due.front().is_some_and(|due| due.handler.is_held()) {
            return None;
        }
        self.due.pop_front()
    }

    /// Whether a handler is to begin.
    pub(super) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// The names that have a handler.
    pub(super) fn handled(&self) -> impl Iterator<Item = &str> {
        self.handlers.keys().map(String::as_str)
    }
}
