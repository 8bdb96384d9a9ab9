//! Where the configuration of a script is: `durun.toml` beside it or upwards, else the user's own.

use super::ConfigError;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The name of the file.
pub const FILE_NAME: &str = "durun.toml";

/// A file as it was found, to see whether it has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Device, inode, size, and when it was changed: seconds and nanoseconds.
    stamp: (u64, u64, u64, i64, i64),
}

/// The file for scripts of a folder; `users_own` is the one to use where none is found upwards.
pub(super) fn locate(folder: &Path, users_own: Option<&Path>) -> Result<Option<Found>, ConfigError> {
    for above in folder.ancestors() {
        if let Some(found) = look(&above.join(FILE_NAME), folder)? {
            return Ok(Some(found));
        }
    }
    match users_own {
        Some(path) => look(path, folder),
        None => Ok(None),
    }
}

fn look(path: &Path, folder: &Path) -> Result<Option<Found>, ConfigError> {
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    if metadata.is_dir() {
        return Ok(None);
    }
    // The programs that it names are executed as this user: as with the script, its owner is to be trusted with that.
    let (me, owner) = (rustix::process::geteuid().as_raw(), metadata.uid());
    let of_folder = || folder.metadata().is_ok_and(|folder| folder.uid() == owner);
    if owner != 0 && owner != me && !of_folder() {
        return Err(ConfigError::NotYours { path: path.to_owned(), owner });
    }
    let stamp = (metadata.dev(), metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec());
    Ok(Some(Found { path: path.to_owned(), stamp }))
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    ConfigError::Unreadable { path: path.to_owned(), message: error.to_string() }
}
