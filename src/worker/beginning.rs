//! Beginnings: only so many runs move at a time, and others that were recorded wait for their turn to begin.
//!
//! The scripts of two hundred runs stay in the caches of a processor and those of a thousand do not: who has begun goes on before
//! others begin. Runs that wait for something do not count, and with every turn one more begins however many move, so that nobody
//! waits for long runs to end.

use super::worker::Worker;
use crate::history::Entry;

/// So many runs move at a time where more could.
pub(super) const MOVING: usize = 192;

/// How a run begins that waits for its turn.
pub(super) enum Beginning {
    /// Its first entry is to be recorded.
    ToRecord,
    /// It was recorded with this one.
    Recorded(Entry),
}

impl Worker {
    /// How many runs there may be something to do for, or have something that is being committed.
    pub(super) fn moving(&self) -> usize {
        self.runs.count_awake() + self.pipeline.count()
    }

    /// Whether a run that was just taken up may begin at once.
    pub(super) fn may_begin_now(&self) -> bool {
        // It is one of those that move.
        !self.runs.has_unbegun() && self.moving() <= self.settings.moving
    }

    /// Begins the runs whose turn it is. False where none waits for it.
    pub(super) fn begin_next(&mut self) -> bool {
        if self.finishing || !self.runs.has_unbegun() {
            return false;
        }
        for _ in 0..self.settings.moving.saturating_sub(self.moving()).max(1) {
            match self.runs.next_to_begin() {
                Some((no, Beginning::Recorded(first))) => self.deliver(no, &first),
                // It is awake: the next round records its first entry.
                Some((_, Beginning::ToRecord)) => {}
                None => break,
            }
        }
        true
    }
}
