//! What `durun check` found, as reports: a code for each rule, the line, and what to do.

use super::exit::Exit;
use super::place::Place;
use super::report::Report;
use crate::client::{Checked, Rule};
use std::path::Path;

/// One finding, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What is shown.
    pub(crate) report: Report,
    /// Whether the script cannot be right.
    pub(crate) is_error: bool,
    /// Whether each run that gets on as it should is stuck there.
    pub(crate) is_certain: bool,
}

/// The reports of a script, which is called as it was typed.
pub(crate) fn of(typed: &Path, checked: &Checked) -> Vec<Found> {
    let found = checked.findings.iter().map(|finding| {
        let path = if finding.file == checked.main {
            typed.display().to_string()
        } else {
            format!("{}.rhai", finding.file.trim_end_matches(".rhai"))
        };
        let place = checked.texts.get(&finding.file).map(|text| {
            Place::new(super::escape::line(&path), text, finding.line).labelled(finding.column, "")
        });
        let mut report = Report::new(code(finding.rule), Exit::Failed, &finding.message).at(place);
        report.is_warning = !finding.rule.is_error();
        report = finding.hint.iter().fold(report, Report::hint);
        if report.hints.is_empty() {
            report = report.hint(usual(finding.rule, &finding.message));
        }
        Found { report, is_error: finding.rule.is_error(), is_certain: finding.is_certain }
    });
    found.collect()
}

/// How many errors and warnings there are, in words: `2 errors and 1 warning`.
pub(crate) fn counted(found: &[Found]) -> String {
    let errors = found.iter().filter(|found| found.is_error).count();
    let all = [(errors, "error"), (found.len() - errors, "warning")];
    let words = all.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        words.map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" })).collect();
    words.join(" and ")
}

/// What to do about a finding that says no more itself.
fn usual(rule: Rule, message: &str) -> &'static str {
    match rule {
        Rule::Function => "write it as fn name(argument) { … }, in the script or in a module that it imports",
        Rule::Arguments => "give as many as it takes; options come last, as a map: #{ timeout: \"30s\" }",
        Rule::Variable => "declare it before: let name = …;",
        Rule::Option => "durun explain D1313; each call's options are in the reference of host functions",
        Rule::Command => "do it in the script, before or after",
        Rule::Patch => "durun explain D1220",
        Rule::Activity | Rule::Mocked => {
            "write fn name(input), an executable activities/name, or [activity.name] in durun.toml"
        }
        Rule::Value if !message.contains("unit of time") && !message.contains("duration") => {
            "durun explain D1325; each call's options are in the reference of host functions"
        }
        Rule::Value => {
            "durations are written \"30s\", \"5 min\", \"1h 30m\", \"2 days\"; durun explain D1325"
        }
        Rule::Program => "exec([\"program\", \"argument\"])",
        Rule::Closed => "durun explain D1327",
        Rule::Input => "declare it: params(#{ name: … })",
        Rule::Field => "durun explain D1450",
        Rule::UnusedSignal
        | Rule::SignalCondition
        | Rule::LoopCapture
        | Rule::OptionsAsInput
        | Rule::LostUpdate
        | Rule::Nothing
        | Rule::Caught
        | Rule::Dollar
        | Rule::Handle
        | Rule::AnswerCondition
        | Rule::Answer
        | Rule::UnusedFailure
        | Rule::Dropped
        | Rule::Endless
        | Rule::Pasted
        | Rule::TextAsNumber
        | Rule::Letters
        | Rule::Secret
        | Rule::Lock
        | Rule::Constant
        | Rule::Code
        | Rule::Late
        | Rule::Misspelt => "durun explain CODE says more",
        Rule::Operand => "durun explain D1384",
        Rule::Url => "write it whole: https://host/path",
        Rule::Script => "it is looked for from the folder of the script that starts it",
        Rule::Unreachable => "take it away, or put a condition before what leaves",
    }
}

fn code(rule: Rule) -> &'static str {
    match rule {
        Rule::Function => "D1310",
        Rule::Arguments => "D1311",
        Rule::Variable => "D1312",
        Rule::Option => "D1313",
        Rule::Command => "D1314",
        Rule::Patch => "D1220",
        Rule::Activity | Rule::Mocked => "D1315",
        Rule::Value => "D1325",
        Rule::Program => "D1326",
        Rule::Closed => "D1327",
        Rule::Input => "D1328",
        Rule::Field | Rule::Misspelt => "D1450",
        Rule::Dropped => "D1319",
        Rule::UnusedSignal => "D1320",
        Rule::SignalCondition => "D1321",
        Rule::LoopCapture => "D1322",
        Rule::OptionsAsInput => "D1323",
        Rule::LostUpdate => "D1324",
        Rule::Nothing => "D1329",
        Rule::Caught => "D1372",
        Rule::Dollar => "D1373",
        Rule::Handle => "D1374",
        Rule::AnswerCondition => "D1375",
        Rule::Answer => "D1376",
        Rule::UnusedFailure => "D1377",
        Rule::Unreachable => "D1378",
        Rule::Endless => "D1379",
        Rule::Pasted => "D1380",
        Rule::TextAsNumber => "D1383",
        Rule::Operand => "D1384",
        Rule::Letters => "D1388",
        Rule::Secret => "D1385",
        Rule::Lock => "D1386",
        Rule::Constant => "D1387",
        Rule::Code => "D1389",
        Rule::Late => "D1390",
        Rule::Url => "D1381",
        Rule::Script => "D1382",
    }
}
