//! The end of a run with several strands: who decides it, and when it is reached.

use crate::history::{Failure, RunEnd, Value, kind};

/// What is known of the end while strands still run.
#[derive(Debug, Default)]
pub(super) struct Ending {
    value: Option<Value>,
    error: Option<Failure>,
}

impl Ending {
    /// Whether main still goes on and nothing was thrown.
    pub(super) fn is_open(&self) -> bool {
        self.value.is_none() && self.error.is_none()
    }

    /// Whether main has returned.
    pub(super) fn has_returned(&self) -> bool {
        self.value.is_some()
    }

    /// Whether an error has decided the end.
    pub(super) fn is_failing(&self) -> bool {
        self.error.is_some()
    }

    /// Main returned: its value is the result once all handlers have ended.
    pub(super) fn returned(&mut self, value: Value) {
        self.value = Some(value);
    }

    /// A strand threw. True where this is the first error and the others are to be cancelled.
    pub(super) fn threw(&mut self, is_main: bool, failure: Failure, by_cancel: bool) -> bool {
        // A handler that only obeyed the cancel decides nothing.
        if by_cancel && !is_main {
            return false;
        }
        let first = self.error.is_none();
        if first {
            self.error = Some(failure);
        }
        first && !by_cancel
    }

    /// How the run ends, once no strand is left.
    pub(super) fn end(&self, cancel: Option<&Failure>) -> Option<RunEnd> {
        match (&self.error, &self.value) {
            (Some(failure), _) if failure.kind == kind::CANCELLED && cancel.is_some() => {
                let reason =
                    failure.data.get("reason").and_then(Value::as_text).unwrap_or_default().to_owned();
                let by_timeout = failure.data.get("cause").and_then(Value::as_text) == Some("timeout");
                Some(if by_timeout { RunEnd::TimedOut { reason } } else { RunEnd::Cancelled { reason } })
            }
            (Some(failure), _) => Some(RunEnd::Failed { failure: failure.clone() }),
            (None, Some(value)) => Some(RunEnd::Completed { result: value.clone() }),
            (None, None) => None,
        }
    }
}
