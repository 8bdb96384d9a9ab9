//! The open file. After a failure it is closed, and opened again for whoever comes next.

use super::changes::Changes;
use super::fault;
use super::guard::guarded;
use super::opened::{Durably, Opened};
use crate::store::StoreError;
use std::sync::{PoisonError, RwLock};

/// Opens the file again, or what stands for it.
pub(super) type Opener = Box<dyn Fn() -> Result<Opened, StoreError> + Send + Sync>;

/// The open file, or none where a failure has closed it.
pub(super) struct Handle {
    /// What errors call the file.
    pub(super) path: String,
    open: Opener,
    opened: RwLock<Option<Opened>>,
}

impl Handle {
    /// An open file, and how to open it again.
    pub(super) fn new(path: String, opened: Opened, open: Opener) -> Self {
        Self { path, open, opened: RwLock::new(Some(opened)) }
    }

    /// Works with the open file. redb can panic on damaged bytes: that is told as damage, too.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Opened) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            // Held while the work lasts: so nobody closes the file under it.
            let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(opened) = opened.as_ref() {
                return guarded(|| work(opened)).unwrap_or_else(|| Err(contradiction(&self.path)));
            }
            drop(opened);
            let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
            if opened.is_none() {
                *opened = Some((self.open)()?);
            }
        }
    }

    /// Whether there are rows that only wait to come into the pages.
    pub(super) fn has_frozen(&self) -> bool {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().is_some_and(Opened::has_frozen)
    }

    /// Gives what the file does not need any more back to the system; nobody reads or writes meanwhile.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        let mut place = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        let Some(opened) = place.as_mut() else { return Ok(()) };
        let failed = |error| match error {
            redb::CompactionError::Storage(error) => fault::storage(error, &self.path),
            error => StoreError::Protocol { message: format!("compaction: {error}") },
        };
        let compacted = guarded(|| {
            opened.lay_down(Changes::default(), Durably::Synced, &self.path)?;
            opened.database.compact().map(drop).map_err(failed)
        });
        let compacted = compacted.unwrap_or_else(|| Err(contradiction(&self.path)));
        if compacted.is_err() {
            // Before anybody else can write into it: the pages may name what the log does not know of.
            drop_guarded(place.take());
        }
        compacted
    }

    /// Looks at the file while nobody writes it: as all that was acknowledged left it.
    pub(super) fn frozen<T>(&self, look: impl FnOnce() -> T) -> T {
        let _nobody_else = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        look()
    }

    /// After a failed read or write redb refuses all others, and whether the last commit is on disk is unknown: only
    /// what a new opening finds is true.
    pub(super) fn give_up(&self) {
        let opened = self.opened.write().unwrap_or_else(PoisonError::into_inner).take();
        drop_guarded(opened);
    }

    /// Closes the file, so that the next opening has nothing to repair; how many records its log is left with, where it was open and written.
    pub(super) fn close(&self) -> Result<Option<u32>, redb::DatabaseError> {
        let opened = self.opened.write().unwrap_or_else(PoisonError::into_inner).take();
        let damaged = || redb::StorageError::Corrupted(CONTRADICTION.to_owned()).into();
        let closed = || opened.map_or(Ok(None), Opened::close);
        guarded(closed).unwrap_or_else(|| Err(damaged()))
    }
}

/// On damaged bytes closing can panic, too; what was acknowledged is on disk.
fn drop_guarded(opened: Option<Opened>) {
    let _closed = guarded(|| drop(opened));
}

/// What is wrong where redb panics.
pub(super) const CONTRADICTION: &str = "its pages contradict each other";

/// What is told where redb gave up on the bytes.
pub(super) fn contradiction(path: &str) -> StoreError {
    StoreError::Corrupt { path: path.to_owned(), what: CONTRADICTION.to_owned() }
}
