//! What is wrong with a configuration: the file, the line, and what to write instead.

use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Something in the file does not fit.
    #[error("{}:{line}: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what to write.
        message: String,
    },
    /// The file is there and cannot be read.
    #[error("{}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        message: String,
    },
    /// It belongs to somebody who could have others' programs executed by it.
    #[error(
        "{} belongs to user {owner}, who is neither you nor root nor the script's owner; it is not used",
        path.display()
    )]
    NotYours {
        /// The file.
        path: PathBuf,
        /// The number of the user that owns it.
        owner: u32,
    },
}
