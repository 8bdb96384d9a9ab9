//! A pending command: what was asked and has no outcome yet, as the store keeps it for others to see.

use super::{CommandLabel, Failure, Moment, OpId, Value};
use serde::{Deserialize, Serialize};

/// A command without an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The command.
    pub op: OpId,
    /// Its kind and name.
    #[serde(flatten)]
    pub label: CommandLabel,
    /// Its input.
    #[serde(default)]
    pub input: Value,
    /// The line of the script that asks.
    #[serde(default)]
    pub line: Option<u32>,
    /// When the script asked.
    pub scheduled_at: Moment,
    /// How many attempts have failed. One that a crash cut off is not counted.
    #[serde(default)]
    pub failures: u32,
    /// How many failures there may be before it fails for good, where there is a bound.
    #[serde(default)]
    pub attempts: Option<u32>,
    /// When its timer is due: a sleep, a wait with a time-out.
    #[serde(default)]
    pub due: Option<Moment>,
    /// When the next attempt begins, where it waits for one.
    #[serde(default)]
    pub next_try: Option<Moment>,
    /// The last failure.
    #[serde(default)]
    pub last_failure: Option<Failure>,
    /// The details of the last heartbeat.
    #[serde(default)]
    pub heartbeat: Option<Value>,
}

impl Pending {
    /// When somebody has to look at it again: its timer or its next attempt.
    pub fn wakes_at(&self) -> Option<Moment> {
        match (self.due, self.next_try) {
            (Some(due), Some(next)) => Some(due.min(next)),
            (due, next) => due.or(next),
        }
    }
}
