//! What can be measured of a store and of what is around it.

use super::{ClientError, Session, list};
use crate::history::{Moment, RunStatus};
use crate::store::RunFilter;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::time::Duration;

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
    /// How long a small write takes to be on disk: the middle one of a few.
    pub sync: Duration,
    /// When the run that was recorded last was last written.
    pub newest: Option<Moment>,
    /// How many runs there are of each status.
    pub runs: Vec<(RunStatus, usize)>,
}

/// Measures. A small file is written beside the store and removed.
///
/// # Errors
/// What the store or the system says.
pub fn check_up(session: &Session) -> Result<Checkup, CheckupError> {
    let directory = session.directory();
    let file = directory.join("store.redb").metadata()?;
    let system = rustix::fs::statvfs(directory).map_err(std::io::Error::from)?;
    let views = list(session, RunFilter::default())?;
    let count = |status: RunStatus| views.iter().filter(|view| view.status == status).count();
    let counted = RunStatus::ALL.into_iter().map(|status| (status, count(status)));
    Ok(Checkup {
        rights: (directory.metadata()?.mode() & 0o777, file.mode() & 0o777),
        bytes: file.len(),
        free: system.f_bavail.saturating_mul(system.f_frsize),
        sync: sync_time(session)?,
        newest: views.first().map(|view| view.row.updated_at),
        runs: counted.filter(|(_, count)| *count > 0).collect(),
    })
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

fn sync_time(session: &Session) -> std::io::Result<Duration> {
    let path = session.directory().join(format!("doctor.{}", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    let clock = session.clock();
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let began = clock.monotonic();
        file.write_all(&BLOCK).and_then(|()| file.sync_data())?;
        times.push(clock.monotonic().saturating_sub(began));
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}
