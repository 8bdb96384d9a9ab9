//! Locks between runs, on the side of the executor: what its script asks for and lets go of is told to the store.

use super::executing::Executing;
use crate::history::{MessageBody, OpId};
use crate::run::{Command, Work};
use crate::store::LockChange;
use std::time::Duration;

impl Executing {
    /// A command that asks for a lock stands in line as soon as the store is told.
    pub(super) fn ask_lock(&mut self, command: &Command, now: Duration) {
        match &command.work {
            Work::Lock { .. } => {
                let name = command.label.name.clone();
                self.lazy.locks.push(LockChange::Asked { op: command.op, name });
                self.lazy.hurry(now);
            }
            Work::Effect { .. } | Work::Timer { .. } | Work::Dispatch(_) | Work::Wait => {}
        }
    }

    /// A lock is waited for no longer, or held no longer: others have it as soon as nothing of this run is under way that was
    /// begun under it.
    pub(super) fn let_go(&mut self, op: OpId, now: Duration) {
        // The store forgets a grant that was not told yet.
        self.inbox.retain(
            |message| !matches!(message.body, MessageBody::Grant { op: granted, .. } if granted == op),
        );
        let released = LockChange::Released { op };
        if self.open.get(&op).is_some_and(|command| matches!(command.work, Work::Lock { .. })) {
            self.lazy.locks.push(released);
            self.lazy.hurry(now);
        } else {
            self.lazy.unlocked.push(released);
        }
    }

    /// What it held is given back, unless something that was stopped is not over yet.
    pub(super) fn give_back(&mut self, now: Duration) {
        if !self.dying.is_empty() {
            return;
        }
        if !self.lazy.unlocked.is_empty() {
            self.lazy.hurry(now);
        } else if !self.lazy.released.is_empty() {
            self.lazy.touch(now);
        }
    }

    /// After a replay: what the store has of the run's locks becomes what its script has.
    pub(super) fn match_locks(&mut self, stored: &[OpId], held: &[OpId], now: Duration) {
        let asked: Vec<OpId> = self
            .open
            .values()
            .filter(|command| matches!(command.work, Work::Lock { .. }))
            .map(|command| command.op)
            .collect();
        for op in stored.iter().filter(|op| !held.contains(op) && !asked.contains(op)) {
            self.let_go(*op, now);
        }
        for op in asked.iter().filter(|op| !stored.contains(op)) {
            let name = self.open.get(op).map(|command| command.label.name.clone()).unwrap_or_default();
            self.lazy.locks.push(LockChange::Asked { op: *op, name });
            self.lazy.hurry(now);
        }
        self.give_back(now);
    }
}
