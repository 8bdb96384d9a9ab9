//! The end of a run with several strands: who decides it, and when it is reached.

use crate::history::{Failure, OpId, RunEnd, Value, kind};

/// Where a failure keeps what went wrong in the undos, and in the handler of the failure.
pub(super) const UNDO_FAILURES: &str = "undo_failures";
const HANDLER_FAILURE: &str = "on_failure_error";

/// What is known of the end while strands still run.
#[derive(Debug, Default)]
pub(super) struct Ending {
    value: Option<Value>,
    error: Option<Failure>,
    /// What went wrong in undos.
    undos: Vec<Value>,
    /// What went wrong in the handler of the failure.
    handler: Option<Value>,
    /// The first command of that handler, where it has begun.
    handler_op: Option<OpId>,
    /// What the next generation begins with, where main ended by `restart_with`.
    restart: Option<Value>,
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

    /// Main ends this history: once all handlers have ended the next generation begins.
    pub(super) fn restarts(&mut self, input: Value) {
        self.restart = Some(input);
    }

    /// What the next generation begins with; nothing where an error has decided otherwise.
    pub(super) fn restart(&self) -> Option<&Value> {
        self.restart.as_ref().filter(|_| self.error.is_none())
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

    /// The error that decides the end.
    pub(super) fn error(&self) -> Option<&Failure> {
        self.error.as_ref()
    }

    /// The run ends by taking back what it did, however far its script had come.
    pub(super) fn abandoned(&mut self, failure: Failure) {
        if self.error.is_none() {
            self.value = None;
            self.error = Some(failure);
        }
    }

    /// What went wrong in undos is told beside the error.
    pub(super) fn failed_undos(&mut self, failed: Vec<Value>) {
        self.undos.extend(failed);
    }

    /// What went wrong in the handler of the failure is told beside the error.
    pub(super) fn failed_handler(&mut self, failure: &Failure) {
        self.handler = Some(failure.to_value());
    }

    /// The handler of the failure begins, and this is the number that its first command gets.
    pub(super) fn handler_begins(&mut self, next: OpId) {
        self.handler_op = Some(next);
    }

    /// See [`Run::on_failure_op`](super::run::Run::on_failure_op).
    pub(super) fn handler_op(&self) -> Option<OpId> {
        self.handler_op
    }

    /// The error with what went wrong after it.
    fn told(&self, error: &Failure) -> Failure {
        let mut failure = error.clone();
        if !self.undos.is_empty() {
            failure = failure.with(UNDO_FAILURES, Value::List(self.undos.clone()));
        }
        if let Some(handler) = &self.handler {
            failure = failure.with(HANDLER_FAILURE, handler.clone());
        }
        failure
    }

    /// How the run ends, once no strand is left.
    pub(super) fn end(&self, cancel: Option<&Failure>) -> Option<RunEnd> {
        // A generation that is over when the run is asked to end is the last.
        let error = self.error.as_ref().or_else(|| cancel.filter(|_| self.restart.is_some()));
        match (error, &self.value) {
            (Some(failure), _)
                if failure.kind == kind::CANCELLED && cancel.is_some() && self.undos.is_empty() =>
            {
                let reason =
                    failure.data.get("reason").and_then(Value::as_text).unwrap_or_default().to_owned();
                Some(match failure.data.get("cause").and_then(Value::as_text) {
                    Some("timeout") => RunEnd::TimedOut { reason },
                    Some("undo") => RunEnd::Terminated { reason },
                    Some(_) | None => RunEnd::Cancelled { reason },
                })
            }
            (Some(failure), _) => Some(RunEnd::Failed { failure: self.told(failure) }),
            (None, _) if self.restart.is_some() => None,
            (None, Some(value)) => Some(RunEnd::Completed { result: value.clone() }),
            (None, None) => None,
        }
    }
}
