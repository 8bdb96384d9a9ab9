//! What can be measured of a store and of what is around it.

use super::prune::upkeep;
use super::{ClientError, Session, list};
use crate::history::{Moment, RunNo, RunStatus, WokenBy};
use crate::store::{Kept, RunFilter, RunView, Upkeep};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

/// How long ago counts as lately: 24 hours.
const LATELY_MS: i64 = 86_400_000;
/// How often a sync is measured.
const SYNCS: usize = 5;
/// What one of them writes, in bytes.
const BLOCK: [u8; 4096] = [0; 4096];

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// The access rights of the directory and of the file, of which the lowest nine bits count.
    pub rights: (u32, u32),
    /// The length of the file in bytes.
    pub bytes: u64,
    /// What is free on its file system for this user, in bytes.
    pub free: u64,
    /// How long a small write takes to be on disk: the middle one of a few; nothing where nothing can be written.
    pub sync: Option<Duration>,
    /// When the run that was recorded last was last written.
    pub newest: Option<Moment>,
    /// How many runs there are of each status.
    pub runs: Vec<(RunStatus, usize)>,
    /// How many failed or timed out in the last 24 hours.
    pub failed_lately: usize,
    /// How many that were to tell of others could not, in the last 24 hours.
    pub untold_lately: usize,
    /// How many are open with nobody to go on with them.
    pub left_alone: usize,
    /// The process that has the file open; ours where nobody else has.
    pub owner: Option<u32>,
    /// Whether the directory is closed to writing.
    pub is_read_only: bool,
    /// Whether directory and file belong to the user who asks.
    pub is_ours: bool,
}

/// Measures. A small file is written beside the store and removed.
///
/// # Errors
/// What the store or the system says.
pub fn check_up(session: &Session) -> Result<Checkup, CheckupError> {
    let place = session.directory();
    let (directory, file) = (place.metadata()?, place.join("store.redb").metadata()?);
    let system = rustix::fs::statvfs(place).map_err(std::io::Error::from)?;
    let views = list(session, RunFilter::default())?;
    let Kept::Wakers { is_looked_at, .. } = upkeep(session, Upkeep::Wakers)? else {
        return Err(ClientError::Answer { run: RunNo(0) }.into());
    };
    let since = session.now().plus_ms(-LATELY_MS);
    let count = |status: RunStatus| views.iter().filter(|view| view.status == status).count();
    let lately =
        |is: &dyn Fn(&RunView) -> bool| views.iter().filter(|view| view.last_at >= since && is(view)).count();
    let counted = RunStatus::ALL.into_iter().map(|status| (status, count(status)));
    Ok(Checkup {
        rights: (directory.mode() & 0o777, file.mode() & 0o777),
        bytes: file.len(),
        free: system.f_bavail.saturating_mul(system.f_frsize),
        sync: sync_time(session)?,
        newest: views.first().map(|view| view.row.updated_at),
        runs: counted.filter(|(_, count)| *count > 0).collect(),
        failed_lately: lately(&|view| has_failed(view) && !view.row.is_hook()),
        untold_lately: lately(&|view| needs_somebody(view) && view.row.is_hook()),
        left_alone: if is_looked_at { 0 } else { views.iter().filter(|view| is_left_alone(view)).count() },
        owner: session.store().owner(),
        is_read_only: is_closed_to_writing(place),
        is_ours: [&directory, &file].iter().all(|owned| owned.uid() == rustix::process::geteuid().as_raw()),
    })
}

fn has_failed(view: &RunView) -> bool {
    matches!(view.status, RunStatus::Failed | RunStatus::TimedOut)
}

fn needs_somebody(view: &RunView) -> bool {
    has_failed(view) || view.status == RunStatus::Stuck
}

fn is_left_alone(view: &RunView) -> bool {
    matches!(view.woken_by, Some(WokenBy::Nobody { .. }))
}

/// Why it could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum CheckupError {
    /// The system.
    #[error("the store's directory cannot be examined: {0}")]
    Io(#[from] std::io::Error),
    /// The store.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Whether nothing can be written into a directory: by its rights, or because its file system is mounted so.
pub fn is_closed_to_writing(directory: &Path) -> bool {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_err()
}

/// Whether nothing more can be written there, or nothing at all.
fn is_no_place(kind: ErrorKind) -> bool {
    use ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded | PermissionDenied | ReadOnlyFilesystem)
}

fn sync_time(session: &Session) -> std::io::Result<Option<Duration>> {
    let path = session.directory().join(format!("doctor.{}", std::process::id()));
    // One of the same number may have been killed.
    drop(std::fs::remove_file(&path));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let measured = file.and_then(|mut file| {
        let clock = session.clock();
        let mut times = Vec::new();
        for _ in 0..SYNCS {
            let began = clock.monotonic();
            file.write_all(&BLOCK).and_then(|()| file.sync_data())?;
            times.push(clock.monotonic().saturating_sub(began));
        }
        times.sort_unstable();
        Ok(times.get(SYNCS / 2).copied())
    });
    // A full disk may have had room for its name.
    let removed = std::fs::remove_file(&path);
    match measured {
        Err(error) if is_no_place(error.kind()) => Ok(None),
        Ok(sync) => removed.map(|()| sync),
        Err(error) => Err(error),
    }
}
