//! Looks that a strand takes at itself now and then, where the operations alone do not bound it: its processor time, the depth of its values.

use super::meter::Meter;
use crate::timer::thread_time;
use rhai::{Array, Dynamic, FnPtr, Map};
use std::cell::Cell;
use std::time::Duration;

/// The processor time that a stretch may take. It is no part of how a run goes on: the operations end a loop before, and a run that was
/// stopped is tried anew whenever somebody goes on with it. It is there for few operations that each take ever longer.
pub(super) const STRETCH_TIME: Duration = Duration::from_secs(10);
/// How deep the values of a script may nest; the engine copies, compares, shows and drops them recursively, on the strand's stack.
const DEPTH: usize = 1000;
/// So many operations go by before the first look at the processor time of a strand that was resumed.
const FIRST: u64 = 64;
/// At most so many go by between two.
const MOST: u64 = 512;
/// A look is worth it after so much processor time.
const WORTH: Duration = Duration::from_millis(1);
/// One of so many variables that are read is looked at. A prime: each variable that a loop reads has its turn.
const READS: u32 = 61;
/// How many values one look visits.
const VISITS: u32 = 4000;
/// How many elements of a collection it visits, from its beginning and from its end.
const ELEMENTS: usize = 8;

/// When a strand looked last.
#[derive(Default)]
pub(super) struct Looks {
    time: Cell<Option<Duration>>,
    every: Cell<u64>,
    left: Cell<u64>,
    reads: Cell<u32>,
}

impl Looks {
    /// The strand is resumed: what the thread did meanwhile was for others.
    pub(super) fn begin(&self) {
        self.time.set(None);
        self.every.set(FIRST);
        self.left.set(FIRST);
    }

    /// How many operations go by before the next look at the processor time.
    pub(super) fn left(&self) -> u64 {
        self.left.get()
    }

    /// So many have gone by.
    pub(super) fn pass(&self, operations: u64) {
        self.left.set(self.left.get().saturating_sub(operations));
    }

    /// Called at an operation that did not go by: whether the processor time is used up.
    pub(super) fn is_out_of_time(&self, meter: &Meter) -> bool {
        match self.left.get() {
            0 => self.look(meter),
            left => {
                self.left.set(left - 1);
                false
            }
        }
    }

    fn look(&self, meter: &Meter) -> bool {
        let now = thread_time();
        let spent = self.time.replace(Some(now)).map(|before| now.saturating_sub(before));
        let every = match spent {
            Some(spent) if spent > WORTH => self.every.get() / 4,
            Some(_) | None => self.every.get() * 2,
        };
        self.every.set(every.clamp(1, MOST));
        self.left.set(self.every.get());
        meter.spend(spent.unwrap_or_default())
    }

    /// Called at each variable that is read: whether it is one to look at.
    pub(super) fn is_due(&self) -> bool {
        let reads = self.reads.get() + 1;
        self.reads.set(reads % READS);
        reads == READS
    }
}

/// Whether a value nests too deep, as far as a look of bounded length can tell: it goes down at each collection before it goes on in it.
pub(super) fn is_too_deep(value: &Dynamic) -> bool {
    let mut visits = VISITS;
    is_deeper(value, DEPTH, &mut visits)
}

fn is_deeper(value: &Dynamic, depth: usize, visits: &mut u32) -> bool {
    *visits = visits.saturating_sub(1);
    if *visits == 0 {
        return false;
    }
    let Some(below) = depth.checked_sub(1) else { return true };
    // What is captured may hold itself, and is looked at when it is read.
    let inner = |value: &Dynamic, visits: &mut u32| !value.is_shared() && is_deeper(value, below, visits);
    if let Some(array) = value.read_lock::<Array>() {
        ends(array.len()).any(|at| array.get(at).is_some_and(|value| inner(value, visits)))
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().take(ELEMENTS).chain(map.values().rev().take(ELEMENTS)).any(|value| inner(value, visits))
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        function.iter_curry().any(|value| inner(value, visits))
    } else {
        false
    }
}

/// The places at both ends of a list.
fn ends(length: usize) -> impl Iterator<Item = usize> {
    (0..length.min(ELEMENTS)).chain(length.saturating_sub(ELEMENTS).max(ELEMENTS)..length)
}
