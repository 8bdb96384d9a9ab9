//! Starts that were left out because a run had not ended.

use super::{Moment, RunId};
use serde::{Deserialize, Serialize};

/// So many of them are known by name.
const MOST: usize = 10;

/// The starts that were left out because of a run: `--overlap skip`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedStarts {
    /// How many there were.
    pub count: u32,
    /// The last ten, the oldest first.
    pub latest: Vec<SkippedStart>,
}

/// A start that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedStart {
    /// The id that its run would have had.
    pub id: RunId,
    /// When it was wished.
    pub at: Moment,
}

impl SkippedStarts {
    /// Takes one in. Whoever wishes the same again, as after an answer that was lost, is the same.
    pub fn note(&mut self, id: &RunId, at: Moment) {
        if let Some(last) = self.latest.last_mut().filter(|last| last.id == *id) {
            last.at = at;
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.latest.len() == MOST {
            self.latest.remove(0);
        }
        self.latest.push(SkippedStart { id: id.clone(), at });
    }

    /// The one of that id.
    pub fn of(&self, id: &str) -> Option<&SkippedStart> {
        self.latest.iter().rev().find(|start| start.id.as_str() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_are_known_and_all_are_counted_once() {
        let mut skipped = SkippedStarts::default();
        for day in 0..12 {
            let id = RunId::parse(&format!("backup-{day}")).expect("an id");
            skipped.note(&id, Moment(day));
            skipped.note(&id, Moment(day + 100));
        }
        assert_eq!((skipped.count, skipped.latest.len()), (12, 10));
        assert_eq!(skipped.of("backup-1"), None);
        assert_eq!(skipped.of("backup-2").map(|start| start.at), Some(Moment(102)));
    }
}
