//! Since when what an entry tells was asked for: by what went before it, or by the rewind or retry that made it happen once more.

use crate::history::{Moment, RunRow, Seq};

/// From which entry on a history was written anew, and when that began; and when its run was put under another text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rewinds {
    anew: Vec<(Seq, Moment)>,
    edits: Vec<(Seq, Moment)>,
}

impl Rewinds {
    /// Those of a generation of a run.
    pub(crate) fn of(row: &RunRow, generation: u32) -> Self {
        let branches = row.branches.iter().filter(|branch| branch.generation == generation);
        let edits = row.edits.iter().filter(|edit| edit.generation == generation);
        Self {
            anew: branches.map(|branch| (branch.from, branch.at)).collect(),
            edits: edits.map(|edit| (edit.before, edit.at)).collect(),
        }
    }

    /// How many milliseconds something took that was asked for at one time and came to its end, with this entry, at another.
    ///
    /// Nobody executes a run while its text is changed, and a mistake of the script is no attempt: what ended after that with its
    /// first attempt had begun it after that. Failed attempts are told with their number, and are counted with their waits.
    pub(crate) fn took(&self, seq: Seq, asked: Moment, ended: Moment, attempts: u32) -> i64 {
        let edits: &[(Seq, Moment)] = if attempts > 1 { &[] } else { &self.edits };
        let since = self.anew.iter().chain(edits).filter(|(from, at)| *from <= seq && *at <= ended);
        ended.since_ms(since.map(|(_, at)| *at).max().map_or(asked, |at| at.max(asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_once_more_is_counted_from_when_it_was_asked_for_anew() {
        let anew = vec![(Seq(4), Moment(1_000)), (Seq(2), Moment(5_000))];
        let rewinds = Rewinds { anew, edits: Vec::new() };
        let took = |seq, asked, ended| rewinds.took(Seq(seq), Moment(asked), Moment(ended), 3);
        assert_eq!(took(1, 100, 300), 200, "it stayed");
        assert_eq!(took(2, 100, 5_300), 300);
        assert_eq!(took(5, 5_200, 5_300), 100, "asked for behind the rewind");
        assert_eq!(took(4, 100, 1_200), 200, "before the second rewind");
        assert_eq!(Rewinds::default().took(Seq(4), Moment(1), Moment(2), 1), 1);
    }

    #[test]
    fn a_step_that_was_stuck_is_counted_from_the_text_that_mended_it() {
        let rewinds = Rewinds { anew: Vec::new(), edits: vec![(Seq(2), Moment(4_000))] };
        let took = |seq, ended, attempts| rewinds.took(Seq(seq), Moment(100), Moment(ended), attempts);
        assert_eq!(took(2, 4_030, 1), 30);
        assert_eq!(took(2, 4_030, 0), 30, "served under its key");
        assert_eq!(took(2, 4_030, 2), 3_930, "an attempt before it failed: that is told");
        assert_eq!(took(1, 300, 1), 200, "before it");
        assert_eq!(rewinds.took(Seq(3), Moment(4_100), Moment(4_150), 1), 50, "asked for after it");
    }
}
