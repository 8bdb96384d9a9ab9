//! What a run left behind that its history does not tell: effects that were cut off, what nobody joined, and signals that nobody took.

use super::few;
use crate::cli::escape;
use crate::history::{InDoubt, LooseEnds};
use serde_json::{Map, Value as Json, json};

/// How many effects are named in words.
const NAMED: usize = 5;

/// A line each, for people.
pub(crate) fn lines(loose: &LooseEnds) -> Vec<String> {
    let named = loose.in_doubt.iter().take(NAMED);
    let mut lines: Vec<String> = named
        .map(|effect| format!("cut off, outcome not known: {}", escape::line(&effect.to_string())))
        .collect();
    let more = usize::try_from(loose.cut_off).unwrap_or(usize::MAX).saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("cut off, outcome not known: {more} more"));
    }
    lines.extend(unjoined(loose));
    lines.extend(untaken(loose));
    lines
}

/// The signals that a script never took; nothing where there are none.
fn untaken(loose: &LooseEnds) -> Option<String> {
    let named: Vec<String> =
        loose.untaken.iter().take(NAMED).map(|name| escape::cut(&escape::line(name), 60)).collect();
    let signals = if loose.untaken.len() == 1 { "signal" } else { "signals" };
    let which = few::of_many(&named, loose.untaken.len());
    (!named.is_empty()).then(|| format!("never taken by its script: {signals} {which}"))
}

/// That a script has not waited for all that it began; nothing where it has.
pub(crate) fn unjoined(loose: &LooseEnds) -> Option<String> {
    let (what, were) = match loose.unjoined {
        0 => return None,
        1 => ("1 strand or activity was".to_owned(), "was"),
        many => (format!("{many} strands or activities were"), "were"),
    };
    Some(format!(
        "{what} never joined, and {were} cancelled with its end: keep the handles, and join_all(handles)"
    ))
}

/// The fields of a document; none where there is nothing to tell.
pub(crate) fn fields(loose: &LooseEnds) -> Map<String, Json> {
    let mut fields = Map::new();
    if loose.cut_off > 0 {
        fields.insert("cut_off".to_owned(), json!(loose.cut_off));
        fields.insert("in_doubt".to_owned(), loose.in_doubt.iter().map(in_doubt).collect());
    }
    if !loose.untaken.is_empty() {
        fields.insert("untaken_signals".to_owned(), json!(loose.untaken));
    }
    if loose.unjoined > 0 {
        fields.insert("unjoined".to_owned(), json!(loose.unjoined));
    }
    fields
}

fn in_doubt(effect: &InDoubt) -> Json {
    json!({
        "op": effect.op.0,
        "command": effect.label.kind.word(),
        "name": effect.label.name,
        "line": effect.line,
        "strand": effect.strand,
    })
}
