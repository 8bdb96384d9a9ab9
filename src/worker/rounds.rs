//! Rounds: the next input of each blocked run is chosen, all are committed in one call, then each is delivered.

use super::executing::{Executing, InFlight, Phase};
use super::worker::{Worker, WorkerError};
use crate::history::{Fact, Seq};
use crate::store::{Answer, Request, StoreError};

impl Worker {
    /// One commit for all runs that have an input. False where none has.
    ///
    /// Many are committed beside the scripts. Where these take longer than a commit, the runs take turns in two halves: one is
    /// committed while what was answered to the other is delivered.
    pub(super) fn advance(&mut self) -> Result<bool, WorkerError> {
        if self.pipeline.is_busy() {
            match self.pipeline.answered() {
                0 => self.pipeline.wait(&self.store),
                count => self.hear_answers(count)?,
            }
            return Ok(true);
        }
        // Runs may have left with what was answered: that is something done, too.
        let heard = if self.pipeline.takes_turns() { 0 } else { self.pipeline.answered() };
        self.hear_answers(heard)?;
        let (requests, flights) = self.inputs_at_hand()?;
        if requests.is_empty() {
            let share = self.pipeline.share();
            self.hear_answers(share)?;
            return Ok(heard + share > 0);
        }
        for flight in &flights {
            if let Some(run) = self.runs.get_mut(flight.run) {
                run.under_way = Some(flight.from);
            }
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

    fn hear_answers(&mut self, count: usize) -> Result<(), WorkerError> {
        let began = self.clock.monotonic();
        for place in 1..=count {
            let Some((answer, flight)) = self.pipeline.next() else { break };
            self.answered(answer, flight)?;
            self.keep_room(place);
        }
        self.pipeline.measured(self.clock.monotonic().saturating_sub(began), count);
        Ok(())
    }

    /// The next input of each run that has one.
    fn inputs_at_hand(&mut self) -> Result<(Vec<Request>, Vec<InFlight>), WorkerError> {
        let now = self.clock.now();
        let mut requests = Vec::new();
        let mut flights = Vec::new();
        for no in self.runs.awake_numbers() {
            if self.runs.get(no).is_some_and(|run| run.under_way.is_some()) {
                continue;
            }
            let seed =
                self.runs.get(no).is_some_and(|run| run.next_seq == Seq(0)).then(|| self.next_chance());
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
                requests.push(Request::Append(Box::new(append)));
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
                requests.push(Request::Append(Box::new(append)));
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
    fn answered(&mut self, answer: Result<Answer, StoreError>, flight: InFlight) -> Result<(), WorkerError> {
        let is_it = |run: &&mut Executing| run.epoch == flight.epoch && run.under_way == Some(flight.from);
        if let Some(run) = self.runs.get_mut(flight.run).filter(is_it) {
            run.under_way = None;
        }
        match answer {
            Ok(Answer::Done) => {
                let (run, intents, hook) = (flight.run, flight.intents.clone(), flight.hook.clone());
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
            Err(error) => Err(error.into()),
        }
    }
}
