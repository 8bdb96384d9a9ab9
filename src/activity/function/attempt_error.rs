//! Why an attempt of a function failed, and what is known of another try.

use crate::activity::outcome::Failed;
use crate::history::{Failure, Value, kind};
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why an attempt failed; tried again by the policy of the script unless it is permanent.
///
/// `?` makes one of every error: its message with those of its sources behind it. What the script catches has the kind
/// `activity`, the message, `err.type` where [`of_type`](Self::of_type) says one, and the fields of [`with`](Self::with).
///
/// ```
/// use durun::AttemptError;
/// use std::time::Duration;
///
/// let busy = AttemptError::new("the bank is busy").retry_after(Duration::from_secs(30));
/// let declined = AttemptError::permanent("no money").of_type("card_declined").with("limit", 500);
/// assert_eq!((busy.to_string(), declined.is_permanent()), ("the bank is busy".to_owned(), true));
/// ```
pub struct AttemptError(Failed);

impl AttemptError {
    /// A failure that may pass.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Failed::passing(Failure::new(kind::ACTIVITY, message)))
    }

    /// A failure that no other attempt will mend.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self(Failed::for_good(Failure::new(kind::ACTIVITY, message)))
    }

    /// The same with a word for its type: what `except` and `only` of a retry policy name, and `err.type` is.
    #[must_use]
    pub fn of_type(self, name: &str) -> Self {
        self.with("type", name)
    }

    /// The same with one more field of what the script catches.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.failure.data.insert(field.to_owned(), value.into());
        self
    }

    /// The same with the wish that the next attempt begin no sooner than this, to the millisecond.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after_ms = Some(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        self
    }

    /// Whether no other attempt is made.
    pub fn is_permanent(&self) -> bool {
        self.0.permanent
    }

    pub(super) fn failed(self) -> Failed {
        self.0
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.failure.message)
    }
}

impl fmt::Debug for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// It is no [`Error`] itself, so that every error can become one.
impl<E: Error> From<E> for AttemptError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(next) = source {
            let more = next.to_string();
            // Some errors repeat the words of their source.
            if !message.ends_with(&more) {
                message = format!("{message}: {more}");
            }
            source = next.source();
        }
        Self::new(message)
    }
}
