//! Runs that only wait: they are put down when they have waited long enough, and cost nothing but their rows.

use super::attempt::State;
use super::executing::{Executing, Phase};
use super::queue::Queued;
use super::runs::{Alarm, Rest};
use super::worker::{Finished, Worker, WorkerError};
use crate::history::{MessageBody, Moment, OpId, RunNo};
use crate::run::{Work, timers};
use crate::store::{Request, StoreError};
use std::time::Duration;

/// What a run is looked at by.
#[derive(Clone, Copy)]
pub(super) struct Around {
    now: Moment,
    pub(super) monotonic: Duration,
    /// When those that wait for a rate ask again.
    rate_at: Option<Duration>,
    /// Whether nothing more is begun.
    pub(super) finishing: bool,
}

impl Worker {
    /// What its runs are looked at by now.
    pub(super) fn around(&self) -> Around {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        Around { now, monotonic, rate_at: self.ask_slots_at, finishing: self.finishing }
    }

    /// Puts down the runs that have only waited for as long as the settings say, and `make_way` more of those that only
    /// wait.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails.
    pub(super) fn put_down_waiting(&mut self, make_way: usize) -> Result<(), WorkerError> {
        if self.settings.park_after.is_none() && make_way == 0 && !self.finishing {
            return Ok(());
        }
        let around = self.around();
        let chosen: Vec<RunNo> = if self.finishing {
            let rests = |no: &RunNo| self.runs.get(*no).is_some_and(Executing::is_between_steps);
            self.runs.numbers().into_iter().filter(rests).collect()
        } else {
            let is_over = |since: Duration| {
                let patience = self.settings.park_after;
                patience.is_some_and(|patience| since.saturating_add(patience) <= around.monotonic)
            };
            let waiting = self.runs.waiting().enumerate();
            waiting
                .take_while(|(place, (since, _))| *place < make_way || is_over(*since))
                // Some may have been touched since they were looked at.
                .filter(|(_, (_, run))| run.rest(around) == Rest::OnlyWaits)
                .map(|(_, (_, run))| run.no)
                .collect()
        };
        if chosen.is_empty() { Ok(()) } else { self.put_down_these(&chosen, around.now) }
    }

    fn put_down_these(&mut self, chosen: &[RunNo], now: Moment) -> Result<(), WorkerError> {
        let mut requests = Vec::new();
        for no in chosen {
            let Some(run) = self.runs.get_mut(*no) else { continue };
            let (append, _) = run.append(None, now)?;
            requests.push(Request::Append(append));
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
        self.runs.waiting().next().map(|(since, _)| since.saturating_add(patience))
    }
}

impl Executing {
    /// What is to be done for it.
    pub(super) fn rest(&self, around: Around) -> Rest {
        if self.has_something_to_do(around) {
            Rest::Moves
        } else if self.only_waits(around) {
            Rest::OnlyWaits
        } else {
            Rest::IsUnderWay
        }
    }

    fn has_something_to_do(&self, around: Around) -> bool {
        let may_begin = self.may_begin(around.finishing);
        let is_due = self.attempts.values().any(|attempt| match &attempt.state {
            // Where it waits for a slot, it is woken when one is given back.
            State::Waits(at) => *at <= around.now && attempt.queued.is_none() && may_begin,
            State::Body(running) => running.reply.is_some(),
            State::Intends | State::Job(_) | State::Stopping { .. } => false,
        });
        let dispatches = self.goes_on() && !self.dispatches.is_empty();
        if is_due || dispatches || matches!(self.phase, Phase::Sliced) {
            return true;
        }
        // The answer of the store wakes it.
        if self.under_way.is_some() {
            return false;
        }
        if !self.answers.is_empty() || !self.outcomes.is_empty() {
            return true;
        }
        match self.phase {
            Phase::Sliced => true,
            Phase::Ending(_) | Phase::Restarting(_) => self.dying.is_empty(),
            Phase::Blocked if self.beginning.is_some() => false,
            Phase::Blocked if self.next_seq.0 == 0 => {
                self.queued.is_none() || self.next_admission().is_some_and(|at| at <= around.monotonic)
            }
            Phase::Blocked => self.next_input(around.now).is_some(),
            Phase::Stuck(_) => false,
        }
    }

    /// When it is to be looked at again although nothing came for it. What would then find nothing to do is left out: it would be
    /// looked at without rest.
    pub(super) fn next_alarm(&self, is_finishing: bool) -> Alarm {
        let timers = timers(&self.open).map(|(_, due)| due).filter(|_| self.goes_on());
        let waiting = self.attempts.values().filter(|attempt| attempt.queued.is_none());
        let tries = waiting.filter_map(|attempt| attempt.next_try());
        let tries = tries.filter(|_| self.may_begin(is_finishing));
        let limits = self.next_limit_monotonic().into_iter().chain(self.next_admission());
        Alarm {
            due: timers.chain(tries).chain(self.next_limit()).min(),
            limit: limits.chain(self.lazy.deadline()).min(),
        }
    }

    /// Whether its script takes what comes.
    fn goes_on(&self) -> bool {
        matches!(self.phase, Phase::Blocked | Phase::Sliced)
    }

    /// Whether attempts of it may begin. Also while the script computes: what it asked for before is on disk.
    pub(super) fn may_begin(&self, is_finishing: bool) -> bool {
        !is_finishing && self.goes_on() && self.dying.is_empty()
    }

    /// Whether it was asked to end, or its time is over, and that is delivered before long: nothing begins any more that would be cut off.
    pub(super) fn is_to_end(&self, now: Moment) -> bool {
        let time = self.open.get(&OpId::RUN_TIMEOUT);
        let is_over = time.is_some_and(|time| matches!(time.work, Work::Timer { due, .. } if due <= now));
        is_over || self.inbox.iter().any(|message| matches!(message.body, MessageBody::Cancel { .. }))
    }

    /// Whether an attempt of it waits for a slot.
    pub(super) fn is_in_line(&self) -> bool {
        self.attempts.values().any(|attempt| attempt.queued.is_some())
    }

    /// Where there is nothing to do now: whether there is nothing before a timer, another try, a message or somebody else's doing.
    fn only_waits(&self, around: Around) -> bool {
        self.is_between_steps()
            && self.beginning.is_none()
            && self.queued.as_ref().is_none_or(Queued::was_refused)
            && self.attempts.values().all(|attempt| match attempt.state {
                // A slot that others of this worker have is given back soon; a rate is a time.
                State::Waits(_) if attempt.queued.is_some() => {
                    around.rate_at.is_some_and(|at| at > around.monotonic)
                }
                State::Waits(at) => at > around.now,
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
