//! What `durun check` finds in a script that is about to be executed: what is certain refuses it, all else is told to whoever
//! looks on.

use super::context::Context;
use super::error::CliError;
use super::escape;
use super::exit::Exit;
use super::place::Place;
use super::report::Report;
use super::report_check::{Found, counted, of};
use crate::client::{Need, StartRequest, begins_another, check, missing_inputs};
use crate::history::{Value, nearest};
use std::path::Path;

/// How many findings are shown; the rest is counted.
const SHOWN: usize = 3;
/// How a start is not refused.
pub(crate) const UNCHECKED: &str = "--unchecked starts it all the same";

/// Refuses a start of which every run would be stuck, before anything is recorded. One that goes on with a run that is there is
/// let be: that has its own text.
///
/// # Errors
/// [`CliError::Told`]; what the store says.
pub(crate) fn refuse_start(context: &Context, script: &Path, request: &StartRequest) -> Result<(), CliError> {
    let refused = refuse(context, script, UNCHECKED).and_then(|()| refuse_missing(context, script, request));
    let Err(doomed) = refused else { return Ok(()) };
    match context.session_if_any()? {
        Some(session) if !begins_another(&session, request)? => Ok(()),
        Some(_) | None => Err(doomed),
    }
}

/// Refuses a start without an input that each run needs.
fn refuse_missing(context: &Context, script: &Path, request: &StartRequest) -> Result<(), CliError> {
    let missing = missing_inputs(context.executor.as_ref(), request);
    let Some((first, text)) = missing.first() else { return Ok(()) };
    let Need { name, file, line, column } = first;
    let path = if *file == request.program.program.path {
        script.display().to_string()
    } else {
        format!("{}.rhai", file.trim_end_matches(".rhai"))
    };
    let place = Place::new(escape::line(&path), text.clone(), *line).labelled(*column, "");
    let mut report =
        Report::new("D1301", Exit::Usage, format!("the input \"{name}\" is missing")).at(Some(place));
    let mut others: Vec<&str> =
        missing.iter().map(|(need, _)| need.name.as_str()).filter(|other| other != name).collect();
    others.dedup();
    if !others.is_empty() {
        report = report.note(format!("so is: {}", others.join(", ")));
    }
    report =
        report.note("nothing was recorded: each run comes to this line, and would be stuck there without it");
    if let Value::Map(given) = &request.input
        && let Some(near) = nearest(name, given.keys().map(String::as_str))
    {
        report = report.hint(format!("given was {near}"));
    }
    report = report
        .hint(format!("give it: -i {name}=…"))
        .hint(format!("where a run can do without: input.{name} ?? …; params(#{{ {name}: … }}) says what it takes, and what stands for it"))
        .hint(UNCHECKED);
    Err(CliError::Told(Box::new(report)))
}

/// Refuses a script of which every run would be stuck: what is wrong stands where each run comes to, and nothing outside of the
/// script can make it right. `otherwise` tells how it is started all the same.
///
/// # Errors
/// [`CliError::Told`] with what is found first.
pub(crate) fn refuse(context: &Context, script: &Path, otherwise: &str) -> Result<(), CliError> {
    let nothing = "nothing was recorded: each run comes to this line, and would be stuck there";
    refuse_all(context, script, nothing, otherwise)
}

/// Refuses such a script as the new text of a run.
///
/// # Errors
/// As [`refuse()`].
pub(crate) fn refuse_upgrade(context: &Context, script: &Path) -> Result<(), CliError> {
    let nothing = "nothing was changed: each run comes to this line, and would be stuck there";
    refuse_all(context, script, nothing, "--unchecked upgrades all the same")
}

fn refuse_all(context: &Context, script: &Path, nothing: &str, otherwise: &str) -> Result<(), CliError> {
    // What is no script, or has a configuration that cannot be read, is refused as such.
    let Ok(config) = context.config(script) else { return Ok(()) };
    let Ok(checked) = check(script, context.executor.as_ref(), &config) else { return Ok(()) };
    let found = of(script, &checked);
    let Some(first) = found.iter().find(|found| found.is_certain) else { return Ok(()) };
    let mut report = first.report.clone();
    report.exit = Exit::Usage;
    report = report.note(nothing);
    if found.len() > 1 {
        let file = escape::shell(&script.to_string_lossy());
        report = report.hint(format!("durun check {file} shows all of it: {}", counted(&found)));
    }
    Err(CliError::Told(Box::new(report.hint(otherwise))))
}

/// Tells of the mistakes that can be seen in a script: in full at a terminal, one line with `-v`, nothing else; a crontab stays
/// quiet. What is found stops nothing: the line may never be come to.
pub(crate) fn tell(context: &Context, script: &Path) {
    if !context.is_talkative() {
        return;
    }
    // What is no script, or has a configuration that cannot be read, was refused before; what has changed since is let be.
    let Ok(config) = context.config(script) else { return };
    let Ok(checked) = check(script, context.executor.as_ref(), &config) else { return };
    let mut found = of(script, &checked);
    found.sort_by_key(|found| !found.is_error);
    if found.is_empty() {
        return;
    }
    if context.environment.stderr_terminal {
        for Found { report, .. } in found.iter().take(SHOWN) {
            context.complain(&format!("{}\n", context.shown(report)));
        }
    }
    let file = escape::shell(&script.to_string_lossy());
    context.note(&format!("note: {} found by durun check {file}", counted(&found)));
}
