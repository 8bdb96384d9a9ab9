//! What tests came to: a line each, the reports of those that failed, and the sum.

use super::run_json::SCHEMA;
use crate::cli::commands::test::{FileOutcome, Outcome};
use crate::cli::context::Context;
use crate::cli::escape;
use crate::cli::report::Report;
use crate::cli::report_test;
use crate::client::Ending;
use crate::timer::show_duration;
use serde_json::{Value, json};
use std::path::Path;

/// So many answers of mocks are shown of a test that failed.
const FEW: usize = 12;

/// The tests of a file.
pub(crate) fn block(context: &Context, done: &FileOutcome) -> String {
    let here = context.environment.directory();
    let color = context.color_stdout();
    let mut lines = vec![escape::line(&done.file.path.display().to_string())];
    if let Err(fault) = &done.file.cases {
        lines.push(report_test::report(&done.file, fault, here).render(color));
    }
    let longest = done.tests.iter().map(|test| test.name.chars().count()).max().unwrap_or_default().min(60);
    for test in &done.tests {
        let name = escape::line(&test.name);
        let pad = " ".repeat(longest.saturating_sub(name.chars().count()));
        if test.tested.ending == Ending::Passed {
            lines.push(format!("  ok    {name}{pad}  {}", about(test)));
        } else {
            lines.push(format!("  FAIL  {name}"));
        }
        if test.tested.ending != Ending::Passed || context.global.verbose > 0 {
            lines.extend(test.tested.printed.iter().map(|line| format!("        {}", escape::line(line))));
        }
        if let Some(report) = report_test::of(&done.file, &test.tested.ending, here) {
            let report = test.tested.clues.iter().fold(report, Report::note);
            lines.push(answered(report, &test.tested.answered).render(color));
        }
    }
    format!("{}\n", lines.join("\n"))
}

/// With what the world of the test answered, the last of it where it is much.
fn answered(report: Report, answered: &[String]) -> Report {
    if answered.is_empty() {
        return report;
    }
    let before = answered.len().saturating_sub(FEW);
    let mut lines = vec!["what the mocks answered, in order:".to_owned()];
    if before > 0 {
        lines.push(format!("… {before} before"));
    }
    lines.extend(answered.iter().skip(before).cloned());
    report.note(lines.join("\n"))
}

fn about(test: &Outcome) -> String {
    let tested = &test.tested;
    let mut parts = vec![format!("{} played", show_duration(tested.lasted_ms))];
    parts.push(plural(tested.entries, "entry", "entries"));
    if tested.crashes > 0 {
        parts.push(format!("{} survived", plural(tested.crashes, "crash", "crashes")));
    }
    if tested.held == 0 {
        parts.push("it asserts nothing".to_owned());
    }
    parts.join(", ")
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The sum.
pub(crate) fn summary(all: &[FileOutcome]) -> String {
    let failed: usize = all.iter().map(FileOutcome::failed).sum();
    let tests: usize = all.iter().map(|file| file.tests.len() + usize::from(file.file.cases.is_err())).sum();
    let crashes: usize = all.iter().flat_map(|file| &file.tests).map(|test| test.tested.crashes).sum();
    let mut text = format!("{} passed", tests - failed);
    if failed > 0 {
        text = format!("{text}, {failed} failed");
    }
    if crashes > 0 {
        text = format!("{text}; {} survived", plural(crashes, "crash", "crashes"));
    }
    text
}

/// All tests as documents.
pub(crate) fn lines(all: &[FileOutcome]) -> Vec<Value> {
    let mut found = Vec::new();
    for file in all {
        let path = file.file.path.display().to_string();
        if let Err(fault) = &file.file.cases {
            let error = json!({ "code": fault.code, "message": fault.message, "line": fault.line });
            found.push(json!({ "schema": SCHEMA, "file": path, "passed": false, "error": error }));
        }
        found.extend(file.tests.iter().map(|test| of(&path, file, test)));
    }
    found
}

fn of(path: &str, file: &FileOutcome, test: &Outcome) -> Value {
    let tested = &test.tested;
    let mut document = json!({
        "schema": SCHEMA,
        "file": path,
        "name": test.name,
        "line": test.line,
        "passed": tested.ending == Ending::Passed,
        "took_ms": u64::try_from(test.took_ms).unwrap_or(u64::MAX),
        "played_ms": tested.lasted_ms,
        "entries": tested.entries,
        "asserts": tested.held,
        "crashes": tested.crashes,
        "printed": tested.printed,
        "answered": tested.answered,
        "clues": tested.clues,
    });
    let (fault, killed) = match &tested.ending {
        Ending::Passed => return document,
        Ending::Failed(fault) => (fault, None),
        Ending::Killed { entry, begun, fault } => (fault, Some(json!({ "entry": entry, "begun": begun }))),
    };
    let is_test = fault.file == file.file.name();
    let error = json!({
        "code": fault.code,
        "message": fault.message,
        "file": if is_test { path } else { fault.file.as_str() },
        "line": fault.line,
        "column": fault.column,
        "expected": fault.expected.as_ref().map(crate::history::Value::to_json),
        "found": fault.found.as_ref().map(crate::history::Value::to_json),
        "hint": fault.hint,
        "killed_after": killed,
    });
    if let Value::Object(map) = &mut document {
        map.insert("error".to_owned(), error);
    }
    document
}

/// All tests as one document.
pub(crate) fn document(all: &[FileOutcome]) -> Value {
    let failed: usize = all.iter().map(FileOutcome::failed).sum();
    json!({ "schema": SCHEMA, "failed": failed, "tests": lines(all) })
}

/// The code, the title and the text of a failure without colours, for reports that others show.
pub(crate) fn failure(file: &FileOutcome, ending: &Ending) -> Option<(&'static str, String, String)> {
    let code = match ending {
        Ending::Passed => return None,
        Ending::Failed(fault) | Ending::Killed { fault, .. } => fault.code,
    };
    let report = report_test::of(&file.file, ending, Path::new(""))?;
    Some((code, report.title.clone(), report.render(false)))
}
