//! Runs that only wait: they are put down when they have waited long enough, and cost nothing but their rows.

use super::attempt::State;
use super::executing::{Executing, Phase};
use super::worker::{Finished, Worker, WorkerError};
use crate::history::{Moment, RunNo};
use crate::store::{Request, StoreError};
use std::time::Duration;

impl Worker {
    /// Puts down the runs that have only waited for as long as the settings say, and `make_way` more of those that only
    /// wait.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails.
    pub(super) fn put_down_waiting(&mut self, make_way: usize) -> Result<(), WorkerError> {
        if self.settings.park_after.is_none() && make_way == 0 && !self.finishing {
            return Ok(());
        }
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let (finishing, rate_at) = (self.finishing, self.ask_slots_at);
        let mut waiting: Vec<(Duration, RunNo)> = Vec::new();
        for run in self.runs.values_mut() {
            let rests =
                if finishing { run.is_between_steps() } else { run.only_waits(now, monotonic, rate_at) };
            if rests {
                waiting.push((*run.waits_since.get_or_insert(monotonic), run.no));
            } else {
                run.waits_since = None;
            }
        }
        waiting.sort_unstable();
        let is_over = |since: Duration| {
            finishing
                || self
                    .settings
                    .park_after
                    .is_some_and(|patience| since.saturating_add(patience) <= monotonic)
        };
        let over = waiting.iter().filter(|(since, _)| is_over(*since)).count();
        let chosen: Vec<RunNo> = waiting.iter().take(over.max(make_way)).map(|(_, no)| *no).collect();
        if chosen.is_empty() { Ok(()) } else { self.put_down_these(&chosen, now) }
    }

    fn put_down_these(&mut self, chosen: &[RunNo], now: Moment) -> Result<(), WorkerError> {
        let mut requests = Vec::new();
        for no in chosen {
            let Some(run) = self.runs.get_mut(no) else { continue };
            let (append, _) = run.append(None, now)?;
            requests.push(Request::Append(Box::new(append)));
            requests.push(Request::Release { run: run.no, epoch: run.epoch });
        }
        let answers = self.store.call(requests);
        for no in chosen {
            self.leave(*no, Finished::Parked);
        }
        for answer in answers {
            match answer {
                Ok(_) | Err(StoreError::Fenced { .. } | StoreError::Ended { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// How long until a run that only waits is to be put down.
    pub(super) fn next_put_down(&self) -> Option<Duration> {
        let patience = self.settings.park_after?;
        self.runs.values().filter_map(|run| run.waits_since).map(|since| since.saturating_add(patience)).min()
    }
}

impl Executing {
    /// Whether nothing is to be done for it before a timer, another try, a message or somebody else's doing.
    fn only_waits(&self, now: Moment, monotonic: Duration, rate_at: Option<Duration>) -> bool {
        self.is_between_steps()
            && self.dispatches.is_empty()
            && match &self.queued {
                Some(queued) => queued.was_refused(),
                None => self.next_seq.0 > 0 && self.next_input(now).is_none(),
            }
            && self.attempts.values().all(|attempt| match attempt.state {
                // A slot that others of this worker have is given back soon; a rate is a time.
                State::Waits(_) if attempt.queued.is_some() => rate_at.is_some_and(|at| at > monotonic),
                State::Waits(at) => at > now,
                State::Intends | State::Job(_) | State::Body(_) | State::Stopping { .. } => false,
            })
    }

    /// Whether nothing of it is under way, and nothing that has come back is still to be recorded.
    fn is_between_steps(&self) -> bool {
        matches!(self.phase, Phase::Blocked)
            && self.under_way.is_none()
            && self.outcomes.is_empty()
            && self.answers.is_empty()
            && self.dying.is_empty()
            && !self.attempts.values().any(|attempt| attempt.is_under_way())
    }
}
