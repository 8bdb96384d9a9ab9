//! Queues: a run that is started in one begins only when the queue lets it.

use super::{Moment, Rate};
use serde::{Deserialize, Serialize};

/// A run's place in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePlace {
    /// The name of the queue.
    pub name: String,
    /// The highest goes first; among equals the one that was recorded first.
    pub priority: i32,
    /// When the queue let it begin; nothing while it waits.
    #[serde(default)]
    pub admitted_at: Option<Moment>,
}

/// What a queue lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueueLimits {
    /// How many of its runs may have begun and not ended.
    #[serde(default)]
    pub max_concurrent: Option<u32>,
    /// How often one may begin.
    #[serde(default)]
    pub rate: Option<Rate>,
}
