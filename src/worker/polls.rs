//! Polls: a try that gave nothing yet is followed by another, and none of them is an outcome.

use super::attempt::Verdict;
use super::progress::Progress;
use super::worker::Worker;
use crate::activity::{is_not_yet, next_poll};
use crate::history::{CommandKind, Moment, OpId, RunNo};
use crate::run::Work;

impl Worker {
    /// Takes a verdict that means "not yet" for a poll, and sets its next try; gives back every other.
    pub(super) fn poll_again(
        &mut self,
        no: RunNo,
        op: OpId,
        verdict: Verdict,
        now: Moment,
    ) -> Option<Verdict> {
        let Some(run) = self.runs.get_mut(no) else { return Some(verdict) };
        let Some(command) = run.open.get(&op) else { return Some(verdict) };
        let (Work::Effect { options, .. }, CommandKind::Poll) = (&command.work, command.label.kind) else {
            return Some(verdict);
        };
        let failure = match verdict {
            Verdict::Completed(value) if is_not_yet(&value) => None,
            Verdict::Failed(failed) if !failed.permanent => Some(failed.failure),
            Verdict::Completed(_)
            | Verdict::Failed(_)
            | Verdict::Missed(_)
            | Verdict::Served(_)
            | Verdict::Fault(_) => return Some(verdict),
        };
        let attempt = run.attempts.get_mut(&op)?;
        attempt.timeout = None;
        attempt.slot = None;
        attempt.queued = None;
        attempt.failures = attempt.failures.saturating_add(1);
        let next_try = next_poll(&options.retry, attempt.failures, now, options.deadline);
        let (attempt_no, label) = (attempt.failures, command.label.clone());
        let (line, strand) = (command.line, command.strand.clone());
        let told = match failure {
            Some(failure) => {
                attempt.last_failure = Some(failure.clone());
                Progress::AttemptFailed { op, attempt: attempt_no, failure, next_try, attempts: None }
            }
            None => Progress::Waiting { op, label, due: next_try, line, strand, choices: Vec::new() },
        };
        self.tell(no, told);
        match next_try {
            Some(at) => self.try_again(no, op, at, now),
            None => self.missed(no, op),
        }
        None
    }

    /// Whatever waits for another attempt is tried now.
    pub(super) fn retry_now(&mut self, no: RunNo) {
        let now = self.clock.now();
        let Some(run) = self.runs.get_mut(no) else { return };
        for attempt in run.attempts.values_mut() {
            attempt.hurry(now);
        }
    }
}
