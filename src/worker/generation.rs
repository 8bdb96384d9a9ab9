//! The next generation of a run: its executor goes on with it, under the same claim.

use super::progress::Progress;
use super::worker::{Finished, Worker};
use crate::history::{Message, MessageBody, MessageId, RunNo};

impl Worker {
    /// A message that the store tells of. It may have been told before the run began anew or was rewound: what was accepted by then
    /// was in the inbox when the run was taken up, or had been heard, by a generation before perhaps. And one that is about a command
    /// of then is not for the command that has its number now.
    pub(super) fn take_message(&mut self, no: RunNo, message: Message) {
        let Some(run) = self.runs.get_mut(no) else { return };
        // One that was only offered is told again, under its own number, when it is in the inbox.
        if message.no <= run.last_known {
            return;
        }
        let is_first = run.generation == 0 && run.branches.is_empty();
        let its = match &message.body {
            MessageBody::ChildEnded { op, .. } => {
                message.id == MessageId::of_child(no, run.generation_of(*op), *op)
            }
            MessageBody::Answer { question, .. } => {
                message.id == MessageId::of_question(&run.id, run.generation_of(*question), *question)
            }
            // Nothing of it says of which generation it is; the inbox has only those of this one.
            MessageBody::Grant { .. } if !is_first => return self.look_again(no),
            MessageBody::Grant { .. }
            | MessageBody::Signal { .. }
            | MessageBody::Cancel { .. }
            | MessageBody::Resolve { .. }
            | MessageBody::Update { .. } => true,
        };
        if its {
            run.inbox.accept(message);
        }
    }

    /// The end of a generation is on disk: the next begins.
    pub(super) fn next_generation(&mut self, no: RunNo) {
        let Some(old) = self.runs.remove(no) else { return };
        for key in old.attempts.values().filter_map(|attempt| attempt.job()) {
            self.effects.stop(key);
        }
        if self.adopt(no, old.epoch).is_err() {
            // Whoever takes it up next is told why.
            self.tell(no, Progress::Parked);
            self.finished.push((no, Finished::Parked));
            return;
        }
        self.tell(no, Progress::Restarted { generation: old.generation.saturating_add(1) });
        let Some(run) = self.runs.get_mut(no) else { return };
        // What was told and is not on disk yet; what is, is known by its id.
        for message in old.inbox {
            match message.body {
                MessageBody::Signal { .. } | MessageBody::Update { .. } | MessageBody::Cancel { .. } => {
                    run.inbox.accept(message);
                }
                MessageBody::Resolve { .. }
                | MessageBody::Answer { .. }
                | MessageBody::Grant { .. }
                | MessageBody::ChildEnded { .. } => {}
            }
        }
    }
}
