//! Edits: that a run goes on under another text from some entry on, by `upgrade` or `retry --script`.

use super::{Moment, Program, ScriptHash, Seq};
use serde::{Deserialize, Serialize};

/// The most edits of one run that are remembered: the latest.
const MOST_EDITS: usize = 200;

/// One change of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// When.
    pub at: Moment,
    /// The generation of the run.
    pub generation: u32,
    /// The entry that came next.
    pub before: Seq,
    /// The text that it had; where only what it imports has changed, the same as `to`.
    pub from: ScriptHash,
    /// The text that it has since.
    pub to: ScriptHash,
}

impl Edit {
    /// Remembers it where the program is another one.
    pub fn note(
        edits: &mut Vec<Self>,
        (at, generation, before): (Moment, u32, Seq),
        from: &Program,
        to: &Program,
    ) {
        if from.says_the_same(to) {
            return;
        }
        if edits.len() >= MOST_EDITS {
            edits.remove(0);
        }
        edits.push(Self { at, generation, before, from: from.main, to: to.main });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn program(text: &str, module: Option<&str>) -> Program {
        let modules =
            module.map(|text| ("m".to_owned(), ScriptHash::of(text))).into_iter().collect::<BTreeMap<_, _>>();
        Program { path: "/a.rhai".to_owned(), main: ScriptHash::of(text), modules }
    }

    #[test]
    fn only_another_text_is_an_edit_and_the_oldest_are_forgotten() {
        let mut edits = Vec::new();
        let mut note = |at, from: &Program, to: &Program| {
            Edit::note(&mut edits, (Moment(at), 1, Seq(3)), from, to);
            edits.clone()
        };
        assert_eq!(note(1, &program("a", None), &program("a", None)), []);
        assert_eq!(note(2, &program("a", None), &program("a", Some("b"))).len(), 1);
        let all = note(3, &program("a", None), &program("b", None));
        assert_eq!(
            all.last().map(|edit| (edit.at, edit.from, edit.to)),
            Some((Moment(3), ScriptHash::of("a"), ScriptHash::of("b")))
        );
        for at in 4..300 {
            note(at, &program("a", None), &program("b", None));
        }
        let all = note(300, &program("a", None), &program("b", None));
        assert_eq!((all.len(), all.first().map(|edit| edit.at)), (MOST_EDITS, Some(Moment(101))));
    }
}
