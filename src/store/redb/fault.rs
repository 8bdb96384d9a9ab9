//! redb's errors in the store's words.

use crate::store::StoreError;
use std::io;

/// The name by which errors call the file where its path is not known.
pub(super) const FILE: &str = "store.redb";

/// A failure of the storage below.
pub(super) fn storage(error: redb::StorageError, path: &str) -> StoreError {
    match error {
        redb::StorageError::Io(error) => of_io(&error, path),
        redb::StorageError::Corrupted(what) => StoreError::Corrupt { path: path.to_owned(), what },
        redb::StorageError::ValueTooLarge(bytes) => StoreError::Protocol {
            message: format!("a value of {bytes} bytes is larger than the store can hold"),
        },
        error @ (redb::StorageError::PreviousIo
        | redb::StorageError::DatabaseClosed
        | redb::StorageError::LockPoisoned(_)) => {
            StoreError::Io { path: path.to_owned(), message: error.to_string() }
        }
        error => StoreError::Io { path: path.to_owned(), message: error.to_string() },
    }
}

/// A failure of the system.
pub(crate) fn of_io(error: &io::Error, path: &str) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
        io::ErrorKind::PermissionDenied => StoreError::Permission { path, message: error.to_string() },
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            StoreError::Corrupt { path, what: error.to_string() }
        }
        _ => StoreError::Io { path, message: error.to_string() },
    }
}

/// A failure to open.
pub(super) fn opening(error: redb::DatabaseError, path: &str) -> StoreError {
    match error {
        redb::DatabaseError::Storage(error) => storage(error, path),
        redb::DatabaseError::DatabaseAlreadyOpen => {
            StoreError::Busy { message: format!("{path} is open in another program") }
        }
        redb::DatabaseError::UpgradeRequired(version) => StoreError::Corrupt {
            path: path.to_owned(),
            what: format!("it has the old file format {version} of redb"),
        },
        error => StoreError::Corrupt { path: path.to_owned(), what: error.to_string() },
    }
}

/// A failure of a transaction.
pub(super) fn transaction(error: redb::TransactionError, path: &str) -> StoreError {
    match error {
        redb::TransactionError::Storage(error) => storage(error, path),
        error => StoreError::Io { path: path.to_owned(), message: error.to_string() },
    }
}

/// A failure of a table.
pub(super) fn table(error: redb::TableError, path: &str) -> StoreError {
    match error {
        redb::TableError::Storage(error) => storage(error, path),
        error => StoreError::Corrupt { path: path.to_owned(), what: error.to_string() },
    }
}

/// A failure of a commit.
pub(super) fn commit(error: redb::CommitError, path: &str) -> StoreError {
    match error {
        redb::CommitError::Storage(error) => storage(error, path),
        error => StoreError::Io { path: path.to_owned(), message: error.to_string() },
    }
}
