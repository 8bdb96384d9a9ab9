//! What an executor adds to its run, in one transaction.

use super::NewRun;
use crate::history::{
    HowFar, MessageId, MessageNo, Moment, OpId, Pending, Record, Restart, RunNo, Seq, StoredStatus, Value,
};
use serde::{Deserialize, Serialize};

/// What an executor adds to its run, in one transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Append {
    /// The run.
    pub run: RunNo,
    /// The epoch of the caller's claim.
    pub epoch: u64,
    /// The generation of the run that it is for.
    #[serde(default)]
    pub generation: u32,
    /// The place of the first record; where there is none, the place of the next.
    pub from: Seq,
    /// Entries, sealed in a chain.
    pub records: Vec<Record>,
    /// Messages that the records deliver: their inbox rows go, their ids are remembered.
    pub delivered: Vec<(MessageNo, MessageId)>,
    /// Pending rows to write or replace; the timer rows follow them.
    pub pending: Vec<Pending>,
    /// Commands that are pending no longer.
    pub settled: Vec<OpId>,
    /// Log lines; a line whose key exists is left as it is.
    pub logs: Vec<(LogKey, LogLine)>,
    /// Published values.
    pub published: Vec<(String, Value)>,
    /// Changes of the run's row.
    pub row: RowChange,
    /// What becomes of the `once` keys that the run holds.
    #[serde(default)]
    pub once: Vec<OnceChange>,
    /// What the run asks for, or lets go of, among the locks.
    #[serde(default)]
    pub locks: Vec<LockChange>,
}

/// Changes of a run's row; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RowChange {
    /// The new state. An end removes pending and timer rows, and of the inbox what nobody is to hear any more, counts that and drops the claim.
    pub status: Option<StoredStatus>,
    /// The new summary.
    pub summary: Option<String>,
    /// How far it says it is.
    #[serde(default)]
    pub progress: Option<HowFar>,
    /// When a request to end was delivered.
    pub cancel_requested_at: Option<Moment>,
    /// The last record ends the generation: the next begins so.
    #[serde(default)]
    pub restart: Option<Restart>,
    /// The run that tells somebody of the new state: recorded with it.
    #[serde(default)]
    pub hook: Option<Box<NewRun>>,
}

/// What an append says of a key of `once` calls that its run holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum OnceChange {
    /// One of the records is the completion of that command: its result is the key's.
    Completed {
        /// The key.
        key: String,
        /// The command.
        op: OpId,
    },
    /// The command ended without a result: others may seek it.
    Released {
        /// The key.
        key: String,
        /// The command.
        op: OpId,
    },
}

/// What an append says of a lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LockChange {
    /// A command stands in line for it; a command that does already stays where it is. When it is granted, a message says so.
    Asked {
        /// The command.
        op: OpId,
        /// The name of the lock: 1 to 256 bytes.
        name: String,
    },
    /// A command holds it no longer, or waits for it no longer.
    Released {
        /// The command.
        op: OpId,
    },
}

/// The place of a log line: the entry last delivered when it was written, and its number in that stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogKey {
    /// The entry last delivered.
    pub seq: Seq,
    /// 0, 1, 2 … within the stretch.
    pub line: u32,
}

/// How grave a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the one who debugs.
    Debug,
    /// `print`, and `log` without a level.
    Info,
    /// Something to look at.
    Warn,
    /// Something went wrong.
    Error,
}

/// A line that the script logged, or a line that an attempt wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// The time of the run when it was written.
    pub at: Moment,
    /// How grave.
    pub level: LogLevel,
    /// The text.
    pub text: String,
    /// Fields given beside the text; null where none.
    #[serde(default)]
    pub fields: Value,
    /// The command whose attempt wrote it, where one did.
    #[serde(default)]
    pub op: Option<OpId>,
    /// The attempt, and which of its outputs this is the end of, where it is one.
    #[serde(default)]
    pub wrote: Option<(u32, LogStream)>,
}

/// One of the two outputs of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogStream {
    /// Where its result goes.
    Stdout,
    /// Where it says the rest.
    Stderr,
}
