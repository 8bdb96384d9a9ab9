//! Putting runs down: nothing is lost, and nothing is left running.

use super::attempt::State;
use super::effects::{JobDone, News};
use super::executing::Phase;
use super::worker::{Finished, Input, Worker, WorkerError};
use crate::history::{RunNo, StoredStatus};
use crate::store::{Answer, Request, StoreError};
use std::sync::mpsc::Receiver;

impl Worker {
    /// Parks every run: children end, lazy records are written, claims are given up.
    pub(super) fn put_down(&mut self, patience: bool) -> Result<(), WorkerError> {
        let quiet = self.quiesce();
        self.withdraw_intents();
        self.effects.stop_all(patience);
        quiet?;
        let now = self.clock.now();
        let mut requests = Vec::new();
        for no in self.runs.numbers() {
            let Some(run) = self.runs.get_mut(no) else { continue };
            let (append, _) = run.append(None, now)?;
            requests.push(Request::Append(append));
            requests.push(Request::Release { run: run.no, epoch: run.epoch });
        }
        let answers = self.store.call(requests);
        for no in self.runs.numbers() {
            self.leave(no, Finished::Parked);
        }
        for answer in answers {
            match answer {
                Ok(_) | Err(StoreError::Fenced { .. } | StoreError::Ended { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Ends all effects and records the outcomes that came back meanwhile, so that nothing that was done is done again. What was
    /// cut off has no outcome.
    pub(super) fn stop_effects(
        &mut self,
        patience: bool,
        inputs: &Receiver<Input>,
    ) -> Result<(), WorkerError> {
        // What the script asks for next is begun by whoever goes on with it.
        self.finishing = true;
        let quiet = self.quiesce();
        self.withdraw_intents();
        self.effects.stop_all(patience);
        quiet?;
        while let Ok(input) = inputs.try_recv() {
            if let Input::News(news) = input
                && self.is_kept(&news)
            {
                self.take(Input::News(news));
            }
        }
        let outcomes: usize = self.runs.values().map(|run| run.outcomes.len()).sum();
        if outcomes > 0 {
            // Once more, as with the last of them a run may have ended.
            for _ in 0..=outcomes {
                self.advance()?;
                self.quiesce()?;
            }
        }
        Ok(())
    }

    /// Whether news that come at the end count: what was cut off has no outcome, and a body goes on with nothing.
    fn is_kept(&self, news: &News) -> bool {
        match news {
            News::Done(JobDone { key, result }) => {
                let attempt = self.runs.get(key.run).and_then(|run| run.attempts.get(&key.op));
                let is_whole = attempt.is_some_and(|attempt| match &attempt.state {
                    State::Job(job) => job == key,
                    State::Stopping { key: job, is_direct, .. } => job == key && !is_direct,
                    State::Waits(_) | State::Intends | State::Body(_) => false,
                });
                result.is_ok() && is_whole
            }
            News::Wrote { .. } | News::Heartbeat { .. } => true,
            News::Writes { .. } | News::Unkept(_) => false,
        }
    }

    /// Somebody else wrote to a run, or an append was refused: is it still ours?
    pub(super) fn look_again(&mut self, no: RunNo) {
        let Some(run) = self.runs.get(no) else { return };
        let epoch = run.epoch;
        match self.store.ask(Request::Snapshot { run: no }) {
            Ok(Answer::Snapshot(snapshot)) => match snapshot.row.status {
                StoredStatus::Ended(end) => self.leave(no, Finished::Ended(end)),
                StoredStatus::Open | StoredStatus::Stuck(_) if snapshot.row.epoch != epoch => {
                    self.leave(no, Finished::Lost);
                }
                StoredStatus::Open | StoredStatus::Stuck(_) => {
                    if let Some(run) = self.runs.get_mut(no) {
                        snapshot.inbox.into_iter().for_each(|message| run.inbox.accept(message));
                    }
                }
            },
            Ok(_) | Err(_) => {
                if !matches!(self.runs.get(no).map(|run| &run.phase), Some(Phase::Sliced)) {
                    self.leave(no, Finished::Lost);
                }
            }
        }
    }
}
