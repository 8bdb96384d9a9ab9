//! Queues: a run that has not begun asks until its queue lets it.

use super::executing::Executing;
use super::progress::Progress;
use super::worker::Worker;
use crate::history::{CommandKind, CommandLabel, OpId, RunId, RunNo};
use crate::store::{Admission, Answer, Request, Snapshot, StoreError};
use std::time::Duration;

/// How long it waits before it asks again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A run that waits in a queue.
#[derive(Default)]
pub(super) struct Queued {
    ask_at: Duration,
    told: Option<String>,
    /// Whether it began before, and was opened again: its script is not loaded yet.
    has_begun: bool,
    /// The runs in its way that were told of: those that are stuck, and those that nobody goes on with.
    held: (Vec<RunId>, Vec<RunId>),
}

impl Worker {
    /// Whether a run that has not begun may. One that has, and was opened again, goes on from here.
    pub(super) fn may_begin(&mut self, no: RunNo) -> bool {
        let monotonic = self.clock.monotonic();
        let Some(run) = self.runs.get_mut(no) else { return false };
        let epoch = run.epoch;
        let Some(queued) = &mut run.queued else { return true };
        if queued.ask_at > monotonic {
            return false;
        }
        queued.ask_at = monotonic + ASK_AGAIN;
        match self.store.ask(Request::Admit { run: no, epoch }) {
            Ok(Answer::Admission(Admission::Admitted)) => {
                let queued = run.queued.take().unwrap_or_default();
                if queued.told.is_some() {
                    self.tell(no, Progress::Settled { op: OpId::QUEUE });
                }
                if queued.has_begun {
                    self.revive(no);
                }
                !queued.has_begun
            }
            Ok(Answer::Admission(Admission::Waits { waits_for, stuck, idle })) => {
                let is_new = queued.told.as_ref() != Some(&waits_for);
                queued.told = Some(waits_for.clone());
                let held = (stuck, idle);
                let is_held = held != (Vec::new(), Vec::new()) && queued.held != held;
                queued.held.clone_from(&held);
                if is_new {
                    let label = CommandLabel { kind: CommandKind::Queue, name: waits_for };
                    self.tell(
                        no,
                        Progress::Waiting {
                            op: OpId::QUEUE,
                            label,
                            due: None,
                            line: None,
                            strand: None,
                            choices: Vec::new(),
                        },
                    );
                }
                if is_held {
                    self.tell(no, Progress::Held { by: held.0, idle: held.1 });
                }
                false
            }
            Err(StoreError::Fenced { .. } | StoreError::Ended { .. }) => {
                self.look_again(no);
                false
            }
            // Asked again: what the store cannot say now it may say later, or the next append tells its error.
            Ok(_) | Err(_) => false,
        }
    }
}

impl Queued {
    /// The place of a run that its queue has not let in.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let place = snapshot.row.queue.as_ref().filter(|place| place.admitted_at.is_none());
        place.map(|_| Self { has_begun: snapshot.entries.0 > 0, ..Self::default() })
    }

    /// Whether the queue was asked and let it wait.
    pub(super) fn was_refused(&self) -> bool {
        self.told.is_some()
    }
}

impl Executing {
    /// When it asks its queue again.
    pub(super) fn next_admission(&self) -> Option<Duration> {
        self.queued.as_ref().map(|queued| queued.ask_at)
    }
}
