//! The verification of a file: every page against the checksum that its parent has of it, on a copy in memory, so that nothing changes.

use super::guard::guarded;
use super::handle::CONTRADICTION;
use redb::backends::InMemoryBackend;
use redb::{Database, StorageBackend};
use std::fs;
use std::io;
use std::path::Path;

/// The largest file that is verified whenever it is opened, in bytes: a few milliseconds. redb itself verifies no page that it reads.
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
    if fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let what = guarded(|| damage_of(&bytes)).unwrap_or_else(|| Some(CONTRADICTION.to_owned()))?;
    Some(Damaged { what, bytes })
}

/// A copy of the bytes, to be read instead of the file.
pub(super) fn copy_of(bytes: &[u8]) -> io::Result<InMemoryBackend> {
    let copy = InMemoryBackend::new();
    copy.set_len(u64::try_from(bytes.len()).map_err(io::Error::other)?)?;
    copy.write(0, bytes)?;
    Ok(copy)
}

fn damage_of(bytes: &[u8]) -> Option<String> {
    let mut database = Database::builder().create_with_backend(copy_of(bytes).ok()?).ok()?;
    match database.check_integrity() {
        Ok(true) => None,
        Ok(false) => Some("the checksums of its pages do not match".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}
