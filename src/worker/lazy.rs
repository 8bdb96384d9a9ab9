//! Lazy records of a run: they ride along with its next urgent append, or go alone when they have waited long enough.

use crate::history::{Moment, OpId, StoredStatus, Value};
use crate::store::{LockChange, LogKey, LogLine, OnceChange, RowChange};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long lazy records may wait.
pub(super) const LAZY: Duration = Duration::from_millis(50);

/// Records that need not be on disk before anything else happens.
#[derive(Default)]
pub(super) struct Lazy {
    /// Commands whose pending row is to be written as it is then.
    pub(super) pending: BTreeSet<OpId>,
    pub(super) settled: BTreeSet<OpId>,
    pub(super) logs: Vec<(LogKey, LogLine)>,
    pub(super) published: Vec<(String, Value)>,
    pub(super) row: RowChange,
    /// `once` keys that the run held and gives back without a result.
    pub(super) released: Vec<OnceChange>,
    /// Locks to ask for and to let go of, in order.
    pub(super) locks: Vec<LockChange>,
    /// Commands whose pending row is in the store.
    written: BTreeSet<OpId>,
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
        self.pending.remove(&op);
        if self.written.remove(&op) {
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

    /// Takes all that is to be written.
    pub(super) fn take(&mut self) -> Self {
        let mut written = std::mem::take(&mut self.written);
        written.extend(self.pending.iter());
        std::mem::replace(self, Self { written, ..Self::default() })
    }
}
