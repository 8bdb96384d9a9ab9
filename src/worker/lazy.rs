//! Lazy records of a run: they ride along with its next urgent append, or go alone when they have waited long enough.

use super::ops::Ops;
use crate::history::{Moment, OpId, StoredStatus, Value};
use crate::store::{LockChange, LogKey, LogLine, OnceChange, RowChange};
use std::time::Duration;

/// How long lazy records may wait.
pub(super) const LAZY: Duration = Duration::from_millis(50);

/// Records that need not be on disk before anything else happens.
#[derive(Default)]
pub(super) struct Lazy {
    /// Commands whose pending row is to be written as it is then.
    pub(super) pending: Ops,
    pub(super) settled: Ops,
    pub(super) logs: Vec<(LogKey, LogLine)>,
    pub(super) published: Vec<(String, Value)>,
    pub(super) row: RowChange,
    /// `once` keys that the run held and gives back without a result.
    pub(super) released: Vec<OnceChange>,
    /// Locks that it held and gives back.
    pub(super) unlocked: Vec<LockChange>,
    /// Locks to ask for, and not to wait for any longer, in order.
    pub(super) locks: Vec<LockChange>,
    /// Commands whose pending row is in the store.
    written: Ops,
    since: Option<Duration>,
    urgent: bool,
}

impl Lazy {
    /// Notes when the oldest record came.
    pub(super) fn touch(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    /// To be written at the next occasion, waiting for nothing.
    pub(super) fn hurry(&mut self, now: Duration) {
        self.urgent = true;
        self.touch(now);
    }

    /// When it must be written at the latest.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.since.map(|since| if self.urgent { since } else { since + LAZY })
    }

    /// A command has its outcome: a row that was never written never will be.
    pub(super) fn settle(&mut self, op: OpId) {
        self.pending.remove(op);
        if self.written.remove(op) {
            self.settled.insert(op);
        }
    }

    /// These commands have their rows in the store already.
    pub(super) fn found(&mut self, ops: impl Iterator<Item = OpId>) {
        self.written.extend(ops);
    }

    pub(super) fn status(&mut self, status: StoredStatus) {
        self.row.status = Some(status);
    }

    pub(super) fn cancel_requested(&mut self, at: Moment) {
        self.row.cancel_requested_at = Some(at);
    }

    /// Takes all that is to be written; what is given back to others only where nothing of the run still uses it.
    pub(super) fn take(&mut self, gives_back: bool) -> Self {
        let mut taken = std::mem::take(self);
        std::mem::swap(&mut self.written, &mut taken.written);
        self.written.extend(taken.pending.iter());
        if gives_back {
            let asked = std::mem::replace(&mut taken.locks, std::mem::take(&mut taken.unlocked));
            taken.locks.extend(asked);
        } else {
            self.unlocked = std::mem::take(&mut taken.unlocked);
            self.released = std::mem::take(&mut taken.released);
        }
        taken
    }
}
