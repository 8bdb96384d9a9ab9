//! What an attempt comes to: a value, or a failure and what is known of another try.

use crate::history::{Failure, Value};

/// An attempt that gave a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The value.
    pub value: Value,
    /// The end of what it wrote on stderr.
    pub stderr: String,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// Why.
    pub failure: Failure,
    /// Whether another attempt is pointless.
    pub permanent: bool,
    /// When it asks to be tried again, in milliseconds, where it says so.
    pub retry_after_ms: Option<i64>,
}

impl Failed {
    /// A failure that may pass.
    pub fn passing(failure: Failure) -> Self {
        Self { failure, permanent: false, retry_after_ms: None }
    }

    /// A failure that no other attempt will mend.
    pub fn for_good(failure: Failure) -> Self {
        Self { failure, permanent: true, retry_after_ms: None }
    }
}
