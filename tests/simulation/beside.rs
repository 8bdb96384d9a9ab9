//! Tables whose rows come into the pages now and then, as a thread of the owner brings them there.

use durun::store::{Answer, RedbTables, Request, StoreError, Tables};
use std::sync::atomic::{AtomicUsize, Ordering};

/// After each so many calls they come there.
const EACH: usize = 3;

/// The tables, and how many calls they had.
pub(crate) struct Beside {
    tables: RedbTables,
    calls: AtomicUsize,
}

impl From<RedbTables> for Beside {
    fn from(tables: RedbTables) -> Self {
        Self { tables, calls: AtomicUsize::new(0) }
    }
}

impl Tables for Beside {
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let answers = self.tables.apply(requests);
        if self.calls.fetch_add(1, Ordering::Relaxed) % EACH == EACH - 1 {
            // Where it fails, the next call opens the file anew, and what was acknowledged is there.
            drop(self.tables.lay_frozen());
        }
        answers
    }

    fn damage(&self) -> Option<StoreError> {
        self.tables.damage()
    }
}
