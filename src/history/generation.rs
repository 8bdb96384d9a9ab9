//! Generations: a run that ended its history and began the next one under the same id.

use super::{Message, Moment, OpId, RunNo, RunRow, Seq, Value};
use serde::{Deserialize, Serialize};

/// The script ended this history; the next one of the run begins with another input. Always the last entry of its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRestarted {
    /// The number of the generation that begins.
    pub generation: u32,
    /// What it begins with.
    #[serde(default)]
    pub input: Value,
}

/// How the next generation of a run begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restart {
    /// What its script sees as `input`.
    pub input: Value,
    /// What is left of the run's own time-out, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// Signals that were delivered and that the script never took: they are delivered again.
    pub unread: Vec<Message>,
}

/// The generation before the present one, which can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastGeneration {
    /// Its number.
    pub generation: u32,
    /// Where its entries lie.
    pub history: RunNo,
    /// How many there are.
    pub entries: Seq,
    /// The time of its last entry: that of the next generation does not go back behind it.
    pub ended_at: Moment,
}

/// Above every number of a run: where the histories of later generations lie.
const LATER: u64 = 1 << 63;
/// Bits of a generation in such a number.
const GENERATION_BITS: u32 = 28;

impl RunRow {
    /// What a command of the present generation is told by besides the run and its number.
    pub fn generation_of(&self, op: OpId) -> u32 {
        super::generation_of(self.generation, &self.branches, op)
    }

    /// Where the entries and log lines of the present generation lie, as if it were a run of that number.
    pub fn history_no(&self) -> RunNo {
        self.history.unwrap_or(self.no)
    }
}

impl RunNo {
    /// Whether it is no run's number, but stands for a later generation of one.
    #[must_use]
    pub fn is_of_later_generation(self) -> bool {
        self.0 >= LATER
    }

    /// Where the entries and log lines of a generation of this run lie, as if it were a run of that number. Of those that can be in the
    /// store at one time no two are the same.
    #[must_use]
    pub fn of_generation(self, generation: u32) -> Self {
        if generation == 0 {
            return self;
        }
        let generation = u64::from(generation) & ((1 << GENERATION_BITS) - 1);
        Self(LATER | (self.0 << GENERATION_BITS) | generation)
    }
}

/// Of an operation of a generation of a run: what a message of it is told by.
pub(super) fn parts(run: RunNo, generation: u32, op: OpId) -> [u8; 16] {
    let mut bytes = [0; 16];
    let all = run.0.to_be_bytes().into_iter().chain(generation.to_be_bytes()).chain(op.0.to_be_bytes());
    for (place, byte) in bytes.iter_mut().zip(all) {
        *place = byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_command_differ_where_the_command_does() {
        let all = [(1, 2, 3), (1, 3, 2), (2, 1, 3), (3, 2, 1)];
        let all = all.map(|(run, generation, op)| parts(RunNo(run), generation, OpId(op)));
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), 4);
        assert_eq!(parts(RunNo(1), 2, OpId(3)), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]);
    }
}
