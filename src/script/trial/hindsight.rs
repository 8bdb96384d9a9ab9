//! What a test that failed did not ask about: runs that ended badly, and mocks that nothing was answered by.

use super::cast::World;
use super::mock::shown;
use crate::history::{Value, nearest};

impl World {
    /// Why runs that were played did not complete, a line each.
    pub(super) fn bad_ends(&self) -> Vec<String> {
        let runs = (0..self.runs.get()).filter_map(|run| self.stage.look(run).ok());
        runs.filter_map(|seen| {
            let text = |name: &str| seen.fields.get(name).and_then(Value::as_text).unwrap_or_default();
            let error = seen.fields.get("error").filter(|error| **error != Value::Null)?;
            // That is why the test failed, and is said with its line.
            if seen.status == "stuck" {
                return None;
            }
            let said = |name: &str| error.get(name).and_then(Value::as_text).unwrap_or_default();
            // A text that was thrown is its own message.
            let kind = match said("kind") {
                "" | "thrown" | "cancelled" | "timed_out" | "terminated" => String::new(),
                kind => format!(" ({kind})"),
            };
            let line = error.get("line").and_then(Value::as_int);
            let place = line.map_or_else(String::new, |line| format!(" in line {line} of its script"));
            let why =
                if said("message").is_empty() { String::new() } else { format!(": {}", said("message")) };
            let ended = match seen.status.as_str() {
                "timed_out" => "timed out",
                "cancelled" => "was cancelled",
                "terminated" => "was terminated",
                other => other,
            };
            Some(format!("{} {ended}{place}{why}{kind}", text("id")))
        })
        .collect()
    }

    /// The mocks that answered nothing, but are spelt like something that was called, a line each.
    pub(super) fn misspelt(&self) -> Vec<String> {
        let (mocks, used, calls) = (self.mocks.borrow(), self.used.borrow(), self.calls.borrow());
        let idle = mocks.iter().enumerate().filter(|(nth, _)| !used.contains(nth));
        let names = || calls.iter().flat_map(|call| [shown(&call.label), call.label.name.clone()]);
        idle.filter_map(|(_, mock)| {
            // One that fits was outdone by a later one.
            if calls.iter().any(|call| mock.is_of(&call.label)) {
                return None;
            }
            // One that stands in the script as it is was not come to: a probe, say.
            let word = mock.pattern.split_whitespace().last().unwrap_or_default();
            if (0..self.runs.get()).any(|run| self.stage.writes(run, word)) {
                return None;
            }
            let names: Vec<String> = names().collect();
            let meant = nearest(&mock.pattern, names.iter().map(String::as_str))?;
            let line = mock.line.map_or_else(String::new, |line| format!(" in line {line}"));
            Some(format!("mock({:?}){line} stood in for nothing: did you mean {meant:?}?", mock.pattern))
        })
        .collect()
    }
}
