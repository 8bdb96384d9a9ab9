//! A wall-clock instant in milliseconds since 1970-01-01T00:00:00Z, the only form in which time is stored.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC. May be negative; arithmetic saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// The latest instant that can be written: "never".
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `ms` milliseconds later (earlier, where negative).
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; negative where `earlier` is later.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
