//! A file that is as it was left, until something is to come into its pages: who reads, or writes little, syncs nothing of redb's, and leaves
//! nothing to repair.

use super::overlay::Overlay;
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// The file, and what redb writes when it opens and closes it, held back.
#[derive(Debug)]
pub(super) struct Held {
    file: FileBackend,
    over: RwLock<Option<Overlay>>,
}

impl Held {
    /// The file of that name.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn over(file: FileBackend, path: &Path) -> io::Result<Self> {
        Ok(Self { file, over: RwLock::new(Some(Overlay::over(path)?)) })
    }

    /// Writes and syncs what was held back, and from now on holds back nothing.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn let_go(&self) -> io::Result<()> {
        if !self.holds() {
            return Ok(());
        }
        let mut over = self.over.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(overlay) = over.as_ref() {
            overlay.lay_down(&self.file)?;
            self.file.sync_data()?;
        }
        *over = None;
        Ok(())
    }

    /// Whether its pages are untouched.
    pub(super) fn holds(&self) -> bool {
        self.layer().is_some()
    }

    fn layer(&self) -> RwLockReadGuard<'_, Option<Overlay>> {
        self.over.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with what counts now.
    fn with<T>(&self, work: impl FnOnce(&dyn StorageBackend) -> T) -> T {
        match self.layer().as_ref() {
            Some(overlay) => work(overlay),
            None => work(&self.file),
        }
    }
}

impl StorageBackend for Held {
    fn len(&self) -> io::Result<u64> {
        self.with(StorageBackend::len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.with(|there| there.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|there| there.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(StorageBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(|there| there.write(offset, data))
    }

    // The locks are those of the file, whether it is touched or not.

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
