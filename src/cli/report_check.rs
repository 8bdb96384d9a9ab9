//! What `durun check` found, as reports: a code for each rule, the line, and what to do.

use super::exit::Exit;
use super::report::{Place, Report};
use crate::client::{Checked, Rule};
use std::path::Path;

/// One finding, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What is shown.
    pub(crate) report: Report,
    /// Whether the script cannot be right.
    pub(crate) is_error: bool,
}

/// The reports of a script, which is called as it was typed.
pub(crate) fn of(typed: &Path, checked: &Checked) -> Vec<Found> {
    let found = checked.findings.iter().map(|finding| {
        let path = if finding.file == checked.main {
            typed.display().to_string()
        } else {
            format!("{}.rhai", finding.file.trim_end_matches(".rhai"))
        };
        let place = checked.texts.get(&finding.file).map(|text| Place {
            path: super::escape::line(&path),
            text: text.clone(),
            line: finding.line,
            column: finding.column,
            label: String::new(),
            calls: Vec::new(),
        });
        let mut report = Report::new(code(finding.rule), Exit::Failed, &finding.message).at(place);
        report.is_warning = !finding.rule.is_error();
        if let Some(hint) = &finding.hint {
            report = report.hint(hint);
        }
        Found { report, is_error: finding.rule.is_error() }
    });
    found.collect()
}

fn code(rule: Rule) -> &'static str {
    match rule {
        Rule::Function => "D1310",
        Rule::Arguments => "D1311",
        Rule::Variable => "D1312",
        Rule::Option => "D1313",
        Rule::Command => "D1314",
        Rule::Patch => "D1220",
        Rule::Activity => "D1315",
        Rule::Value => "D1325",
        Rule::Program => "D1326",
        Rule::Closed => "D1327",
        Rule::Input => "D1328",
        Rule::UnusedSignal => "D1320",
        Rule::SignalCondition => "D1321",
        Rule::LoopCapture => "D1322",
        Rule::OptionsAsInput => "D1323",
        Rule::LostUpdate => "D1324",
    }
}
