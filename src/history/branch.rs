//! Branches: the end of a history that was set aside, so that the run could go on from an earlier entry. Nothing of it is lost.

use super::{Checksum, MessageId, Moment, OpId, RunNo, Seq};
use serde::{Deserialize, Serialize};

/// The most branches that one run may have.
pub const MOST_BRANCHES: usize = 200;
/// Bits of a generation in what its commands are told by; above them stands the number of the rewind that made them new.
const GENERATION_BITS: u32 = 24;

/// Entries that were set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The generation that they are of.
    pub generation: u32,
    /// The first of them.
    pub from: Seq,
    /// The one after the last.
    pub until: Seq,
    /// Where they lie.
    pub history: RunNo,
    /// The checksum that the first is chained to.
    pub chained_to: Checksum,
    /// When they were set aside.
    pub at: Moment,
    /// Which commands were made new; nothing after a retry, whose commands are tried again as what they were.
    #[serde(default)]
    pub again: Option<Again>,
    /// By which a request sent again is known.
    pub nonce: MessageId,
}

/// The commands that a rewind made new: what they do is done once more, under keys of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Again {
    /// This one and all later ones.
    pub from: OpId,
    /// And these, which the script had asked for before, and whose outcomes were set aside.
    #[serde(default)]
    pub also: Vec<OpId>,
    /// Waits and sleeps that the script had asked for before and that were over: their time counts from the rewind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timed: Vec<OpId>,
}

impl Again {
    /// Whether it made this command new.
    pub fn is_of(&self, op: OpId) -> bool {
        (op >= self.from && op < OpId::GRACE) || self.also.contains(&op)
    }
}

/// From when the time of a command counts: from when the script asked, or from the last rewind that counts it anew.
pub fn counted_from(generation: u32, branches: &[Branch], op: OpId, asked: Moment) -> Moment {
    let counts = |branch: &&Branch| {
        branch.generation == generation
            && branch.again.as_ref().is_some_and(|again| again.timed.contains(&op))
    };
    branches.iter().filter(counts).map(|branch| branch.at).fold(asked, Moment::max)
}

/// What a command is told by besides its run and its number: the generation, and the last rewind that made it new.
pub fn generation_of(generation: u32, branches: &[Branch], op: OpId) -> u32 {
    let new = |branch: &Branch| {
        branch.generation == generation && branch.again.as_ref().is_some_and(|again| again.is_of(op))
    };
    let rewind = branches.iter().rposition(new).map_or(0, |place| place + 1);
    generation | (u32::try_from(rewind).unwrap_or(0) << GENERATION_BITS)
}

/// The generation, and the number of the rewind, that a command is told by.
pub fn generation_parts(told_by: u32) -> (u32, u32) {
    (told_by & ((1 << GENERATION_BITS) - 1), told_by >> GENERATION_BITS)
}

/// Where the entries of a run's `n`-th branch lie, as if it were a run of that number.
pub fn branch_no(run: RunNo, n: usize) -> RunNo {
    let n = u64::try_from(n).unwrap_or(u64::MAX) & 0xffff;
    RunNo((0b11 << 62) | (run.0 << 16) | n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(generation: u32, again: Option<Again>) -> Branch {
        Branch {
            generation,
            from: Seq(1),
            until: Seq(2),
            history: branch_no(RunNo(1), 0),
            chained_to: Checksum(1),
            at: Moment(0),
            again,
            nonce: MessageId::default(),
        }
    }

    #[test]
    fn only_what_a_rewind_made_new_is_told_by_another_generation() {
        let again = |from, also: &[u32]| {
            let also = also.iter().copied().map(OpId).collect();
            Some(Again { from: OpId(from), also, timed: Vec::new() })
        };
        let branches =
            [branch(0, again(5, &[3])), branch(0, None), branch(0, again(8, &[])), branch(1, again(0, &[]))];
        let parts = |generation, op| generation_parts(generation_of(generation, &branches, OpId(op)));
        assert_eq!([2, 3, 4, 5, 7, 8].map(|op| parts(0, op).1), [0, 1, 0, 1, 1, 3]);
        assert_eq!(parts(1, 0), (1, 4));
        assert_eq!(parts(2, 9), (2, 0), "a later generation is new anyway");
    }

    #[test]
    fn time_counts_from_the_last_rewind_that_counts_it_anew_where_that_is_behind_the_asking() {
        let timed = |generation, at, op| {
            let again = Again { from: OpId(9), also: Vec::new(), timed: vec![OpId(op)] };
            Branch { at: Moment(at), ..branch(generation, Some(again)) }
        };
        let branches = [timed(0, 20, 3), timed(0, 10, 3), timed(0, 15, 4), branch(0, None), timed(1, 50, 3)];
        let from = |generation, op, asked| counted_from(generation, &branches, OpId(op), Moment(asked)).0;
        assert_eq!([from(0, 3, 5), from(0, 4, 5), from(0, 5, 5), from(1, 3, 5)], [20, 15, 5, 50]);
        assert_eq!(from(0, 3, 30), 30, "another command has that number now");
    }

    #[test]
    fn a_rewind_without_waits_is_written_as_before() {
        let again = Again { from: OpId(2), also: vec![OpId(1)], timed: Vec::new() };
        let before = rmp_serde::to_vec(&(OpId(2), vec![OpId(1)])).expect("encodes");
        assert_eq!(rmp_serde::to_vec(&again).expect("encodes"), before);
        assert_eq!(rmp_serde::from_slice::<Again>(&before).expect("decodes"), again);
        let timed = Again { timed: vec![OpId(1)], ..again };
        let bytes = rmp_serde::to_vec(&timed).expect("encodes");
        assert_eq!(rmp_serde::from_slice::<Again>(&bytes).expect("decodes"), timed);
    }

    #[test]
    fn no_branch_lies_where_a_generation_does() {
        let branches = [(1, 0), (1, 1), (2, 0)].map(|(run, n)| branch_no(RunNo(run), n));
        let generations = [(1, 1), (1, 2), (2, 1)].map(|(run, number)| RunNo(run).of_generation(number));
        let all: std::collections::BTreeSet<_> = branches.iter().chain(&generations).collect();
        assert_eq!(all.len(), 6);
    }
}
