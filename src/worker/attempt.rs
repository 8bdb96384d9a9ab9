//! What is known of the attempts of one command, and where the one under way stands.

use super::body_host::BodyHost;
use super::effects::JobKey;
use super::slots::{Slot, Ticket};
use crate::activity::Failed;
use crate::history::{Failure, Moment, Pending, Stuck, Value};
use crate::script::{Reply, Strand};
use std::rc::Rc;
use std::time::Duration;

/// What is known of the attempts of one command.
pub(super) struct Attempt {
    /// How many have failed.
    pub(super) failures: u32,
    pub(super) last_failure: Option<Failure>,
    /// Since when it has been failing.
    pub(super) failing_since: Option<Moment>,
    /// Whether a person was told of it.
    pub(super) warned: bool,
    /// The details of the last heartbeat, of this or an earlier attempt.
    pub(super) heartbeat: Option<Value>,
    /// Of an at-most-once effect: whether it has begun.
    pub(super) intent: Intent,
    /// It holds the `once` key of its command.
    pub(super) holds_once: bool,
    /// The result under a `once` key that another call seeks, in words.
    pub(super) seeks: Option<String>,
    /// What it waits for although its time has come, and its place in that queue.
    pub(super) queued: Option<Queued>,
    /// Its share of the machine, while it is under way.
    pub(super) slot: Option<Slot>,
    /// When the attempt under way times out, on the monotonic clock.
    pub(super) timeout: Option<Duration>,
    /// When the attempt under way began or last gave a heartbeat, on the monotonic clock.
    pub(super) alive: Duration,
    pub(super) state: State,
}

/// Whether an at-most-once effect has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// It has not, or its outcome is known.
    None,
    /// Its intent is on disk, or about to be.
    Begun,
    /// It had begun, and whether it happened is not known: a crash hid it, or it was cut off.
    Unknown,
}

/// A place in a queue.
pub(super) struct Queued {
    /// What for, in words.
    pub(super) waits_for: String,
    /// Who came first begins first.
    pub(super) ticket: Ticket,
}

pub(super) enum State {
    /// Waits for its time.
    Waits(Moment),
    /// Its intent is being written.
    Intends,
    /// A job is under way.
    Job(JobKey),
    /// A body of the script runs; a direct call of its may be under way.
    Body(Box<Running>),
    /// It is being stopped; when its job is over, this is what it came to.
    Stopping { key: JobKey, is_direct: bool, verdict: Box<Verdict> },
}

pub(super) struct Running {
    pub(super) strand: Strand,
    pub(super) host: Rc<BodyHost>,
    pub(super) reply: Option<Reply>,
    pub(super) job: Option<JobKey>,
    /// The failure of a direct call that no other attempt would mend.
    pub(super) refused: Option<Failure>,
    /// Whether it only looks whether the effect has happened.
    pub(super) is_probe: bool,
}

/// What an attempt came to.
pub(super) enum Verdict {
    Completed(Value),
    Failed(Failed),
    /// Its time is over for good, whatever its attempts came to.
    Missed(Failure),
    /// The result that another call had under the same `once` key.
    Served(Value),
    /// A mistake in the script: no outcome.
    Fault(Box<Stuck>),
}

impl Attempt {
    /// Nothing was tried yet.
    pub(super) fn fresh() -> Self {
        Self {
            failures: 0,
            last_failure: None,
            failing_since: None,
            warned: false,
            heartbeat: None,
            intent: Intent::None,
            holds_once: false,
            seeks: None,
            queued: None,
            slot: None,
            timeout: None,
            alive: Duration::ZERO,
            state: State::Waits(Moment(i64::MIN)),
        }
    }

    /// As the store remembers it.
    pub(super) fn remembered(row: &Pending) -> Self {
        let next_try = row.next_try.filter(|_| !row.is_untouched());
        Self {
            failures: row.failures,
            last_failure: row.last_failure.clone(),
            failing_since: row.failing_since,
            warned: row.warned,
            heartbeat: row.heartbeat.clone(),
            intent: if row.begun { Intent::Unknown } else { Intent::None },
            state: State::Waits(next_try.unwrap_or(Moment(i64::MIN))),
            ..Self::fresh()
        }
    }

    /// Writes what is to be remembered into the pending row.
    pub(super) fn remember(&self, row: &mut Pending) {
        row.failures = self.failures;
        row.last_failure.clone_from(&self.last_failure);
        row.failing_since = self.failing_since;
        row.warned = self.warned;
        row.next_try = self.next_try();
        row.heartbeat.clone_from(&self.heartbeat);
        row.begun = self.intent != Intent::None;
        let queued = self.queued.as_ref().map(|queued| queued.waits_for.clone());
        row.waits_for = queued.or_else(|| self.seeks.clone());
    }

    /// When the next attempt begins, where it waits for one.
    pub(super) fn next_try(&self) -> Option<Moment> {
        match self.state {
            // Waiting for ever is having none: its script is stuck, or its outcome is there.
            State::Waits(at) if at.0 > i64::MIN && at < Moment::MAX => Some(at),
            State::Waits(_) | State::Intends | State::Job(_) | State::Body(_) | State::Stopping { .. } => {
                None
            }
        }
    }

    /// Where it waits for its time, its time is now.
    pub(super) fn hurry(&mut self, now: Moment) {
        match &mut self.state {
            State::Waits(at) if *at > now => *at = now,
            State::Waits(_) | State::Intends | State::Job(_) | State::Body(_) | State::Stopping { .. } => {}
        }
    }

    /// Whether its time has come.
    pub(super) fn is_due(&self, now: Moment) -> bool {
        matches!(self.state, State::Waits(at) if at <= now)
    }

    /// The job under way.
    pub(super) fn job(&self) -> Option<JobKey> {
        match &self.state {
            State::Waits(_) | State::Intends => None,
            State::Job(key) | State::Stopping { key, .. } => Some(*key),
            State::Body(running) => running.job,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Waits(_))
    }
}
