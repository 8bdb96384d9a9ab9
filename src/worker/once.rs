//! `once`: a command under a key seeks its result alone; where there is one it is served, where it is sought it waits.

use super::attempt::{State, Verdict};
use super::executing::Executing;
use super::worker::Worker;
use crate::activity::Failed;
use crate::history::{Fact, Failure, OpId, RunNo, kind};
use crate::run::Work;
use crate::store::{Answer, Once, OnceChange, Request, StoreError};

/// How long a call waits before it asks again whether the result is there, in milliseconds.
const ASK_AGAIN_MS: i64 = 100;

impl Worker {
    /// Whether a command may seek the result of its key now. Where not, it has been served or waits.
    pub(super) fn take_once(&mut self, no: RunNo, op: OpId, key: &str) -> bool {
        let Some(run) = self.runs.get(no) else { return false };
        let epoch = run.epoch;
        let answer = self.store.ask(Request::TakeOnce { key: key.to_owned(), run: no, op, epoch });
        match answer {
            Ok(Answer::Once(once)) => match *once {
                Once::Taken => {
                    if let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) {
                        attempt.holds_once = true;
                    }
                    true
                }
                Once::Done { result, .. } => {
                    self.verdict(no, op, Verdict::Served(result));
                    false
                }
                Once::Sought { run, .. } => {
                    let waits_for =
                        format!("the result of once \"{key}\", which run {run} seeks (durun why {run})");
                    self.wait_for_once(no, op, waits_for);
                    false
                }
            },
            Err(StoreError::Fenced { .. } | StoreError::Ended { .. }) => {
                self.look_again(no);
                false
            }
            Ok(_) | Err(_) => {
                let failure = Failure::new(
                    kind::ACTIVITY,
                    "the store did not say whether the result of its once key is there",
                );
                self.verdict(no, op, Verdict::Failed(Failed::passing(failure)));
                false
            }
        }
    }

    fn wait_for_once(&mut self, no: RunNo, op: OpId, waits_for: String) {
        let at = self.clock.now().plus_ms(ASK_AGAIN_MS);
        if let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) {
            attempt.slot = None;
            attempt.state = State::Waits(at);
            let is_known = attempt.seeks.as_ref() == Some(&waits_for);
            attempt.seeks = Some(waits_for);
            if !is_known {
                self.keep_attempt(no, op, self.clock.monotonic());
            }
        }
    }
}

impl Executing {
    /// What an entry means for the `once` key of its command.
    pub(super) fn once_change(&self, fact: &Fact) -> Option<OnceChange> {
        let (op, is_completed) = match fact {
            // One that was served took no attempt of its own.
            Fact::ActivityCompleted(done) if done.attempts > 0 => (done.op, true),
            Fact::ActivityFailed(failed) => (failed.op, false),
            Fact::ActivityCompleted(_)
            | Fact::RunBegan { .. }
            | Fact::TimerFired(_)
            | Fact::SignalReceived(_)
            | Fact::TokenResolved(_)
            | Fact::QuestionAnswered(_)
            | Fact::UpdateAccepted(_)
            | Fact::UpdateCompleted(_)
            | Fact::LockGranted(_)
            | Fact::ChildEnded(_)
            | Fact::CancelRequested(_)
            | Fact::RunEnded(_)
            | Fact::RunRestarted(_)
            | Fact::Unknown { .. } => return None,
        };
        let key = self.once_key(op)?;
        Some(if is_completed { OnceChange::Completed { key, op } } else { OnceChange::Released { key, op } })
    }

    /// A command that holds its key ends without an outcome: others may seek the result.
    pub(super) fn release_once(&mut self, op: OpId) {
        if self.attempts.get(&op).is_some_and(|attempt| attempt.holds_once)
            && let Some(key) = self.once_key(op)
        {
            self.lazy.released.push(OnceChange::Released { key, op });
        }
    }

    fn once_key(&self, op: OpId) -> Option<String> {
        match &self.open.get(&op)?.work {
            Work::Effect { options, .. } => options.once.clone(),
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => None,
        }
    }
}
