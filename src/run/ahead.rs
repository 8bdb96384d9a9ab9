//! What lies ahead in a history that is replayed: where the outcome of what a strand asks is the very next entry, and nothing else could
//! come between, the command is answered at once, and never handed out.
//!
//! It comes to the same: the entry is delivered, and the stretch before it is at its end, as if the strand had been blocked.

use super::replay::Replayed;
use super::run::{Run, Stepped};
use crate::history::{Entry, Fact};
use crate::script::{Ask, Asked, Reply};

/// A history that is replayed, from the entry that is being delivered on.
pub(super) struct Ahead<'r, 'e> {
    pub(super) replayed: &'r mut Replayed,
    /// The entry that is being delivered.
    pub(super) entry: &'e Entry,
    /// Those behind it.
    pub(super) rest: &'e [Entry],
}

/// The same where a history is replayed at all.
pub(super) type Maybe<'a, 'r, 'e> = Option<&'a mut Ahead<'r, 'e>>;

impl Run {
    /// Delivers an entry of a history that is replayed, and those behind it that are answered at once.
    pub(super) fn deliver_of(&mut self, ahead: &mut Ahead<'_, '_>) -> Stepped {
        self.arrives(ahead.entry);
        let delivered = self.take(ahead.entry);
        self.finish(delivered, Some(ahead))
    }

    /// Goes on after [`Stepped::Sliced`].
    pub(super) fn go_on_with(&mut self, ahead: &mut Ahead<'_, '_>) -> Stepped {
        self.finish(Ok(()), Some(ahead))
    }

    /// The answer to what a strand asks, where the history has it next.
    pub(super) fn answer_ahead(&mut self, asked: &Asked, ahead: &mut Ahead<'_, '_>) -> Option<Reply> {
        let Ask::Effect(effect) = &asked.ask else { return None };
        let (entry, rest) = ahead.rest.split_first()?;
        let (op, label) = if let Fact::ActivityCompleted(done) = &entry.fact {
            (done.op, &done.label)
        } else if let Fact::ActivityFailed(failed) = &entry.fact {
            (failed.op, &failed.label)
        } else {
            return None;
        };
        // Whatever differs is told where it is delivered.
        if op != self.next_op || *label != effect.label || effect.undo.is_some() || !self.only_asks() {
            return None;
        }
        let mut stretch = std::mem::take(&mut self.world.state.borrow_mut().stretch);
        ahead.replayed.delivered(ahead.entry, &mut stretch);
        (ahead.entry, ahead.rest) = (entry, rest);
        {
            let mut state = self.world.state.borrow_mut();
            state.stretch = stretch;
            state.now = state.now.max(entry.at);
        }
        self.number();
        self.arrives(entry);
        Some(if let Fact::ActivityFailed(failed) = &entry.fact {
            Err(failed.failure.clone())
        } else if let Fact::ActivityCompleted(done) = &entry.fact {
            Ok(done.result.clone())
        } else {
            return None;
        })
    }

    /// Whether the strand that asks is alone, and blocked in this would do nothing else: no handler, condition, undo, request to end, or
    /// command that was started before has a part in it.
    fn only_asks(&self) -> bool {
        self.strands.len() == 1
            && self.strands.values().all(|slot| slot.raise.is_none() && !slot.cancelled)
            && self.open.is_empty()
            && self.ready.is_empty()
            && self.unjoined.is_empty()
            && !self.to_shed
            && self.cancel.is_none()
            && self.ending.is_open()
            && !self.world.state.borrow().mailbox.has_due()
    }
}
