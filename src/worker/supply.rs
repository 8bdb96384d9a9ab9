//! Where a worker gets runs from while it drives: nowhere, or from somebody who looks for what is due.

use super::worker::{Finished, Worker, WorkerError};
use crate::history::RunNo;
use crate::store::Request;
use std::time::Duration;

/// So many runs are read in one call: their snapshots are in memory at once.
const TOGETHER: usize = 64;

/// What a supply wants of the worker, asked once a round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish {
    /// Runs that this process has claimed, with their epochs: to be taken up.
    pub adopt: Vec<(RunNo, u64)>,
    /// So many runs that only wait are to be put down, those first that have waited longest: others want their places.
    pub make_way: usize,
    /// Nothing more is to be begun: each run is put down as soon as no attempt of it is under way.
    pub finish: bool,
    /// The open children of what is taken up are taken up with it, where nobody executes them.
    pub with_children: bool,
    /// Whether there may be more runs when the worker has none.
    pub is_open: bool,
}

/// Gives a worker runs while it drives.
pub trait Supply {
    /// What it wants of a worker that has so many runs.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails: the worker stops.
    fn wish(&mut self, held: usize) -> Result<Wish, WorkerError>;

    /// The store tells of a run that nobody executes and that may have something to do; of any where none is named.
    fn heard(&mut self, run: Option<RunNo>);

    /// A run has left the worker.
    fn left(&mut self, run: RunNo, how: Finished);

    /// A run could not be taken up; its claim was given back.
    fn refused(&mut self, run: RunNo, why: WorkerError);

    /// How long the worker may wait before it asks again.
    fn patience(&self) -> Duration;
}

impl Worker {
    /// Puts down what only waits, tells what has left, takes up what is wished; whether there may be more.
    pub(super) fn take_in(&mut self, supply: &mut dyn Supply) -> Result<bool, WorkerError> {
        let wish = supply.wish(self.runs.len())?;
        if wish.finish && !self.finishing {
            self.finishing = true;
            self.runs.wake_all();
        }
        self.put_down_waiting(wish.make_way)?;
        let is_more = !wish.adopt.is_empty();
        for claimed in wish.adopt.chunks(TOGETHER) {
            for (adopted, (run, epoch)) in self.adopt_all(claimed).into_iter().zip(claimed) {
                if let Err(error) = adopted {
                    // Whoever takes it up next may have more luck; its claim is fenced off where even that fails.
                    drop(self.store.ask(Request::Release { run: *run, epoch: *epoch }));
                    supply.refused(*run, error);
                }
            }
            self.keep_room(TOGETHER);
        }
        if is_more && wish.with_children {
            self.take_up_children()?;
        }
        if is_more {
            self.make_room();
        }
        self.tell_left(supply);
        Ok(wish.is_open)
    }

    /// Tells the supply of the runs that have left.
    pub(super) fn tell_left(&mut self, supply: &mut dyn Supply) {
        for (run, how) in self.take_finished() {
            supply.left(run, how);
        }
    }
}

/// No more than the worker has; remembers how each left.
#[derive(Default)]
pub(super) struct NoMore {
    pub(super) finished: Vec<(RunNo, Finished)>,
}

impl Supply for NoMore {
    fn wish(&mut self, _held: usize) -> Result<Wish, WorkerError> {
        Ok(Wish::default())
    }

    fn heard(&mut self, _run: Option<RunNo>) {}

    fn left(&mut self, run: RunNo, how: Finished) {
        self.finished.push((run, how));
    }

    fn refused(&mut self, _run: RunNo, _why: WorkerError) {}

    fn patience(&self) -> Duration {
        Duration::MAX
    }
}
