//! Who lives: each process that opens the store holds `workers/<token>.lock` until it exits.

use super::redb::of_io;
use super::{Liveness, StoreError};
use crate::history::Token;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The lock files of a store's processes.
#[derive(Debug, Clone)]
pub(super) struct Workers {
    directory: PathBuf,
}

/// This process's own lock; the kernel releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct OwnLock {
    pub(super) token: Token,
    _file: File,
    path: PathBuf,
}

impl Workers {
    pub(super) fn at(store: &Path) -> Self {
        Self { directory: store.join("workers") }
    }

    fn path(&self, token: Token) -> PathBuf {
        self.directory.join(format!("{token}.lock"))
    }

    /// Takes a lock of our own. It is locked before it has its name, so that nobody ever sees it free.
    pub(super) fn enter(&self) -> Result<OwnLock, StoreError> {
        let io = |error: std::io::Error| of_io(&error, &self.directory.display().to_string());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(io)?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| StoreError::Io {
            path: self.directory.display().to_string(),
            message: format!("the system gives no random bytes: {error}"),
        })?;
        let token = Token(u64::from_be_bytes(random));
        let unnamed = self.directory.join(format!("{token}.new"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed).map_err(io)?;
        file.try_lock().map_err(|error| io(error.into()))?;
        let path = self.path(token);
        std::fs::rename(&unnamed, &path).map_err(io)?;
        Ok(OwnLock { token, _file: file, path })
    }

    /// Removes the lock files of processes that are gone.
    pub(super) fn sweep(&self) {
        let Ok(files) = std::fs::read_dir(&self.directory) else { return };
        for file in files.flatten() {
            let name = file.file_name();
            let token = name.to_str().and_then(|name| name.strip_suffix(".lock"));
            if let Some(token) = token.and_then(|token| u64::from_str_radix(token, 16).ok())
                && !self.is_alive(Token(token))
            {
                drop(std::fs::remove_file(file.path()));
            }
        }
    }
}

impl Liveness for Workers {
    fn is_alive(&self, token: Token) -> bool {
        // A file that is not there was swept, so its process is gone. A probe takes the lock shared, so that two probes do
        // not take each other for the process.
        let Ok(file) = OpenOptions::new().read(true).open(self.path(token)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

impl Drop for OwnLock {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_as_long_as_it_holds_its_lock() {
        let place = tempfile::tempdir().expect("a directory");
        let workers = Workers::at(place.path());
        let own = workers.enter().expect("enters");
        let token = own.token;
        assert!(workers.is_alive(token));
        workers.sweep();
        assert!(workers.is_alive(token), "a sweep leaves the living alone");
        drop(own);
        assert!(!workers.is_alive(token));
        assert!(!workers.is_alive(Token(7)), "nobody ever had that token");
        assert!(!workers.path(Token(7)).exists(), "a probe makes no file");
    }

    #[test]
    fn the_lock_of_a_killed_process_is_swept() {
        let place = tempfile::tempdir().expect("a directory");
        let workers = Workers::at(place.path());
        std::fs::create_dir_all(place.path().join("workers")).expect("a directory");
        std::fs::write(workers.path(Token(9)), "").expect("a file as a kill leaves it");
        assert!(!workers.is_alive(Token(9)));
        workers.sweep();
        assert!(!workers.path(Token(9)).exists());
    }
}
