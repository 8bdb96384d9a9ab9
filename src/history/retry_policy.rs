//! The retry policy of a command, as data: what the script asked for.

use serde::{Deserialize, Serialize};

/// How an effect is tried again: exponential back-off with a ceiling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// The wait after the first failure, in milliseconds.
    pub first_ms: i64,
    /// By which each wait is longer than the one before; at least 1.
    pub factor: f64,
    /// The longest wait, in milliseconds.
    pub max_ms: i64,
    /// The share of a wait, 0 to 1, by which chance may lengthen or shorten it.
    pub jitter: f64,
    /// How many attempts there may be; `None` is without end.
    pub attempts: Option<u32>,
    /// Failures of these types (or kinds) are permanent.
    pub except: Vec<String>,
    /// Where not empty: failures of all other types are permanent.
    pub only: Vec<String>,
    /// Whether a wait that the failed program or service asks for is kept.
    pub retry_after: bool,
}

impl RetryPolicy {
    /// The default of `activity`: 1 s, × 2, at most 100 s, jitter 10 %, without end.
    pub fn endless() -> Self {
        Self {
            first_ms: 1_000,
            factor: 2.0,
            max_ms: 100_000,
            jitter: 0.1,
            attempts: None,
            except: Vec::new(),
            only: Vec::new(),
            retry_after: true,
        }
    }

    /// The default of `exec` and `sh`: the same with five attempts.
    pub fn five_attempts() -> Self {
        Self { attempts: Some(5), ..Self::endless() }
    }
}
