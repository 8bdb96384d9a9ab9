//! What lies where in the file: a head, kept twice, the log, and behind it the pages of redb.
//!
//! A file that begins with redb's own pages is of a version that had no log, and goes on without one.

use redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::sync::Arc;

/// With these bytes a head begins.
const MAGIC: [u8; 16] = *b"durun store\n\x1a\x00\x00\x01";
/// Where the two copies of the head are, in pages of their own.
const HEADS: [u64; 2] = [0, PAGE];
const PAGE: u64 = 4096;
/// Where the log begins.
const LOG: u64 = 2 * PAGE;
/// The bytes of a head: magic, where the log ends, salt, checksum.
const HEAD_BYTES: usize = 16 + 8 + 16 + 16;

/// Where the log ends and redb's pages begin in a file that is made now, in bytes.
pub(super) const LOG_END: u64 = 1024 * 1024;
/// The same on a backend of a simulation: small, so that a half of the log is full again and again.
pub(super) const SMALL_LOG_END: u64 = LOG + 6 * 1024;

/// The bytes of a store, whole.
pub(super) type Whole = Arc<dyn StorageBackend>;

/// The part of a file that holds the log, and what tells its records from all other bytes.
#[derive(Debug, Clone)]
pub(super) struct LogPart {
    pub(super) whole: Whole,
    /// Where it begins and ends, in bytes of the file.
    pub(super) from: u64,
    pub(super) end: u64,
    /// Chosen by chance for this file: no value that a script stores is taken for a record.
    pub(super) salt: [u8; 16],
}

/// The part that holds redb's pages: to redb it is the whole.
#[derive(Debug)]
pub(super) struct Pages {
    whole: Whole,
    from: u64,
}

/// Lays out a file that has no bytes yet.
///
/// # Errors
/// Those of the backend; no random bytes.
pub(super) fn make(whole: &Whole, log_end: u64) -> io::Result<()> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| io::Error::other(error.to_string()))?;
    // Written out, not left as a hole: a block that is there already takes one sync, not the journal's too.
    let mut bytes = vec![0; usize::try_from(log_end).map_err(io::Error::other)?];
    let head = head(log_end, salt);
    for place in HEADS {
        let place = usize::try_from(place).map_err(io::Error::other)?;
        if let Some(there) = bytes.get_mut(place..place + head.len()) {
            there.copy_from_slice(&head);
        }
    }
    whole.set_len(log_end)?;
    whole.write(0, &bytes)
}

/// Where the parts of a file are; no log where the file is of a version that had none, or no store at all: redb tells the two apart.
///
/// # Errors
/// Those of the backend; `InvalidData` where there was a head and both copies of it are damaged.
pub(super) fn parts(whole: &Whole) -> io::Result<(Pages, Option<LogPart>)> {
    let mut is_ours = false;
    for place in HEADS {
        let mut bytes = [0; HEAD_BYTES];
        if whole.len()? < place + PAGE {
            break;
        }
        whole.read(place, &mut bytes)?;
        is_ours |= bytes.starts_with(&MAGIC);
        if let Some((end, salt)) = read_head(&bytes) {
            let part = LogPart { whole: Arc::clone(whole), from: LOG, end, salt };
            return Ok((Pages { whole: Arc::clone(whole), from: end }, Some(part)));
        }
    }
    if is_ours {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its first bytes are not as they were written",
        ));
    }
    Ok((Pages { whole: Arc::clone(whole), from: 0 }, None))
}

fn head(log_end: u64, salt: [u8; 16]) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    let parts = MAGIC.into_iter().chain(log_end.to_le_bytes()).chain(salt);
    bytes.iter_mut().zip(parts).for_each(|(to, byte)| *to = byte);
    let (facts, sum) = bytes.split_at_mut(HEAD_BYTES - 16);
    sum.iter_mut().zip(blake3::hash(facts).as_bytes()).for_each(|(to, byte)| *to = *byte);
    bytes
}

fn read_head(bytes: &[u8; HEAD_BYTES]) -> Option<(u64, [u8; 16])> {
    let log_end = u64::from_le_bytes(bytes.get(16..24)?.try_into().ok()?);
    let salt = bytes.get(24..40)?.try_into().ok()?;
    (*bytes == head(log_end, salt)).then_some((log_end, salt))
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        Ok(self.whole.len()?.saturating_sub(self.from))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.whole.read(offset + self.from, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.whole.set_len(len + self.from)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.whole.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.whole.write(offset + self.from, data)
    }

    fn close(&self) -> io::Result<()> {
        self.whole.close()
    }

    // Locks lie far behind all bytes, or over all of them: they are those of the file.

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.whole.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.whole.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.whole.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.whole.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.whole.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.whole.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;

    fn made() -> Whole {
        let whole: Whole = Arc::new(InMemoryBackend::new());
        make(&whole, SMALL_LOG_END).expect("made");
        whole
    }

    fn byte(whole: &Whole, place: u64) -> u8 {
        let mut byte = [0];
        whole.read(place, &mut byte).expect("reads");
        byte[0]
    }

    #[test]
    fn redb_sees_what_lies_behind_the_log_and_nothing_else() {
        let whole = made();
        let (pages, log) = parts(&whole).expect("a head");
        assert_eq!(pages.len().expect("a length"), 0);
        pages.set_len(10).expect("grows");
        pages.write(3, &[7]).expect("writes");
        assert_eq!(
            (whole.len().expect("a length"), byte(&whole, SMALL_LOG_END + 3)),
            (SMALL_LOG_END + 10, 7)
        );
        let mut read = [0];
        pages.read(3, &mut read).expect("reads");
        assert_eq!(read, [7]);
        let log = log.expect("a log");
        assert_eq!((log.from, log.end), (LOG, SMALL_LOG_END));
    }

    #[test]
    fn each_copy_of_the_head_is_enough_and_none_is_damage() {
        for place in 0..u64::try_from(HEAD_BYTES).expect("few") {
            let whole = made();
            for copy in HEADS {
                let salt = parts(&whole).expect("a head").1.expect("a log").salt;
                let bit = byte(&whole, copy + place) ^ 0x10;
                whole.write(copy + place, &[bit]).expect("writes");
                match parts(&whole) {
                    Ok((_, log)) => {
                        assert_eq!((copy, log.map(|log| log.salt)), (0, Some(salt)), "byte {place}");
                    }
                    Err(error) => assert_eq!((copy, error.kind()), (PAGE, io::ErrorKind::InvalidData)),
                }
                if place < 16 {
                    // Without its first bytes in both copies it is no store of ours, and redb says what it is.
                    break;
                }
            }
        }
    }

    #[test]
    fn what_has_no_head_is_redb_s_from_its_first_byte() {
        let whole: Whole = Arc::new(InMemoryBackend::new());
        whole.set_len(3 * PAGE).expect("grows");
        let (pages, log) = parts(&whole).expect("none");
        assert_eq!((pages.len().expect("a length"), log.is_none()), (3 * PAGE, true));
    }
}
