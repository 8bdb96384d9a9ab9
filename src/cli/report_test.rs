//! Why a test of a script failed, as a report: the line, what was expected and what was found.

use super::escape;
use super::exit::Exit;
use super::place::Place;
use super::render::difference::{SIGNS, difference};
use super::render::unequal;
use super::report::Report;
use super::report_program::syntax_hint;
use crate::client::{Ending, Fault, TestFile};
use crate::history::Value;
use std::path::Path;

/// How the message begins of a file that is no script.
const NO_SCRIPT: &str = " is no valid script: ";

/// The report of a test that did not pass; nothing of one that did.
pub(crate) fn of(file: &TestFile, ending: &Ending, here: &Path) -> Option<Report> {
    match ending {
        Ending::Passed => None,
        Ending::Failed(fault) => Some(report(file, fault, here)),
        Ending::Killed { entry, begun, fault } => {
            let when = if *begun {
                "when all had begun that it lets begin"
            } else {
                "before the script heard of it"
            };
            let report = report(file, fault, here);
            Some(
                report.note(format!(
                    "the process was killed after entry {entry}, {when}; without that it passes"
                )),
            )
        }
    }
}

/// The report of a fault.
pub(crate) fn report(file: &TestFile, fault: &Fault, here: &Path) -> Report {
    let is_test = fault.file == file.name();
    let path = if is_test {
        file.path.display().to_string()
    } else {
        let path = Path::new(&fault.file);
        path.strip_prefix(here).unwrap_or(path).display().to_string()
    };
    let text = fault.text.clone().or_else(|| file.text_of(&fault.file).map(str::to_owned));
    // A file that is no script is told of as a script would be.
    let syntax = fault
        .message
        .split_once(NO_SCRIPT)
        .and_then(|(_, message)| syntax_hint(message, (fault.line, fault.column), text.as_deref()));
    let place = fault.line.zip(text).map(|(line, text)| {
        let own = if is_test { None } else { Some(&fault.file) };
        let here = fault.calls.iter().filter(|call| call.file.as_ref() == own && call.line != line);
        let calls = here.map(|call| (call.name.clone(), call.line)).collect();
        Place { calls, ..Place::new(escape::line(&path), text, line).labelled(fault.column, "") }
    });
    let mut report = Report::new(fault.code, Exit::Failed, &fault.message).at(place);
    if let (Some(expected), Some(found)) = (&fault.expected, &fault.found) {
        report = match unequal::texts(expected, found) {
            Some(piece) => report.note(format!("{SIGNS}\n{piece}")),
            None => report.note(difference(expected, found)),
        };
        report = unequal::fields(expected, found).into_iter().fold(report, Report::note);
        report = kinds(expected, found).into_iter().fold(report, Report::hint);
    }
    if let Some(hint) = syntax.as_ref().or(fault.hint.as_ref()) {
        return report.hint(hint);
    }
    match fault.code {
        "D1403" => report.hint("an error that is to come: assert_throws(|| …, \"some of its words\")"),
        "D1404" => report.hint("its script has to know what to do after a crash: durun explain D1404"),
        "D1407" => report.hint("play the run up to a time, then speak to it: run(#{}, #{ stop_at: \"1h\" })"),
        "D1408" => {
            report.hint("durun check finds many such mistakes; one that is to come: assert_throws(|| …)")
        }
        _ => report,
    }
}

/// A text that reads like the other value is not the same.
fn kinds(expected: &Value, found: &Value) -> Option<String> {
    let reads_like = |text: &Value, other: &Value| {
        text.as_text().is_some_and(|text| other.as_text().is_none() && text.trim() == other.to_string())
    };
    if reads_like(found, expected) {
        Some("what was found is text; parse_int(text) and parse_float(text) give numbers".to_owned())
    } else if reads_like(expected, found) {
        Some("what was expected is text: write it without the quotes".to_owned())
    } else {
        None
    }
}
