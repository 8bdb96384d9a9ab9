//! Everything that can stop a command before it has its result.

use super::input::InputError;
use super::report::Report;
use super::store_place::NoPlace;
use crate::client::{CarryError, CheckupError, ClientError, StoreError};
use crate::config::ConfigError;
use crate::history::InvalidRunId;
use std::path::{Path, PathBuf};

/// Why a command did not give its result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// A room below.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What was typed is no value.
    #[error(transparent)]
    Input(#[from] InputError),
    /// `--id`.
    #[error(transparent)]
    Id(#[from] InvalidRunId),
    /// Nothing says where the store is.
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    /// There is no store yet, so there is no such run.
    #[error("there is no store in {}", directory.display())]
    NoStore {
        /// Where it would be.
        directory: PathBuf,
    },
    /// The directory of the store cannot be made or entered.
    #[error("{}: {message}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's word.
        message: String,
        /// Whether it is a question of permission.
        permission: bool,
    },
    /// `--env NAME` for a variable that is not set.
    #[error("--env {name}: no such variable is set here")]
    NoVariable {
        /// The name.
        name: String,
    },
    /// Something came on stdin for a program that has none.
    #[error("stdin holds something, and a program of durun exec reads none of it")]
    Unread,
    /// The store cannot be examined.
    #[error(transparent)]
    Checkup(#[from] CheckupError),
    /// A run cannot be exported or imported.
    #[error("{}: {error}", path.display())]
    Carry {
        /// The file.
        path: PathBuf,
        /// Why.
        error: CarryError,
    },
    /// Runs of a damaged store could not be salvaged.
    #[error("{} of {} runs could not be read", lost.len(), written.saturating_add(u64::try_from(lost.len()).unwrap_or(u64::MAX)))]
    Lost {
        /// How many were written.
        written: u64,
        /// The others, a sentence each.
        lost: Vec<String>,
    },
    /// Nothing of a damaged store can be salvaged: its own parts contradict each other.
    #[error("nothing of the store {store} can be read any more: {what}")]
    NothingLeft {
        /// Its directory or file.
        store: String,
        /// What is damaged.
        what: String,
    },
    /// There are no scripts to be checked.
    #[error("there is no script in {} or below it", folder.display())]
    NoScripts {
        /// Where they were looked for.
        folder: PathBuf,
    },
    /// There are no such tests.
    #[error("{wanted}")]
    NoTests {
        /// What was looked for, in words.
        wanted: String,
        /// The file of tests beside the script that was named instead.
        beside: Option<std::path::PathBuf>,
    },
    /// Nothing is kept under that `once` key.
    #[error("nothing is kept under the key \"{key}\"")]
    NoOnce {
        /// The key.
        key: String,
    },
    /// A run seeks the result of that `once` key right now.
    #[error("run {run} seeks the result of the key \"{key}\" right now")]
    OnceSought {
        /// The key.
        key: String,
        /// The run.
        run: String,
    },
    /// `explain` of a code that there is not, or of words that none speaks of.
    #[error("there is no code \"{text}\", and none that speaks of it")]
    NoCode {
        /// What was asked for.
        text: String,
    },
    /// `durun.toml` cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file or directory that was to be made.
    #[error("{}: {message}", path.display())]
    Unwritten {
        /// Where.
        path: PathBuf,
        /// The system's word.
        message: String,
        /// Whether it is a question of permission.
        permission: bool,
    },
    /// Arguments that do not go together or say nothing.
    #[error("{0}")]
    Usage(String),
    /// What was put into words where more was known: a script of which every run would be stuck, a query of a run.
    #[error("{}", .0.title)]
    Told(Box<Report>),
    /// A queue that is not declared.
    #[error("there is no queue \"{name}\"")]
    NoQueue {
        /// The name.
        name: String,
        /// The queue that was meant, perhaps.
        near: Option<String>,
    },
    /// The process in the background did not begin.
    #[error("the run could not be begun in the background: {0}")]
    Detach(String),
    /// The crontab cannot be read or written.
    #[error("the crontab: {0}")]
    Crontab(String),
    /// There is no program that keeps one.
    #[error("there is no program crontab here, so no crontab either")]
    NoCrontab,
    /// The units of systemd cannot be written or removed.
    #[error("systemd's units: {0}")]
    Units(String),
    /// The service manager does not do what it is told.
    #[error("{command}: {why}")]
    Manager {
        /// What was typed for the user.
        command: String,
        /// What it said.
        why: String,
    },
    /// Signal handlers cannot be installed.
    #[error("signals cannot be handled: {0}")]
    Handlers(String),
    /// stdout cannot be written.
    #[error("stdout: {0}")]
    Output(String),
    /// Whoever read stdout has gone: nothing more to do, nothing to say.
    #[error("stdout is closed")]
    Closed,
}

impl CliError {
    /// A file or directory that could not be made.
    pub(crate) fn writing(path: &Path, error: &std::io::Error) -> Self {
        let permission = error.kind() == std::io::ErrorKind::PermissionDenied;
        Self::Unwritten { path: path.to_owned(), message: error.to_string(), permission }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Client(ClientError::Store(error))
    }
}
