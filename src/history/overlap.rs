//! Overlap: what a start does where another run of the same script, or under the same key, has not ended.

use serde::{Deserialize, Serialize};

/// What a start does about runs that it would overlap with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverlapPolicy {
    /// Nothing is started.
    Skip,
    /// The new run waits until they have ended.
    Queue,
    /// They are asked to end, and the new run waits until they have.
    Cancel,
    /// The new run begins beside them.
    Allow,
}

impl OverlapPolicy {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::Cancel => "cancel",
            Self::Allow => "allow",
        }
    }
}
