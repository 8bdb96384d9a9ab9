//! Locks between runs: a name that one command of one run holds at a time, and who else asks for it.

use super::flat::flat;
use super::{CommandKind, CommandLabel, MessageId, MessageNo, Moment, OpId, RunId, RunStatus};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A lock that was granted to a command that asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct LockGranted {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The store's id for it.
    pub message_id: MessageId,
    /// The command that asked.
    pub op: OpId,
    /// Its kind, and the name of the lock.
    pub label: CommandLabel,
    /// When the store granted it.
    pub accepted_at: Moment,
}

flat!(LockGranted {
    label: CommandLabel { kind: CommandKind, name: String },
    message_no: MessageNo,
    message_id: MessageId,
    op: OpId,
    accepted_at: Moment,
});

/// A lock as one run sees it: it holds it, or waits for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockView {
    /// The name of the lock.
    pub name: String,
    /// The command of this run that holds it or asks for it.
    pub op: OpId,
    /// The run that holds it.
    pub holder: RunId,
    /// How the holder stands: one that is parked or stuck still holds it.
    pub holder_status: RunStatus,
    /// Since when it is held.
    pub since: Moment,
    /// How many asked before this command, the holder included; 0 where this command is the holder.
    pub before: u32,
}

impl fmt::Display for LockView {
    /// `the lock db, which run import holds, after 2 others`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the lock {}, which run {} holds", self.name, self.holder)?;
        match self.holder_status {
            RunStatus::Parked => write!(f, " (parked: durun resume {})", self.holder)?,
            RunStatus::Stuck => write!(f, " (stuck: durun why {})", self.holder)?,
            RunStatus::Running
            | RunStatus::Waiting
            | RunStatus::Failed
            | RunStatus::TimedOut
            | RunStatus::Cancelled
            | RunStatus::Terminated
            | RunStatus::Completed => {}
        }
        match self.before {
            0 | 1 => Ok(()),
            2 => write!(f, ", after 1 other"),
            more => write!(f, ", after {} others", more - 1),
        }
    }
}
