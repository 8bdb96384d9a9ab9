//! The next generation of a run: its executor goes on with it, under the same claim.

use super::progress::Progress;
use super::worker::{Finished, Worker};
use crate::history::{MessageBody, RunNo};

impl Worker {
    /// The end of a generation is on disk: the next begins.
    pub(super) fn next_generation(&mut self, no: RunNo) {
        let Some(old) = self.runs.remove(&no) else { return };
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
        let Some(run) = self.runs.get_mut(&no) else { return };
        // What was told and is not on disk yet; what is, is known by its id.
        for message in old.inbox {
            match message.body {
                MessageBody::Signal { .. } | MessageBody::Update { .. } | MessageBody::Cancel { .. } => {
                    run.accept(message);
                }
                MessageBody::Resolve { .. }
                | MessageBody::Answer { .. }
                | MessageBody::Grant { .. }
                | MessageBody::ChildEnded { .. } => {}
            }
        }
    }
}
