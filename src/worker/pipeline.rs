//! The pipeline: while the appends of some runs are committed, the scripts of others go on.
//!
//! A run whose append is under way is told nothing and records nothing before that append is acknowledged. Few appends are
//! committed on the spot: a lone run pays for no thread.

use super::executing::InFlight;
use crate::store::{Answer, Request, Store, StoreError};
use crate::timer::Clock;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// From so many appends on they are given to the other thread.
const WORTH_A_THREAD: usize = 16;

/// Where appends are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committing {
    /// Always on the spot.
    AtOnce,
    /// Many of them beside the scripts, in a thread.
    Beside,
    /// As beside, but in this thread, when the answers are waited for: for simulations.
    Later,
}

/// What a store says to a batch.
type Answers = Vec<Result<Answer, StoreError>>;

/// The appends that are under way, and those that were answered and not looked at yet.
pub(super) struct Pipeline {
    how: Committing,
    lane: Option<Lane>,
    under_way: Option<Batch>,
    answered: VecDeque<(Result<Answer, StoreError>, InFlight)>,
    pace: Pace,
}

/// What a round takes, as it was last measured.
#[derive(Default)]
struct Pace {
    /// The commit of a batch.
    commit: Duration,
    /// The script of one run.
    script: Duration,
    /// The runs of the last batch and of the one before.
    batches: [u32; 2],
    /// Whether the runs take turns.
    takes_turns: bool,
}

impl Pace {
    /// Runs that take turns cost a sync more: that pays where scripts take longer than a commit.
    fn choose(&mut self) {
        let [last, before] = self.batches;
        let runs = if self.takes_turns { last.saturating_add(before) } else { last };
        self.takes_turns = self.script.saturating_mul(runs) > self.commit;
    }
}

/// A batch that is not answered.
struct Batch {
    /// What is still to be asked; nothing where the lane has it.
    requests: Vec<Request>,
    flights: Vec<InFlight>,
}

/// The other thread.
struct Lane {
    requests: Option<Sender<Vec<Request>>>,
    answers: Receiver<(Answers, Duration)>,
    thread: Option<JoinHandle<()>>,
}

impl Pipeline {
    pub(super) fn new(how: Committing) -> Self {
        Self { how, lane: None, under_way: None, answered: VecDeque::new(), pace: Pace::default() }
    }

    /// Whether a batch is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// How many appends are under way or answered and not looked at.
    pub(super) fn count(&self) -> usize {
        self.answered.len() + self.under_way.as_ref().map_or(0, |batch| batch.flights.len())
    }

    /// Takes the answers to the batch under way where they are there, without waiting.
    pub(super) fn look(&mut self) {
        // A batch that is done in this thread is done when its answers are waited for.
        let Some(lane) = self.lane.as_ref().filter(|_| self.is_busy()) else { return };
        if let Ok((answers, took)) = lane.answers.try_recv() {
            self.pace.commit = took;
            self.take(answers);
        }
    }

    fn take(&mut self, answers: Answers) {
        let flights = self.under_way.take().map(|batch| batch.flights).unwrap_or_default();
        self.answered.extend(answers.into_iter().zip(flights));
    }

    /// How many answers wait to be looked at.
    pub(super) fn answered(&self) -> usize {
        self.answered.len()
    }

    /// Whether a batch goes while answers wait to be looked at.
    pub(super) fn takes_turns(&self) -> bool {
        match self.how {
            Committing::AtOnce => false,
            Committing::Beside => self.pace.takes_turns,
            Committing::Later => true,
        }
    }

    /// How many of them are looked at before the next batch goes: half, and all where they are few.
    pub(super) fn share(&self) -> usize {
        let count = self.answered.len();
        if self.takes_turns() && count >= 2 * self.worth() { count / 2 } else { count }
    }

    /// So long the scripts of so many runs took.
    pub(super) fn measured(&mut self, took: Duration, count: usize) {
        if count >= WORTH_A_THREAD {
            self.pace.script = took / u32::try_from(count).unwrap_or(u32::MAX);
        }
    }

    /// The next answer.
    pub(super) fn next(&mut self) -> Option<(Result<Answer, StoreError>, InFlight)> {
        self.answered.pop_front()
    }

    /// Whether a batch of so many is committed beside the scripts.
    pub(super) fn takes(&self, count: usize) -> bool {
        !self.is_busy() && self.how != Committing::AtOnce && count >= self.worth()
    }

    pub(super) fn worth(&self) -> usize {
        if self.how == Committing::Beside { WORTH_A_THREAD } else { 1 }
    }

    /// Sends a batch on its way.
    pub(super) fn send(
        &mut self,
        (store, clock): (&Arc<dyn Store>, &Arc<dyn Clock>),
        requests: Vec<Request>,
        flights: Vec<InFlight>,
    ) {
        self.pace.batches = [u32::try_from(flights.len()).unwrap_or(u32::MAX), self.pace.batches[0]];
        self.pace.choose();
        let unsent = match self.lane(store, clock) {
            Some(requests_to) => requests_to.send(requests).map_err(|unsent| unsent.0).err(),
            None => Some(requests),
        };
        self.under_way = Some(Batch { requests: unsent.unwrap_or_default(), flights });
    }

    /// Waits until the batch under way is answered.
    pub(super) fn wait(&mut self, store: &Arc<dyn Store>) {
        let Some(batch) = &mut self.under_way else { return };
        let requests = std::mem::take(&mut batch.requests);
        let count = batch.flights.len();
        if !requests.is_empty() {
            return self.take(store.call(requests));
        }
        let answered = self.lane.as_ref().and_then(|lane| lane.answers.recv().ok());
        let (answers, took) = answered.unwrap_or_else(|| {
            let message = "the thread that commits is gone".to_owned();
            (vec![Err(StoreError::Protocol { message }); count], Duration::ZERO)
        });
        self.pace.commit = took;
        self.take(answers);
    }

    /// Where batches are sent; nowhere where this thread does them itself, as it also does where the system gives no other.
    fn lane(&mut self, store: &Arc<dyn Store>, clock: &Arc<dyn Clock>) -> Option<&Sender<Vec<Request>>> {
        if self.how != Committing::Beside {
            return None;
        }
        if self.lane.is_none() {
            let (store, clock) = (Arc::clone(store), Arc::clone(clock));
            let (requests, asked) = channel::<Vec<Request>>();
            let (answer, answers) = channel();
            let commit = move || {
                while let Ok(requests) = asked.recv() {
                    let began = clock.monotonic();
                    let answers = store.call(requests);
                    if answer.send((answers, clock.monotonic().saturating_sub(began))).is_err() {
                        return;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("worker-commits".to_owned()).spawn(commit).ok()?;
            self.lane = Some(Lane { requests: Some(requests), answers, thread: Some(thread) });
        }
        self.lane.as_ref()?.requests.as_ref()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // What was sent is committed: the thread holds the store until then.
        self.requests.take();
        drop(self.thread.take().map(JoinHandle::join));
    }
}
