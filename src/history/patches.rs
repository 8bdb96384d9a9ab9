//! Patches: the named changes of a script, and from which entry of a run's history on each of them holds.

use super::Seq;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// By the name of a patch that came with an upgrade, how many entries the run had then. A name that is not here was in the text from the
/// beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patches(BTreeMap<String, Seq>);

impl Patches {
    /// Whether a patch holds once so many entries were delivered: behind those that the run had when the patch came to it.
    pub fn holds(&self, name: &str, delivered: Seq) -> bool {
        self.0.get(name).is_none_or(|before| delivered > *before)
    }

    /// Those of a run with so many entries that goes on under another text, by the names that stand in its texts.
    #[must_use]
    pub fn upgraded(&self, old: &BTreeSet<String>, new: &BTreeSet<String>, entries: Seq) -> Self {
        let since = |name: &String| {
            if old.contains(name) {
                self.0.get(name).copied()
            } else {
                Some(entries).filter(|_| entries.0 > 0)
            }
        };
        Self(new.iter().filter_map(|name| Some((name.clone(), since(name)?))).collect())
    }

    /// The same where only so many entries stay: what comes behind them is new.
    #[must_use]
    pub fn kept(&self, entries: Seq) -> Self {
        Self(self.0.iter().map(|(name, before)| (name.clone(), (*before).min(entries))).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_patch_holds_behind_the_entries_that_it_was_given_to() {
        let patches = Patches::default().upgraded(&names(&["old"]), &names(&["old", "new"]), Seq(3));
        for (delivered, new) in [(1, false), (3, false), (4, true)] {
            assert_eq!(patches.holds("new", Seq(delivered)), new, "{delivered}");
            assert!(patches.holds("old", Seq(delivered)) && patches.holds("none", Seq(delivered)));
        }
        assert!(
            Patches::default().upgraded(&names(&[]), &names(&["new"]), Seq(0)).is_empty(),
            "it has not begun"
        );
    }

    #[test]
    fn another_upgrade_moves_no_patch_and_forgets_what_is_no_longer_asked() {
        let first = Patches::default().upgraded(&names(&[]), &names(&["a", "b"]), Seq(3));
        let second = first.upgraded(&names(&["a", "b"]), &names(&["a", "c"]), Seq(9));
        assert!(second.holds("a", Seq(4)) && !second.holds("a", Seq(3)));
        assert!(!second.holds("c", Seq(9)) && second.holds("c", Seq(10)));
        assert_eq!(second.0.len(), 2);
    }

    #[test]
    fn what_is_done_anew_behind_a_rewind_is_new() {
        let patches = Patches::default().upgraded(&names(&[]), &names(&["a"]), Seq(9)).kept(Seq(4));
        assert!(!patches.holds("a", Seq(4)) && patches.holds("a", Seq(5)));
        assert_eq!(patches.kept(Seq(7)), patches);
    }
}
