//! The variables of a script where it waits.

use crate::cli::escape;
use crate::client::{Sight, Standpoint};
use serde_json::{Map, Value as Json, json};

/// The widest piece of a value that is shown.
const WIDTH: usize = 80;
/// The variables of so many strands are shown; the rest is counted.
const MOST: usize = 20;

/// The lines for people: where, and each variable below. A place without any is passed over, unless there is none anywhere.
pub(crate) fn told(points: &[Standpoint]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for point in points.iter().take(MOST) {
        for (place, (line, variables)) in point.frames.iter().enumerate() {
            if variables.is_empty() {
                continue;
            }
            let is_last = place + 1 == point.frames.len();
            let strand = point.strand.as_ref().map(|name| format!("{}, ", escape::line(name)));
            let strand = strand.unwrap_or_default();
            lines.push(match point.line.filter(|waits| is_last && waits != line) {
                Some(waits) => format!("{strand}line {waits}, as they were last seen in line {line}:"),
                None => format!("{strand}line {line}:"),
            });
            lines.extend(variables.iter().map(|(name, value)| {
                format!(
                    "  {} = {}",
                    escape::line(name),
                    escape::cut(&escape::line(&value.to_string()), WIDTH)
                )
            }));
        }
    }
    if lines.is_empty() && !points.is_empty() {
        lines.push("none".to_owned());
    }
    if let Some(more) = points.len().checked_sub(MOST).filter(|more| *more > 0) {
        lines.push(format!("… and of {more} more strands: -o json --variables"));
    }
    lines
}

/// The same for programs.
pub(crate) fn document(points: &[Standpoint]) -> Json {
    let frame = |(line, variables): &(u32, Vec<(String, Sight)>)| {
        let all: Map<String, Json> =
            variables.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
        json!({"line": line, "variables": all})
    };
    let point = |point: &Standpoint| {
        json!({
            "strand": point.strand,
            "line": point.line,
            "frames": point.frames.iter().map(frame).collect::<Vec<_>>(),
        })
    };
    points.iter().map(point).collect()
}
