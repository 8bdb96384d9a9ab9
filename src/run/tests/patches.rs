//! Patches: what was recorded before an upgrade stays as it is, what comes behind it is new; exactly, at each replay.

use super::story::{Story, Told, compile, sight};
use crate::history::{Fact, Patches, Seq, Value, kind};
use crate::run::{Charter, Replayed, Run, replay};
use std::collections::BTreeSet;
use std::rc::Rc;

impl Story {
    /// Goes on under another text, as an upgrade does it; says whether it stands as it stood.
    pub(super) fn goes_on_under(&mut self, text: &str) -> Told {
        let script = compile(&self.interpreter, text);
        let entries = Seq(u32::try_from(self.entries.len()).expect("few"));
        let patches = self.charter.patches.upgraded(self.script.patches(), script.patches(), entries);
        self.script = script;
        self.charter = Charter { patches, ..self.charter.clone() };
        self.run = Run::new(&self.interpreter, Rc::clone(&self.script), self.charter.clone());
        self.state = Replayed::default();
        if let Err(error) = replay(&mut self.run, &mut self.state, &self.entries, |_, _| ()) {
            return Told::Other(format!("{error:?}"));
        }
        let (stood, stands) = (self.stood.last().cloned().unwrap_or_default(), sight(&self.state));
        if stood == stands { Told::Same } else { Told::Other(format!("{stood}\n{stands}")) }
    }

    /// The names of the effects that it did.
    pub(super) fn done(&self) -> BTreeSet<String> {
        let done = self.entries.iter().filter_map(|entry| entry.fact.outcome_of());
        done.map(|(_, label)| label.name.clone()).collect()
    }
}

const OLD: &str = "for i in 0..4 { activity(`old ${i}`); }";
const NEW: &str =
    "for i in 0..4 { if patched(\"way\") { activity(`new ${i}`); } else { activity(`old ${i}`); } }";

#[test]
fn what_was_asked_before_the_upgrade_stays_and_the_rest_is_new() {
    let mut story = Story::of(OLD);
    story.begin();
    story.completes(0, Value::Null);
    assert_eq!(story.waits(), ["1 activity \"old 1\""]);
    assert_eq!(story.goes_on_under(NEW), Told::Same);
    story.completes(1, Value::Null);
    assert_eq!(story.waits(), ["2 activity \"new 2\""]);
    assert!(matches!(story.replayed(), Told::Same));
    // Another upgrade does not move it.
    assert_eq!(
        story.goes_on_under(&format!("{NEW} if patched(\"more\") {{ activity(\"more\"); }}")),
        Told::Same
    );
    story.completes(2, Value::Null);
    story.completes(3, Value::Null);
    assert_eq!(story.waits(), ["4 activity \"more\""]);
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_new_run_is_new_from_the_beginning_and_a_query_sees_where_it_stands() {
    let text = format!("on_query(\"is\", || patched(\"way\")); {NEW}");
    let mut story = Story::of(&text);
    story.begin();
    assert_eq!(story.waits(), ["0 activity \"new 0\""]);
    assert_eq!(story.asks("is"), Ok(Value::Bool(true)));
    let mut story = Story::of(&text.replace("patched(\"way\")", "false"));
    story.begin();
    assert_eq!(story.goes_on_under(&text), Told::Same);
    assert_eq!(story.asks("is"), Ok(Value::Bool(false)));
    story.completes(0, Value::Null);
    assert_eq!(story.asks("is"), Ok(Value::Bool(true)));
}

#[test]
fn a_name_that_is_made_up_and_a_place_without_a_history_are_mistakes() {
    let mut story = Story::of("let name = \"way\"; patched(name)");
    let (kind, message) = story.breaks(Fact::RunBegan { seed: 5 });
    assert_eq!(
        (kind.as_str(), message.as_str()),
        (kind::FAULT, "patched takes its name written out: patched(\"name\")")
    );
    assert_eq!(
        Patches::default().upgraded(
            compile(&story.interpreter, NEW).patches(),
            &["way".into()].into(),
            Seq(3)
        ),
        Patches::default()
    );
}
