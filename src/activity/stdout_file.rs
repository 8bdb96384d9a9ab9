//! `stdout: FILE`: a process writes straight into a temporary file beside the target, which takes its name on success only.

use super::process::ProcessEnd;
use super::program::NotStarted;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How much is read at once for the digest, in bytes.
const CHUNK: usize = 256 * 1024;

/// Where the output of a process goes instead of into its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StdoutFile {
    target: PathBuf,
    temporary: PathBuf,
    /// The exit codes with which the file is kept.
    ok_codes: Vec<i64>,
    /// Whether it is kept however the process ends.
    always: bool,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its size.
    pub bytes: u64,
    /// The digest of its content, in hexadecimal.
    pub sha256: String,
}

/// What became of the file of a process.
pub type WrittenFile = Result<Written, (PathBuf, io::Error)>;

impl StdoutFile {
    /// The file `target`. `owner` names the command that writes it: all of its attempts use the same temporary file, so that
    /// each removes what one that was cut off has left.
    pub fn new(target: PathBuf, owner: &str, ok_codes: Vec<i64>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(owner.as_bytes()).update(&[0]).update(target.as_os_str().as_bytes());
        let hash = hasher.finalize().to_hex();
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // A name has at most 255 bytes; its beginning is for people.
        let name: String = name.chars().take(50).collect();
        let temporary = target.with_file_name(format!(".{name}.{}.part", hash.get(..16).unwrap_or_default()));
        Self { target, temporary, ok_codes, always: false }
    }

    /// The same, kept however the process ends.
    #[must_use]
    pub fn always(self) -> Self {
        Self { always: true, ..self }
    }

    /// Whether a process that ended so has written what was wanted.
    pub(super) fn is_wanted_of(&self, end: &ProcessEnd) -> bool {
        match end {
            ProcessEnd::Ended(status) => {
                self.always || status.code().is_some_and(|code| self.is_wanted(code))
            }
            ProcessEnd::TimedOut => self.always,
            ProcessEnd::Stopped | ProcessEnd::NotStarted(_) | ProcessEnd::Lost => false,
        }
    }

    /// Whether a process that ended with this code has written what was wanted.
    fn is_wanted(&self, code: i32) -> bool {
        self.ok_codes.contains(&i64::from(code))
    }

    /// Makes the temporary file anew.
    pub(super) fn begin(&self) -> Result<File, NotStarted> {
        if self.target.file_name().is_none() || self.target.is_dir() {
            return Err(NotStarted::StdoutIsDirectory(self.target.clone()));
        }
        let made = remove(&self.temporary)
            .and_then(|()| OpenOptions::new().write(true).create_new(true).open(&self.temporary));
        made.map_err(|error| NotStarted::StdoutFile { path: self.target.clone(), error })
    }

    /// Makes it durable under its name. Blocks for as long as the disk needs.
    pub(super) fn keep(&self) -> WrittenFile {
        let kept = self.give_name();
        if kept.is_err() {
            self.discard();
        }
        kept.map_err(|error| (self.target.clone(), error))
    }

    fn give_name(&self) -> io::Result<Written> {
        let mut file = File::open(&self.temporary)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; CHUNK];
        let mut bytes: u64 = 0;
        loop {
            let count = file.read(&mut buffer)?;
            let Some(new) = buffer.get(..count).filter(|new| !new.is_empty()) else { break };
            hasher.update(new);
            bytes = bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        if let Ok(before) = self.target.metadata() {
            // Whoever could read the file before can read it now.
            let _other_owner = file.set_permissions(Permissions::clone(&before.permissions()));
        }
        file.sync_all()?;
        std::fs::rename(&self.temporary, &self.target)?;
        let folder = self.target.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        let digits = hasher.finalize().iter().flat_map(|byte| [byte >> 4, byte & 15]).collect::<Vec<u8>>();
        let digits = digits.into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16));
        let sha256 = digits.collect();
        Ok(Written { bytes, sha256 })
    }

    /// Removes the temporary file.
    pub(super) fn discard(&self) {
        // One that stays is removed by the next attempt.
        drop(remove(&self.temporary));
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
