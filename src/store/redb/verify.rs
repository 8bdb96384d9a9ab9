//! The verification of a file: every page against the checksum that its parent has of it, on a copy in memory, so that nothing changes.

use super::guard::guarded;
use super::handle::CONTRADICTION;
use super::layout::{self, Whole};
use super::opened::{Damage, Opened};
use crate::store::StoreError;
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Database, DatabaseError, StorageBackend};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file that is verified when it is opened, in bytes: 2 ms a MiB. redb itself verifies no page that it reads.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A file that is not as it was written.
pub(super) struct Damaged {
    /// What is wrong.
    pub(super) what: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

/// What is wrong with the file; nothing where it is whole, too large to be looked at each time, or no database: opening it says more.
pub(super) fn damaged(path: &Path) -> Option<Damaged> {
    if !is_verified_when_opened(path) {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let what = guarded(|| damage_of(&bytes)).unwrap_or_else(|| Some(CONTRADICTION.to_owned()))?;
    Some(Damaged { what, bytes })
}

/// Whether the file is small enough to be verified when it is opened.
fn is_verified_when_opened(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.len() <= LARGEST)
}

/// A copy of a file beside it, to be verified at leisure; it is removed when it is dropped.
pub(super) struct Copy {
    path: PathBuf,
}

impl Copy {
    /// Copies the file while `frozen` keeps everybody from writing it.
    pub(super) fn of(
        file: &Path,
        frozen: impl FnOnce(&mut dyn FnMut() -> io::Result<u64>) -> io::Result<u64>,
    ) -> io::Result<Self> {
        let copy = Self { path: file.with_extension(format!("redb.verify.{}", std::process::id())) };
        // Its rights are those of the file.
        frozen(&mut || fs::copy(file, &copy.path))?;
        Ok(copy)
    }

    /// What is wrong with it.
    pub(super) fn damage(&self) -> Option<String> {
        let open = || -> Result<Whole, DatabaseError> {
            let file = File::options().read(true).write(true).open(&self.path)?;
            Ok(Arc::new(FileBackend::new(file)?))
        };
        let look = || match open().and_then(|whole| told(&whole)) {
            Ok(wrong) => wrong,
            Err(error) => Some(format!("the checksums of its pages do not match ({error})")),
        };
        guarded(look).unwrap_or_else(|| Some(CONTRADICTION.to_owned()))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What stays is some room on the disk.
        let _removed = fs::remove_file(&self.path);
    }
}

/// A copy of the bytes, to be read instead of the file.
pub(super) fn copy_of(bytes: &[u8]) -> io::Result<InMemoryBackend> {
    let copy = InMemoryBackend::new();
    copy.set_len(u64::try_from(bytes.len()).map_err(io::Error::other)?)?;
    copy.write(0, bytes)?;
    Ok(copy)
}

fn damage_of(bytes: &[u8]) -> Option<String> {
    let copy: Whole = Arc::new(copy_of(bytes).ok()?);
    told(&copy).ok()?
}

/// What is wrong with a copy, where it could be opened: in its pages, or in its log.
fn told(whole: &Whole) -> Result<Option<String>, DatabaseError> {
    let (pages, log) = layout::parts(whole)?;
    if pages.len()? == 0 {
        return Ok(None);
    }
    let mut database = Database::builder().create_with_backend(pages)?;
    match database.check_integrity() {
        Ok(true) => {}
        Ok(false) => return Ok(Some("the checksums of its pages do not match".to_owned())),
        Err(error) => return Ok(Some(error.to_string())),
    }
    Ok(Opened::new(database, log, None, Damage::Refused, "").err().map(|error| match error {
        StoreError::Corrupt { what, .. } => what,
        error => error.to_string(),
    }))
}
