//! Lines of a script beside what stands in them.

use crate::cli::escape;
use crate::client::{Lines, RunView};
use crate::history::{CallSite, CommandLabel, Failure, RunEnd, StoredStatus};

/// The widest piece of a line that is shown.
const WIDTH: usize = 100;
/// So many calls of a chain are told of in a story.
const MOST_CALLS: usize = 8;

/// `  12 | wait_signal("go")`, where the text has that line.
pub(crate) fn shown(
    lines: Option<&Lines>,
    number: Option<u32>,
    label: Option<&CommandLabel>,
) -> Option<String> {
    let number = number?;
    let text = lines?.of(number, label)?;
    Some(format!("{number:>4} | {}", escape::cut(&escape::line(text), WIDTH)))
}

/// The line in which a run is stuck or has failed, and below it the lines of the calls that led there, innermost first.
pub(crate) fn of_end(lines: Option<&Lines>, view: &RunView) -> Vec<String> {
    let Some(lines) = lines else { return Vec::new() };
    let (file, line, calls) = match &view.row.status {
        StoredStatus::Stuck(stuck) => {
            (stuck.file.as_deref().or(Some(lines.path())), stuck.line, stuck.calls.as_slice())
        }
        StoredStatus::Ended(RunEnd::Failed { failure }) => match &failure.raised {
            Some(raised) => {
                (raised.file.as_deref().or(Some(lines.path())), Some(raised.line), raised.calls.as_slice())
            }
            None => (None, failure.line, <&[CallSite]>::default()),
        },
        StoredStatus::Ended(
            RunEnd::Completed { .. }
            | RunEnd::Cancelled { .. }
            | RunEnd::TimedOut { .. }
            | RunEnd::Terminated { .. },
        )
        | StoredStatus::Open => return Vec::new(),
    };
    let text = |file: Option<&str>, number: u32| {
        let text = lines.of_file(file, number)?;
        let path = lines.path_of(file);
        let module =
            if path == lines.path() { String::new() } else { format!("   in {}", escape::line(&path)) };
        Some(format!("{number:>4} | {}{module}", escape::cut(&escape::line(text), WIDTH)))
    };
    let mut told: Vec<String> = line.and_then(|number| text(file, number)).into_iter().collect();
    let lines_of_calls = calls.chunk_by(|one, other| (one.line, &one.file) == (other.line, &other.file));
    told.extend(lines_of_calls.filter_map(|calls| {
        let call = calls.first()?;
        let names = names(calls);
        // What is called in the line itself is seen there.
        let is_own =
            line == Some(call.line) && call.file.as_deref() == file.filter(|file| *file != lines.path());
        let text = text(call.file.as_deref().or(Some(lines.path())), call.line).filter(|_| !is_own)?;
        Some(format!("{text}   calls {names}"))
    }));
    told
}

/// What was called in a line, the innermost first.
fn names(calls: &[CallSite]) -> String {
    let mut names: Vec<String> = calls.iter().map(|call| escape::line(&call.name)).collect();
    names.dedup();
    names.join(", ")
}

/// Where an error was raised and below it the calls that led there, a line each; nothing where there were none.
pub(crate) fn chain(failure: &Failure) -> Vec<String> {
    let raised = failure.raised.as_ref().filter(|raised| !raised.calls.is_empty());
    let Some(raised) = raised else { return Vec::new() };
    let of = |file: &Option<String>| match file {
        Some(file) => format!(" of {}", escape::line(file)),
        None => String::new(),
    };
    let calls = raised.calls.chunk_by(|one, other| (one.line, &one.file) == (other.line, &other.file));
    let calls = calls.filter_map(|calls| {
        let call = calls.first()?;
        Some(format!("called in line {}{}: {}", call.line, of(&call.file), names(calls)))
    });
    let own = format!("in line {}{}", raised.line, of(&raised.file));
    let mut told: Vec<String> = std::iter::once(own).chain(calls).collect();
    let more = told.len().saturating_sub(MOST_CALLS);
    if more > 0 {
        told.truncate(MOST_CALLS);
        told.push(format!("… and {more} more"));
    }
    told
}
