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
    /// The name given to the strand that asks.
    #[serde(default)]
    pub strand: Option<String>,
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
    /// When it fails for good however often it may still be tried.
    #[serde(default)]
    pub deadline: Option<Moment>,
    /// An at-most-once attempt has begun: whether its effect happened is not known before its outcome.
    #[serde(default)]
    pub begun: bool,
    /// Since when it has been failing.
    #[serde(default)]
    pub failing_since: Option<Moment>,
    /// When a person is told that it keeps failing, if it does until then.
    #[serde(default)]
    pub warns_at: Option<Moment>,
    /// Whether a person was told that it keeps failing.
    #[serde(default)]
    pub warned: bool,
    /// What an attempt that could begin waits for: a slot, a rate, the holder of a `once` key.
    #[serde(default)]
    pub waits_for: Option<String>,
}

impl Pending {
    /// A command just asked for.
    pub fn new(op: OpId, label: CommandLabel, scheduled_at: Moment) -> Self {
        Self {
            op,
            label,
            input: Value::Null,
            line: None,
            strand: None,
            scheduled_at,
            failures: 0,
            attempts: None,
            due: None,
            next_try: None,
            last_failure: None,
            heartbeat: None,
            deadline: None,
            begun: false,
            failing_since: None,
            warns_at: None,
            warned: false,
            waits_for: None,
        }
    }

    /// Whether it has been failing for so long that a person is to know.
    pub fn struggles(&self, now: Moment) -> bool {
        self.warned || self.warns_at.is_some_and(|at| at <= now)
    }

    /// When somebody has to look at it again: its timer or its next attempt.
    pub fn wakes_at(&self) -> Option<Moment> {
        match (self.due, self.next_try) {
            (Some(due), Some(next)) => Some(due.min(next)),
            (due, next) => due.or(next),
        }
    }
}
