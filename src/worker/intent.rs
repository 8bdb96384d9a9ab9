//! Intents: an at-most-once effect begins when it is on disk that it begins; a probe tells later whether it has happened.

use super::attempt::{Intent, State, Verdict};
use super::worker::Worker;
use crate::history::{Moment, OpId, RunNo, Value};

impl Worker {
    /// Puts the intent on disk; the effect begins when it is there.
    pub(super) fn intend(&mut self, no: RunNo, op: OpId) {
        let monotonic = self.clock.monotonic();
        let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        attempt.intent = Intent::Begun;
        attempt.state = State::Intends;
        self.keep_attempt(no, op, monotonic);
        if let Some(run) = self.runs.get_mut(no) {
            run.lazy.hurry(monotonic);
        }
    }

    /// What the probe found: nothing or `false` is "not done", so the effect begins; all else is its result.
    pub(super) fn probed(&mut self, no: RunNo, op: OpId, found: Value) {
        match found {
            Value::Null | Value::Bool(false) => {
                if let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) {
                    attempt.intent = Intent::Begun;
                    attempt.state = State::Waits(Moment(i64::MIN));
                    self.start_attempt(no, op);
                }
            }
            Value::Bool(true)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Map(_) => self.verdict(no, op, Verdict::Completed(found)),
        }
    }

    /// What was intended and never begun is withdrawn before the run is put down.
    pub(super) fn withdraw_intents(&mut self) {
        let monotonic = self.clock.monotonic();
        let all = self.runs.values().flat_map(|run| run.attempts.iter().map(|it| (run.no, it)));
        let intended: Vec<(RunNo, OpId)> = all
            .filter(|(_, (_, attempt))| matches!(attempt.state, State::Intends))
            .map(|(no, (op, _))| (no, *op))
            .collect();
        for (no, op) in intended {
            if let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) {
                attempt.intent = Intent::None;
                attempt.state = State::Waits(Moment(i64::MIN));
                self.keep_attempt(no, op, monotonic);
            }
        }
    }
}
