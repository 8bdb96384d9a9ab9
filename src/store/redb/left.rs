//! How a closed file was left, kept beside it: while nobody has touched the file since, its pages have nothing to repair, its log has so many
//! records, and it is not verified at each opening.
//!
//! Damage that leaves size and time of change as they were is found when the verification is a day old, or the machine was
//! started anew.

use crate::history::Moment;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// How long a verification is good for, in milliseconds.
const GOOD_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// Where it is kept.
fn beside(file: &Path) -> PathBuf {
    file.with_extension("closed")
}

/// How a file was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// When it was verified last.
    pub(super) verified_at: Moment,
    /// How many records its log has.
    pub(super) records: u32,
}

/// How a file was left, where it is so still.
pub(super) fn left(file: &Path) -> Option<Left> {
    let text = fs::read_to_string(beside(file)).ok()?;
    let (facts, at) = text.trim_end().rsplit_once(' ')?;
    let (facts, records) = facts.rsplit_once(" log ")?;
    let left = Left { verified_at: Moment(at.parse().ok()?), records: records.parse().ok()? };
    (facts == facts_of(file).ok()?).then_some(left)
}

/// Whether a verification was not long ago.
pub(super) fn is_good(verified_at: Moment, now: Moment) -> bool {
    (0..GOOD_FOR_MS).contains(&now.since_ms(verified_at))
}

/// Keeps how a file that was closed just now is left.
///
/// # Errors
/// The system's; the next opening verifies the file.
pub(super) fn leave(file: &Path, left: Left) -> io::Result<()> {
    // A nanosecond off the ticks of the system: whoever writes it within this tick gives it another time.
    let open = File::options().write(true).open(file)?;
    open.set_modified(open.metadata()?.modified()? + Duration::from_nanos(1))?;
    let text = format!("{} log {} {}\n", facts_of(file)?, left.records, left.verified_at.0);
    let path = beside(file);
    let mut kept = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    kept.write_all(text.as_bytes())
}

/// Its size, when it was changed, and in which life of the machine.
fn facts_of(file: &Path) -> io::Result<String> {
    let facts = file.metadata()?;
    let changed = facts.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(format!("{} {} {}", facts.len(), changed.as_nanos(), boot.trim()))
}
