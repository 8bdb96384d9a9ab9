//! How a run stands: what the store keeps, and what a reader is told.

use super::{CallSite, Failure, Value};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// The script came to its end.
    Completed {
        /// The value of its last expression.
        result: Value,
    },
    /// An error left the script.
    Failed {
        /// The error.
        failure: Failure,
    },
    /// It was asked to end and did.
    Cancelled {
        /// The reason given.
        reason: String,
    },
    /// Its `--timeout` came due and it ended by it.
    TimedOut {
        /// The reason: the time-out in words.
        reason: String,
    },
    /// It was ended without being asked.
    Terminated {
        /// The reason given.
        reason: String,
    },
}

/// What the store keeps of a run's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredStatus {
    /// Not ended; running, waiting and parked are told apart at reading.
    Open,
    /// The script cannot go on as written.
    Stuck(Stuck),
    /// Ended.
    Ended(RunEnd),
}

impl StoredStatus {
    /// Whether a step that failed, or its time, has ended the run, and not its script by itself.
    pub fn is_of_step(&self) -> bool {
        match self {
            Self::Ended(RunEnd::Failed { failure }) => failure.data.contains_key("name"),
            Self::Ended(RunEnd::TimedOut { .. }) => true,
            Self::Open | Self::Stuck(_) | Self::Ended(_) => false,
        }
    }
}

/// Why a run cannot go on: the script must be mended, nothing is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stuck {
    /// `fault` or `nondeterminism`.
    pub kind: String,
    /// One sentence for a person.
    pub message: String,
    /// The file of the script, as named at start, where the mistake is.
    #[serde(default)]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// Column in characters, from 1.
    #[serde(default)]
    pub column: Option<u32>,
    /// The calls that led there, innermost first.
    #[serde(default)]
    pub calls: Vec<CallSite>,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
}

/// The status of a run as a reader is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// The script cannot go on as written.
    Stuck,
    /// A process is executing it now.
    Running,
    /// Nothing to do until a timer, a signal or a retry.
    Waiting,
    /// Could go on, nobody executes it.
    Parked,
    /// Ended with an error.
    Failed,
    /// Ended by its own time-out.
    TimedOut,
    /// Asked to end, and did.
    Cancelled,
    /// Ended without being asked.
    Terminated,
    /// Came to its end.
    Completed,
}

impl RunStatus {
    /// All of them, those that need a person first.
    pub const ALL: [Self; 9] = [
        Self::Stuck,
        Self::Running,
        Self::Waiting,
        Self::Parked,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::Terminated,
        Self::Completed,
    ];

    /// The word used in output and accepted by `--status`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Parked => "parked",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Terminated => "terminated",
            Self::Completed => "completed",
        }
    }

    /// Whether nothing more can happen to it.
    pub fn is_ended(self) -> bool {
        match self {
            Self::Stuck | Self::Running | Self::Waiting | Self::Parked => false,
            Self::Failed | Self::TimedOut | Self::Cancelled | Self::Terminated | Self::Completed => true,
        }
    }
}

impl RunEnd {
    /// The status that this end is.
    pub fn status(&self) -> RunStatus {
        match self {
            Self::Completed { .. } => RunStatus::Completed,
            Self::Failed { .. } => RunStatus::Failed,
            Self::Cancelled { .. } => RunStatus::Cancelled,
            Self::TimedOut { .. } => RunStatus::TimedOut,
            Self::Terminated { .. } => RunStatus::Terminated,
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
