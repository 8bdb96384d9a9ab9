//! Putting runs down: nothing is lost, and nothing is left running.

use super::executing::Phase;
use super::worker::{Finished, Worker, WorkerError};
use crate::history::{RunNo, StoredStatus};
use crate::store::{Answer, Request, StoreError};

impl Worker {
    /// Parks every run: children end, lazy records are written, claims are given up.
    pub(super) fn put_down(&mut self, patience: bool) -> Result<(), WorkerError> {
        self.withdraw_intents();
        self.effects.stop_all(patience);
        let now = self.clock.now();
        let mut requests = Vec::new();
        for run in self.runs.values_mut() {
            let (append, _) = run.append(None, now)?;
            requests.push(Request::Append(Box::new(append)));
            requests.push(Request::Release { run: run.no, epoch: run.epoch });
        }
        let answers = self.store.call(requests);
        let numbers: Vec<RunNo> = self.runs.keys().copied().collect();
        for no in numbers {
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

    /// Somebody else wrote to a run, or an append was refused: is it still ours?
    pub(super) fn look_again(&mut self, no: RunNo) {
        let Some(run) = self.runs.get(&no) else { return };
        let epoch = run.epoch;
        match self.store.ask(Request::Snapshot { run: no }) {
            Ok(Answer::Snapshot(snapshot)) => match snapshot.row.status {
                StoredStatus::Ended(end) => self.leave(no, Finished::Ended(end)),
                StoredStatus::Open | StoredStatus::Stuck(_) if snapshot.row.epoch != epoch => {
                    self.leave(no, Finished::Lost);
                }
                StoredStatus::Open | StoredStatus::Stuck(_) => {
                    if let Some(run) = self.runs.get_mut(&no) {
                        snapshot.inbox.into_iter().for_each(|message| run.accept(message));
                    }
                }
            },
            Ok(_) | Err(_) => {
                if !matches!(self.runs.get(&no).map(|run| &run.phase), Some(Phase::Sliced)) {
                    self.leave(no, Finished::Lost);
                }
            }
        }
    }
}
