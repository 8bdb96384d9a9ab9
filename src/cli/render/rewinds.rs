//! Since when what an entry tells was asked for: by what went before it, or by the rewind or retry that made it happen once more.

use crate::history::{Moment, RunRow, Seq};

/// From which entry on a history was written anew, and when that began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rewinds(Vec<(Seq, Moment)>);

impl Rewinds {
    /// Those of a generation of a run.
    pub(crate) fn of(row: &RunRow, generation: u32) -> Self {
        let branches = row.branches.iter().filter(|branch| branch.generation == generation);
        Self(branches.map(|branch| (branch.from, branch.at)).collect())
    }

    /// How many milliseconds something took that was asked for at one time and came to its end, with this entry, at another.
    pub(crate) fn took(&self, seq: Seq, asked: Moment, ended: Moment) -> i64 {
        let anew = self.0.iter().filter(|(from, at)| *from <= seq && *at <= ended).map(|(_, at)| *at).max();
        ended.since_ms(anew.map_or(asked, |at| at.max(asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_once_more_is_counted_from_when_it_was_asked_for_anew() {
        let rewinds = Rewinds(vec![(Seq(4), Moment(1_000)), (Seq(2), Moment(5_000))]);
        let took = |seq, asked, ended| rewinds.took(Seq(seq), Moment(asked), Moment(ended));
        assert_eq!(took(1, 100, 300), 200, "it stayed");
        assert_eq!(took(2, 100, 5_300), 300);
        assert_eq!(took(5, 5_200, 5_300), 100, "asked for behind the rewind");
        assert_eq!(took(4, 100, 1_200), 200, "before the second rewind");
        assert_eq!(Rewinds::default().took(Seq(4), Moment(1), Moment(2)), 1);
    }
}
