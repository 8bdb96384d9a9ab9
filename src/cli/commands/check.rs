//! `durun check`: the mistakes of scripts that can be seen without running them.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::run_json::SCHEMA;
use crate::cli::report::Report;
use crate::cli::report_check::{Found, of};
use crate::client::{ClientError, ProgramError, check};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often files are looked at again.
const AGAIN: Duration = Duration::from_millis(300);

const EXAMPLES: &str = "\
Looked for are functions, variables and options that there are not, commands where none may stand, activities that
nothing answers, and code that is seldom meant so. Nothing is executed, and no store is needed.

Exit codes: 0 nothing but warnings, 1 errors; with --strict warnings, too.

Examples:
  durun check order.rhai
  durun check --watch order.rhai          again after each change, until Ctrl-C
  durun check -o json scripts/*.rhai      for editors and CI";

/// The arguments of `durun check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// The scripts
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check again whenever a file has changed
    #[arg(long)]
    watch: bool,
    /// Warnings are errors, too
    #[arg(long)]
    strict: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let found = all(context, args)?;
    show(context, &found)?;
    if args.watch {
        return watch(context, args, found);
    }
    let fails = found.iter().any(|found| args.strict || found.is_error);
    if found.is_empty() {
        context.note("nothing found");
    }
    Ok(if fails { Exit::Failed } else { Exit::Done })
}

fn all(context: &Context, args: &CheckArgs) -> Result<Vec<Found>, CliError> {
    let mut found = Vec::new();
    for file in &args.files {
        found.extend(one(context, file)?);
    }
    Ok(found)
}

/// What is found in one script; that it is no script at all is a finding, too.
fn one(context: &Context, file: &Path) -> Result<Vec<Found>, CliError> {
    let config = context.config(file)?;
    match check(file, context.executor.as_ref(), &config) {
        Ok(checked) => Ok(of(file, &checked)),
        Err(error @ ClientError::Program(ProgramError::Syntax { .. })) => {
            let report = Report::of(&CliError::Client(error));
            Ok(report.into_iter().map(|report| Found { report, is_error: true }).collect())
        }
        Err(error) => Err(error.into()),
    }
}

fn show(context: &Context, found: &[Found]) -> Result<(), CliError> {
    match context.format() {
        Format::Table => {
            let color = context.color_stdout();
            let blocks: Vec<String> = found.iter().map(|found| found.report.render(color)).collect();
            context.print(&blocks.join("\n"))
        }
        Format::Json => context.print_json(&json!({
            "schema": SCHEMA,
            "findings": found.iter().map(document).collect::<Vec<_>>(),
        })),
        Format::Jsonl => context.print_lines(found.iter().map(document)),
    }
}

fn document(found: &Found) -> serde_json::Value {
    let report = &found.report;
    let place = report.place.as_ref();
    json!({
        "schema": SCHEMA,
        "code": report.code,
        "level": if found.is_error { "error" } else { "warning" },
        "message": report.title,
        "file": place.map(|place| &place.path),
        "line": place.map(|place| place.line),
        "column": place.and_then(|place| place.column),
        "hint": report.hints.first(),
    })
}

/// Again and again, until Ctrl-C or whoever reads has gone. A file that is gone for a moment, as editors do it, is waited for.
fn watch(context: &Context, args: &CheckArgs, mut before: Vec<Found>) -> Result<Exit, CliError> {
    loop {
        context.clock.pause(AGAIN);
        let now = match all(context, args) {
            Err(CliError::Client(ClientError::Program(_))) => continue,
            now => now?,
        };
        if now != before {
            if now.is_empty() && context.format() == Format::Table {
                context.print("nothing found")?;
            } else {
                show(context, &now)?;
            }
            before = now;
        }
    }
}
