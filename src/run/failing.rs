//! `on_failure`: the last word of a run that is about to have failed, once, after its undos.

use super::run::{Broken, Charter, Run};
use super::strands::{Kind, Slot};
use super::trail::Onward;
use super::world::World;
use crate::history::{Failure, RunEnd, Value};
use crate::script::{Host as _, Level, Mode, Said};
use std::rc::Rc;

/// The most lines of what a program wrote that a report shows.
const MOST_LINES: usize = 10;

impl Run {
    /// Begins the handler where the run is about to have failed or timed out. False where there is nothing to do.
    pub(super) fn handle_failure(&mut self) -> Result<bool, Broken> {
        if !self.strands.is_empty() {
            return Ok(false);
        }
        let (Some(end), Some(error)) = (self.ending.end(self.cancel.as_ref()), self.ending.error()) else {
            return Ok(false);
        };
        let failure = match &end {
            RunEnd::Failed { failure } => failure.clone(),
            RunEnd::TimedOut { .. } => error.clone(),
            RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. } => {
                return Ok(false);
            }
        };
        let Some(handler) = self.world.state.borrow_mut().on_failure.take() else { return Ok(false) };
        self.look_stays();
        let report = self.report(&failure, &end);
        let Value::Map(mut told) = failure.to_value() else { return Ok(false) };
        told.insert("report".to_owned(), Value::Text(report));
        let host: Rc<World> = Rc::clone(&self.world);
        let strand = self
            .interpreter
            .call(&self.script, host, self.meter.clone(), Mode::Script, &handler, Some(&Value::Map(told)))
            .map_err(Broken::NoMemory)?;
        self.ending.handler_begins(self.next_op);
        // It registers no undos, and nothing that asks the run to end reaches it.
        self.add(Slot { level: 1, in_undo: true, ..Slot::new(strand, Kind::FailureHandler) });
        Ok(true)
    }

    /// The handler has ended. What went wrong in it hides nothing: it is logged, and kept beside the first error.
    pub(super) fn failure_handled(&mut self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            let text = format!("the on_failure handler failed: {}", failure.message);
            self.world.log(Said { level: Level::Error, text, fields: Value::Null });
            self.ending.failed_handler(&failure);
        }
    }

    /// What a person is to read: the same at each replay.
    fn report(&self, failure: &Failure, end: &RunEnd) -> String {
        let source = self.script.source();
        let mut lines = vec![format!("error: run {} failed: {}", self.charter.id, failure.message)];
        if let Some(line) = failure.line {
            lines.push(format!(" --> {}:{line}", source.path));
            let place = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
            if let Some(text) = source.main.lines().nth(place) {
                lines.push(format!("{line:>4} | {}", text.trim_end()));
            }
        }
        let text = |key: &str| failure.data.get(key).and_then(Value::as_text);
        let number = |key: &str| failure.data.get(key).and_then(Value::as_int);
        if let Some(name) = text("name") {
            let attempts = number("attempts").unwrap_or(1);
            lines.push(format!("  = {} \"{name}\", attempts: {attempts}", failure.kind));
        }
        lines.extend(number("exit_code").map(|code| format!("  = exit code {code}")));
        if let Some(cause) = failure.data.get("cause").map(|cause| Failure::from_value(cause.clone()))
            && cause.message != failure.message
        {
            lines.push(format!("  = caused by {}: {}", cause.kind, cause.message));
        }
        let stderr = text("stderr").or_else(|| failure.data.get("cause")?.get("stderr")?.as_text());
        let stderr: Vec<&str> = stderr.unwrap_or_default().trim_end().lines().collect();
        if !stderr.is_empty() {
            lines.push("  = stderr of the last attempt:".to_owned());
            let from = stderr.len().saturating_sub(MOST_LINES);
            lines.extend(stderr.iter().skip(from).map(|line| format!("      {line}")));
        }
        if let Some(Value::List(failed)) = failure.data.get(super::ending::UNDO_FAILURES) {
            for entry in failed {
                let what = entry.get("undo").and_then(Value::as_text).unwrap_or_default();
                let error = entry.get("error").map(|error| Failure::from_value(error.clone()).message);
                lines.push(format!("  = not undone: {what}: {}", error.unwrap_or_default()));
            }
        }
        let Charter { id, aim, .. } = &self.charter;
        lines.push(format!("  = what happened: durun{aim} history {id}"));
        match self.trail().onward(end) {
            Onward::Retry => lines.push(format!("  = to go on at the failed step: durun{aim} retry {id}")),
            // No earlier entry is true any more.
            Onward::Behind(_) if self.has_undone() => {}
            Onward::Behind(entry) => lines.push(format!(
                "  = to go on from before it: durun{aim} rewind {id} --to {entry} && durun{aim} resume {id}"
            )),
            Onward::Nowhere => {}
        }
        lines.join("\n") + "\n"
    }
}
