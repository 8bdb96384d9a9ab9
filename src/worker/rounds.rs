//! Rounds: the next input of each blocked run is chosen, all are committed in one call, then each is delivered.

use super::executing::{Executing, InFlight, Phase};
use super::worker::{Worker, WorkerError};
use crate::history::{Fact, Seq};
use crate::store::{Answer, Request, StoreError};

/// So many appends are worth a sync of their own while answers to others wait to be looked at.
const WORTH_A_BATCH: usize = 64;
/// So many answers are delivered before it is looked whether the batch under way is on disk.
const LOOK_EACH: usize = 16;

impl Worker {
    /// One commit for all runs that have an input. False where none has.
    ///
    /// Many are committed beside the scripts. Where these take longer than a commit, the runs take turns: a batch is committed while
    /// what was answered to others is delivered, and the next goes as soon as it is on disk.
    pub(super) fn advance(&mut self) -> Result<bool, WorkerError> {
        let mut heard = 0;
        if self.pipeline.is_busy() {
            match self.pipeline.answered() {
                0 => self.pipeline.wait(&self.store),
                count => heard += self.hear_answers(count)?,
            }
            if self.pipeline.is_busy() {
                return Ok(true);
            }
        }
        // Runs may have left with what was answered: that is something done, too.
        let wanted = if self.pipeline.takes_turns() {
            self.batch().saturating_sub(self.runs.count_awake())
        } else {
            usize::MAX
        };
        heard += self.hear_answers(wanted)?;
        let (requests, flights) = self.inputs_at_hand()?;
        if requests.is_empty() {
            heard += self.hear_answers(self.pipeline.share())?;
            return Ok(heard > 0);
        }
        if self.pipeline.takes(requests.len()) {
            self.pipeline.send((&self.store, &self.clock), requests, flights);
        } else {
            self.commit(requests, flights)?;
        }
        Ok(true)
    }

    /// Nothing is under way any more, and all that was answered is delivered.
    pub(super) fn quiesce(&mut self) -> Result<(), WorkerError> {
        while self.pipeline.is_busy() || self.pipeline.answered() > 0 {
            self.pipeline.wait(&self.store);
            self.hear_answers(self.pipeline.answered())?;
        }
        Ok(())
    }

    /// So many appends are a batch while answers to others wait to be looked at.
    fn batch(&self) -> usize {
        (self.moving() / 2).clamp(self.pipeline.worth(), WORTH_A_BATCH)
    }

    /// Delivers what was answered, so many at most: where a batch is under way, until it is on disk and there is enough for the next.
    fn hear_answers(&mut self, most: usize) -> Result<usize, WorkerError> {
        let (began, batch, is_beside) = (self.clock.monotonic(), self.batch(), self.pipeline.is_busy());
        let mut heard = 0;
        while heard < most
            && let Some((answer, flight)) = self.pipeline.next()
        {
            self.answered(answer, flight)?;
            heard += 1;
            self.keep_room(heard);
            if is_beside && heard >= batch && heard.is_multiple_of(LOOK_EACH) {
                self.pipeline.look();
                if !self.pipeline.is_busy() {
                    break;
                }
            }
        }
        self.pipeline.measured(self.clock.monotonic().saturating_sub(began), heard);
        Ok(heard)
    }

    /// The next input of each run that has one, which is under way from now on.
    fn inputs_at_hand(&mut self) -> Result<(Vec<Request>, Vec<InFlight>), WorkerError> {
        let now = self.clock.now();
        let mut requests = Vec::new();
        let mut flights = Vec::new();
        for no in self.runs.awake_numbers() {
            let rests = |run: &&Executing| run.under_way.is_none() && run.beginning.is_none();
            let Some(run) = self.runs.get(no).filter(rests) else { continue };
            let seed = (run.next_seq == Seq(0)).then(|| self.next_chance());
            if seed.is_some() && !self.may_begin(no) {
                continue;
            }
            self.judge_updates(no, now)?;
            let Some(run) = self.runs.get_mut(no) else { continue };
            let fact = match seed {
                Some(seed) if matches!(run.phase, Phase::Blocked) => Some(Fact::RunBegan { seed }),
                Some(_) | None => run.choose(now),
            };
            if let Some(fact) = fact {
                let (append, flight) = run.append(Some(fact), now)?;
                run.under_way = Some(flight.from);
                requests.push(Request::Append(append));
                flights.push(flight);
            }
        }
        Ok((requests, flights))
    }

    /// Writes lazy records whose time has come.
    pub(super) fn flush_lazy(&mut self) -> Result<bool, WorkerError> {
        let monotonic = self.clock.monotonic();
        self.flush_lazy_until(monotonic)
    }

    /// Writes all lazy records now, for somebody who is about to look at the store.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails.
    pub fn write_lazy(&mut self) -> Result<(), WorkerError> {
        self.quiesce()?;
        self.flush_lazy_until(std::time::Duration::MAX).map(drop)
    }

    fn flush_lazy_until(&mut self, monotonic: std::time::Duration) -> Result<bool, WorkerError> {
        let now = self.clock.now();
        let mut requests = Vec::new();
        let mut flights = Vec::new();
        // Whatever waits to be written rings when it has waited long enough.
        let all = monotonic == std::time::Duration::MAX;
        let numbers = if all { self.runs.numbers() } else { self.runs.awake_numbers() };
        for no in numbers {
            if self.runs.get(no).is_none_or(|run| run.lazy.deadline().is_none()) {
                continue;
            }
            let Some(run) = self.runs.get_mut(no) else { continue };
            // Where an input is at hand, they ride along with it in the next round.
            let waits = all || !(run.has_input() || run.under_way.is_some());
            if waits && run.lazy.deadline().is_some_and(|deadline| deadline <= monotonic) {
                let (append, flight) = run.append(None, now)?;
                requests.push(Request::Append(append));
                flights.push(flight);
            }
        }
        if requests.is_empty() {
            return Ok(false);
        }
        self.commit(requests, flights)?;
        Ok(true)
    }

    /// Commits; delivers what is on disk, and only that.
    fn commit(&mut self, requests: Vec<Request>, flights: Vec<InFlight>) -> Result<(), WorkerError> {
        let answers = self.store.call(requests);
        let mut failed = Ok(());
        for (place, (answer, flight)) in answers.into_iter().zip(flights).enumerate() {
            failed = self.answered(answer, flight).and(failed);
            self.keep_room(place + 1);
        }
        failed
    }

    /// What the store said to an append.
    fn answered(
        &mut self,
        answer: Result<Answer, StoreError>,
        mut flight: InFlight,
    ) -> Result<(), WorkerError> {
        let is_it = |run: &&mut Executing| run.epoch == flight.epoch && run.under_way == Some(flight.from);
        if let Some(run) = self.runs.get_mut(flight.run).filter(is_it) {
            run.under_way = None;
        }
        match answer {
            Ok(Answer::Done) => {
                let (run, intents, hook) =
                    (flight.run, std::mem::take(&mut flight.intents), flight.hook.take());
                self.committed(flight);
                if let Some(hook) = hook {
                    self.take_up_hook(&hook);
                }
                for op in intents {
                    self.intended(run, op);
                }
                Ok(())
            }
            Ok(_) => Err(StoreError::strange("an append").into()),
            Err(StoreError::Fenced { .. } | StoreError::Ended { .. }) => {
                self.look_again(flight.run);
                Ok(())
            }
            Err(StoreError::Heard { .. }) => {
                // What its script was to hear is not so: the script is made once more from what the store has, and what is under way stays.
                if let Some(run) = self.runs.get_mut(flight.run) {
                    run.run = None;
                    self.revive(flight.run);
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}
