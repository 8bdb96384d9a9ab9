//! What happened to a history from outside: it was set aside from some entry on, or goes on under another text.

use crate::history::{Moment, RunRow, ScriptHash, Seq};
use std::collections::VecDeque;

/// So much of a hash is shown, in characters.
const SHORT: usize = 10;

/// What there is to tell before which entry, and when it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(VecDeque<Mark>);

/// One of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    before: Seq,
    /// When.
    pub(crate) at: Moment,
    /// What, in words.
    pub(crate) text: String,
}

impl Marks {
    /// Those of a generation of a run.
    pub(crate) fn of(row: &RunRow, generation: u32) -> Self {
        let edits = row.edits.iter().filter(|edit| edit.generation == generation).map(|edit| Mark {
            before: edit.before,
            at: edit.at,
            text: if edit.from == edit.to {
                "the script was changed in what it imports".to_owned()
            } else {
                format!("the script was changed · {} → {}", short(edit.from), short(edit.to))
            },
        });
        let branches = row.branches.iter().filter(|branch| branch.generation == generation);
        let aside = branches.map(|branch| Mark {
            before: branch.from,
            at: branch.at,
            text: match branch.until.0.saturating_sub(1) {
                last if last == branch.from.0 => {
                    format!("entry {last} was set aside, history --all shows it")
                }
                last => format!("entries {} to {last} were set aside, history --all shows them", branch.from),
            },
        });
        let mut all: Vec<Mark> = aside.chain(edits).collect();
        all.sort_by_key(|mark| (mark.before, mark.at));
        Self(all.into())
    }

    /// What is to be told before an entry, and was not; all that is left where none follows.
    pub(crate) fn before(&mut self, next: Option<Seq>) -> Vec<Mark> {
        let count = self.0.iter().take_while(|mark| next.is_none_or(|next| mark.before <= next)).count();
        self.0.drain(..count).collect()
    }
}

fn short(hash: ScriptHash) -> String {
    hash.to_string().chars().take(SHORT).collect()
}
