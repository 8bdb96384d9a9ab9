//! Updates, on the side of the executor: each is judged when its turn comes, and only what the script lets in becomes an entry.

use super::executing::{Executing, Phase};
use super::progress::Progress;
use super::worker::{Worker, WorkerError};
use crate::history::{Failure, Message, MessageBody, Moment, RunNo, UpdateAnswer, UpdateCompleted};
use crate::run::{Judged, NextInput};
use crate::store::{RefusedUpdate, Request, StoreError};

impl Worker {
    /// Refuses the updates that are next for a run and that its script does not let in: what is next then may be recorded.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails.
    pub(super) fn judge_updates(&mut self, no: RunNo, now: Moment) -> Result<(), WorkerError> {
        loop {
            let Some(run) = self.runs.get_mut(no) else { return Ok(()) };
            let Some(place) = run.next_update(now) else { return Ok(()) };
            let Some(live) = &run.run else {
                // Evicted: only the script itself can judge.
                self.revive(no);
                if self.runs.get(no).is_none_or(|run| run.run.is_none()) {
                    return Ok(());
                }
                continue;
            };
            let Some(message) = run.inbox.get(place).cloned() else { return Ok(()) };
            let MessageBody::Update { name, argument } = &message.body else { return Ok(()) };
            match live.judge(name, argument) {
                Judged::Accepted => return Ok(()),
                Judged::Later => run.held_updates.push(name.clone()),
                Judged::Refused(failure) => {
                    run.inbox.remove(place);
                    self.refuse(no, &message, failure)?;
                }
            }
        }
    }

    fn refuse(&mut self, no: RunNo, message: &Message, failure: Failure) -> Result<(), WorkerError> {
        let Some(run) = self.runs.get(no) else { return Ok(()) };
        let refused = RefusedUpdate { run: no, epoch: run.epoch, no: message.no, id: message.id, failure };
        match self.store.ask(Request::RefuseUpdate(Box::new(refused))) {
            Ok(_) => {}
            Err(StoreError::Fenced { .. } | StoreError::Ended { .. }) => self.look_again(no),
            Err(error) => return Err(error.into()),
        }
        if let MessageBody::Update { name, .. } = &message.body {
            let what = format!("update {name} refused");
            self.tell(no, Progress::UpdateAnswered { id: message.id, what });
        }
        Ok(())
    }
}

impl Executing {
    /// The place of the update that comes next, where one does.
    fn next_update(&self, now: Moment) -> Option<usize> {
        let is_update = |message: &Message| matches!(message.body, MessageBody::Update { .. });
        if !self.inbox.iter().any(is_update) {
            return None;
        }
        if !matches!(self.phase, Phase::Blocked) || self.next_seq.0 == 0 || !self.answers.is_empty() {
            return None;
        }
        match self.next_input(now)? {
            NextInput::Message(place) => self.inbox.get(place).is_some_and(is_update).then_some(place),
            NextInput::Outcome(_) | NextInput::Timer(_) => None,
        }
    }
}

/// What is told of an answer that is recorded.
pub(super) fn answered(completed: &UpdateCompleted) -> Progress {
    let how = match completed.answer {
        UpdateAnswer::Gave(_) => "answered",
        UpdateAnswer::Threw(_) => "failed",
        UpdateAnswer::Refused(_) => "refused",
    };
    Progress::UpdateAnswered { id: completed.message_id, what: format!("update {} {how}", completed.name) }
}
