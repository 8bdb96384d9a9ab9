//! What came of trials, run by run: a table and documents.

use super::paint::Paint;
use super::run_json::SCHEMA;
use super::table::{Cell, render};
use crate::cli::escape;
use crate::client::{ClientError, Difference, Line, RunView, StoreError};
use crate::history::CommandLabel;
use serde_json::{Value as Json, json};

/// What came of one.
pub(crate) struct Verdict {
    /// One word, for programs.
    pub(crate) word: &'static str,
    /// For people.
    pub(crate) text: String,
    /// The first difference, where the history does not fit.
    pub(crate) difference: Option<Box<Difference>>,
    paint: Paint,
}

impl Verdict {
    /// All is well.
    pub(crate) fn good(word: &'static str, text: impl Into<String>) -> Self {
        Self { word, text: text.into(), difference: None, paint: Paint::Green }
    }

    /// The run cannot go on under the text, or it was not tried.
    pub(crate) fn bad(error: ClientError) -> Self {
        match error {
            ClientError::Differs { difference, .. } => Self {
                word: "differs",
                text: told(&difference),
                difference: Some(difference),
                paint: Paint::Red,
            },
            ClientError::Store(StoreError::Held { claim, .. }) => Self {
                word: "held",
                text: format!("process {} executes it: put it down first", claim.pid),
                difference: None,
                paint: Paint::Yellow,
            },
            error => Self { word: "error", text: error.to_string(), difference: None, paint: Paint::Red },
        }
    }
}

/// One line a run.
pub(crate) fn table(tried: &[(RunView, Verdict)], width: Option<usize>, color: bool) -> String {
    let row = |(view, verdict): &(RunView, Verdict)| {
        vec![
            Cell::plain(view.row.id.as_str()),
            Cell::new(view.status.word(), Paint::of(view.status)),
            Cell::plain(view.entries.to_string()),
            Cell::new(&verdict.text, verdict.paint),
        ]
    };
    render(&["ID", "STATUS", "ENTRIES", "VERDICT"], tried.iter().map(row).collect(), width, color)
}

/// The same as documents.
pub(crate) fn documents(tried: &[(RunView, Verdict)]) -> Vec<Json> {
    let document = |(view, verdict): &(RunView, Verdict)| {
        json!({
            "schema": SCHEMA,
            "id": view.row.id.as_str(),
            "script": view.row.script,
            "status": view.status.word(),
            "entries": view.entries.0,
            "verdict": verdict.word,
            "message": verdict.text,
            "difference": verdict.difference.as_deref().map(difference),
        })
    };
    tried.iter().map(document).collect()
}

fn difference(difference: &Difference) -> Json {
    let words = |label: &Option<CommandLabel>| label.as_ref().map(CommandLabel::to_string);
    let number = |line: &Option<Line>| line.as_ref().map(|line| line.number);
    let text = |line: &Option<Line>| line.as_ref().map(|line| line.text.clone());
    json!({
        "entry": difference.entry.map(|entry| entry.0),
        "op": difference.op.map(|op| op.0),
        "recorded": words(&difference.recorded),
        "asked": words(&difference.asked),
        "old_line": number(&difference.old),
        "old_text": text(&difference.old),
        "line": difference.stuck.line,
        "text": text(&difference.new),
        "file": difference.stuck.file,
        "message": difference.stuck.message,
    })
}

/// `differs at entry 3: activity "charge" (line 12) is recorded, activity "pay" (line 14) asked for`.
fn told(difference: &Difference) -> String {
    let at = |line: Option<u32>| line.map(|line| format!(" (line {line})")).unwrap_or_default();
    let entry = difference.entry.map(|entry| format!(" at entry {entry}")).unwrap_or_default();
    let old = at(difference.old.as_ref().map(|line| line.number));
    match (&difference.recorded, &difference.asked) {
        (Some(recorded), Some(asked)) => {
            let new = at(difference.stuck.line);
            format!("differs{entry}: {recorded}{old} is recorded, {asked}{new} asked for")
        }
        (Some(recorded), None) => format!("differs{entry}: {recorded}{old} is recorded, not asked for"),
        (None, _) => {
            let message = escape::line(&difference.stuck.message);
            format!("differs{entry}: {message}{}", at(difference.stuck.line))
        }
    }
}
