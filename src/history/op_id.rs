//! The small numbers by which parts of one run are named: commands, entries, messages.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A command's number within its run: 0, 1, 2 … in the order in which the script asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u32);

/// An entry's place in the history of its run: 0, 1, 2 … in the order of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u32);

/// A message's number within its run: 1, 2, 3 … in the order of acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageNo(pub u64);

impl OpId {
    /// The timer of the run's own time-out.
    pub const RUN_TIMEOUT: Self = Self(u32::MAX);
    /// The timer of the grace that follows a request to end.
    pub const GRACE: Self = Self(u32::MAX - 1);

    /// Whatever tells somebody of a run: no command of its script.
    pub const NOTICE: Self = Self(u32::MAX - 3);

    /// The place of a run in a queue, as it is shown.
    pub const QUEUE: Self = Self(u32::MAX - 2);

    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Seq {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
