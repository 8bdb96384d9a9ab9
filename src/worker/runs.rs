//! The runs of a worker, and those among them that there may be something to do for: a turn costs what moves, not what waits.
//!
//! Whoever is touched is awake. At the end of a turn it is looked at once, and sleeps until it is touched again, or until
//! one of its times comes.

use super::beginning::Beginning;
use super::executing::Executing;
use super::waiting::Around;
use crate::history::{Moment, RunNo};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

/// When a run that sleeps is to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Alarm {
    /// On the wall clock.
    pub(super) due: Option<Moment>,
    /// On the monotonic clock.
    pub(super) limit: Option<Duration>,
}

/// How a run sleeps.
#[derive(Default)]
pub(super) struct Sleep {
    /// There may be something to do for it: it is not asleep.
    is_awake: bool,
    alarm: Alarm,
    /// Since when it has only waited, on the monotonic clock.
    pub(super) waits_since: Option<Duration>,
}

/// What a run was found to be when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// There is something to do for it now.
    Moves,
    /// Something of it is under way, and nothing is to be done before it comes back.
    IsUnderWay,
    /// Nothing is to be done before a timer, another try, a message or somebody else's doing.
    OnlyWaits,
}

/// Numbers that are given one after the other need no more to be spread.
#[derive(Default)]
struct ByNumber(u64);

impl Hasher for ByNumber {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The runs of a worker.
#[derive(Default)]
pub(super) struct Runs {
    /// Looked up some thirty times a step, and walked through seldom.
    all: HashMap<RunNo, Box<Executing>, BuildHasherDefault<ByNumber>>,
    awake: BTreeSet<RunNo>,
    due: BTreeSet<(Moment, RunNo)>,
    limits: BTreeSet<(Duration, RunNo)>,
    /// Those that were found only to wait, by when that began.
    waiting: BTreeSet<(Duration, RunNo)>,
    /// Those with attempts that wait for a slot.
    in_line: BTreeSet<RunNo>,
    /// Those that wait for their turn to begin.
    unbegun: BTreeSet<RunNo>,
}

impl Runs {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn has(&self, no: RunNo) -> bool {
        self.all.contains_key(&no)
    }

    pub(super) fn get(&self, no: RunNo) -> Option<&Executing> {
        self.all.get(&no).map(|run| &**run)
    }

    /// A run to be changed: it is awake from now on.
    pub(super) fn get_mut(&mut self, no: RunNo) -> Option<&mut Executing> {
        let run = self.all.get_mut(&no)?;
        if !std::mem::replace(&mut run.sleep.is_awake, true) {
            self.awake.insert(no);
        }
        Some(run)
    }

    pub(super) fn insert(&mut self, mut run: Box<Executing>) {
        drop(self.remove(run.no));
        run.sleep.is_awake = true;
        self.awake.insert(run.no);
        self.all.insert(run.no, run);
    }

    pub(super) fn remove(&mut self, no: RunNo) -> Option<Box<Executing>> {
        let mut run = self.all.remove(&no)?;
        self.awake.remove(&no);
        self.in_line.remove(&no);
        self.unbegun.remove(&no);
        self.set_alarm(no, std::mem::take(&mut run.sleep.alarm), Alarm::default());
        if let Some(since) = run.sleep.waits_since.take() {
            self.waiting.remove(&(since, no));
        }
        Some(run)
    }

    /// How many there may be something to do for.
    pub(super) fn count_awake(&self) -> usize {
        self.awake.len()
    }

    /// Has a run wait for its turn to begin.
    pub(super) fn hold(&mut self, no: RunNo, beginning: Beginning) {
        if let Some(run) = self.all.get_mut(&no) {
            run.beginning = Some(beginning);
            self.unbegun.insert(no);
        }
    }

    /// Whether others wait for their turn to begin.
    pub(super) fn has_unbegun(&self) -> bool {
        !self.unbegun.is_empty()
    }

    /// The next whose turn it is to begin, who was recorded first, and how it does: it is awake from now on.
    pub(super) fn next_to_begin(&mut self) -> Option<(RunNo, Beginning)> {
        let no = self.unbegun.pop_first()?;
        Some((no, self.get_mut(no)?.beginning.take()?))
    }

    /// All of them, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &Executing> {
        self.all.values().map(|run| &**run)
    }

    /// The numbers of all, in order.
    pub(super) fn numbers(&self) -> Vec<RunNo> {
        let mut all: Vec<RunNo> = self.all.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// The numbers of those that there may be something to do for.
    pub(super) fn awake_numbers(&self) -> Vec<RunNo> {
        self.awake.iter().copied().collect()
    }

    /// Those that there may be something to do for.
    pub(super) fn awake(&self) -> impl Iterator<Item = &Executing> {
        self.awake.iter().filter_map(|no| self.get(*no))
    }

    /// Every run is looked at in the next turn.
    pub(super) fn wake_all(&mut self) {
        for (no, run) in &mut self.all {
            run.sleep.is_awake = true;
            self.awake.insert(*no);
        }
    }

    /// Wakes those whose time has come.
    pub(super) fn wake_due(&mut self, now: Moment, monotonic: Duration) {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, no)| *no);
        let over = self.limits.iter().take_while(|(at, _)| *at <= monotonic).map(|(_, no)| *no);
        let woken: Vec<RunNo> = due.chain(over).collect();
        for no in woken {
            let _touched = self.get_mut(no);
        }
    }

    /// Wakes those that wait for a slot.
    pub(super) fn wake_in_line(&mut self) {
        for no in std::mem::take(&mut self.in_line) {
            let _touched = self.get_mut(no);
        }
    }

    /// The first alarm on each clock, of those that sleep.
    pub(super) fn first_alarm(&self) -> Alarm {
        Alarm { due: self.due.first().map(|(at, _)| *at), limit: self.limits.first().map(|(at, _)| *at) }
    }

    /// Looks at all that are awake: those that there is nothing to do for sleep.
    pub(super) fn settle(&mut self, around: Around) {
        for no in self.awake_numbers() {
            let Some(run) = self.all.get_mut(&no) else { continue };
            let rest = run.rest(around);
            let waits_since = match rest {
                Rest::OnlyWaits => run.sleep.waits_since.or(Some(around.monotonic)),
                Rest::IsUnderWay | Rest::Moves => None,
            };
            let before = std::mem::replace(&mut run.sleep.waits_since, waits_since);
            let alarm = if rest == Rest::Moves { Alarm::default() } else { run.next_alarm(around.finishing) };
            let alarm_before = std::mem::replace(&mut run.sleep.alarm, alarm);
            run.sleep.is_awake = rest == Rest::Moves;
            if !run.sleep.is_awake {
                self.awake.remove(&no);
                if run.is_in_line() {
                    self.in_line.insert(no);
                }
            }
            if before != waits_since {
                before.map(|since| self.waiting.remove(&(since, no)));
                waits_since.map(|since| self.waiting.insert((since, no)));
            }
            self.set_alarm(no, alarm_before, alarm);
        }
    }

    /// Those that were found only to wait, who has waited longest first, with since when on the monotonic clock.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (Duration, &Executing)> {
        self.waiting.iter().filter_map(|(since, no)| Some((*since, self.get(*no)?)))
    }

    fn set_alarm(&mut self, no: RunNo, before: Alarm, alarm: Alarm) {
        if before.due != alarm.due {
            before.due.map(|at| self.due.remove(&(at, no)));
            alarm.due.map(|at| self.due.insert((at, no)));
        }
        if before.limit != alarm.limit {
            before.limit.map(|at| self.limits.remove(&(at, no)));
            alarm.limit.map(|at| self.limits.insert((at, no)));
        }
    }
}
