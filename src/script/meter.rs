//! A meter: what a run may still do before it asks for something, and the limits that it comes to.

use super::looks::STRETCH_TIME;
use super::memory::STRETCH_BYTES;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// A limit of a stretch, which no script can catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many operations of the interpreter.
    Operations,
    /// Too much memory.
    Memory,
    /// Too much processor time.
    Time,
    /// A value of it is nested too deep.
    Depth,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Operations => {
                "it ran too many operations without asking for anything; it may loop for ever"
            }
            Self::Memory => "it took more than 64 MiB of memory without asking for anything",
            Self::Time => "it took more than 10 s of processor time without asking for anything",
            Self::Depth => "a value of it is nested more than 1000 deep",
        })
    }
}

/// What a run has left in this stretch, shared by its strands: operations, bytes of memory that it may still take, and processor time.
#[derive(Debug, Clone)]
pub struct Meter(pub(super) Rc<Left>);

#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) operations: Cell<u64>,
    pub(super) memory: Cell<isize>,
    time: Cell<Duration>,
}

impl Meter {
    /// A meter with that many operations.
    pub fn new(operations: u64) -> Self {
        let meter = Self(Rc::default());
        meter.refill(operations);
        meter
    }

    /// Whether no operations are left.
    pub fn is_empty(&self) -> bool {
        self.0.operations.get() == 0
    }

    /// Begins a new stretch.
    pub fn refill(&self, operations: u64) {
        self.0.operations.set(operations);
        self.0.memory.set(STRETCH_BYTES);
        self.0.time.set(STRETCH_TIME);
    }

    /// Takes processor time off; whether there was not so much.
    pub(super) fn spend(&self, time: Duration) -> bool {
        let left = self.0.time.get().checked_sub(time);
        self.0.time.set(left.unwrap_or_default());
        left.is_none()
    }

    /// The same with less processor time, whatever memory others take: for tests.
    #[cfg(test)]
    pub(super) fn hurried(self, time: Duration) -> Self {
        self.0.time.set(time);
        self.0.memory.set(isize::MAX);
        self
    }
}
