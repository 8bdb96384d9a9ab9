//! `durun check`: the mistakes of scripts that can be seen without running them, and the runs that do not fit them.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::render::run_json::SCHEMA;
use crate::cli::render::verdicts::{self, Verdict};
use crate::cli::report::Report;
use crate::cli::report_check::{Found, counted, of};
use crate::client::{
    ClientError, Fit, ProgramError, RunView, check, check_runs, files_in, find_scripts, load_program,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often files are looked at again.
const AGAIN: Duration = Duration::from_millis(300);
/// So often in a row files have to be missing until that is told.
const BLIP: u32 = 4;
/// So many files are told by name.
const FEW: usize = 5;
/// Empties the screen: what is on it is how things stand now.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

const EXAMPLES: &str = "\
Looked for are functions, variables and options that there are not, commands where none may stand, activities that \
nothing answers, and code that is seldom meant so. Nothing is executed, and no store is needed.

With --runs the history of each run of the script is replayed against the file, and nothing is changed: ok, or the first \
difference with the lines of both texts.

Exit codes: 0 nothing but warnings, 1 errors or a run that does not fit; with --strict warnings, too.

Examples:
  durun check                             all scripts in this folder and below it
  durun check order.rhai
  durun check --watch order.rhai          again after each change, until Ctrl-C
  durun check -o json scripts/*.rhai      for editors and CI
  durun check order.rhai --runs           may the runs that are there go on under it?
  durun check order.rhai --runs=open      only those that have not ended";

/// The arguments of `durun check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Scripts, and folders in which all are; without one this folder
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check again whenever a file has changed
    #[arg(long)]
    watch: bool,
    /// Warnings are errors, too
    #[arg(long)]
    strict: bool,
    /// Replay every run of these scripts against them, too
    #[arg(long, conflicts_with = "watch", value_name = "WHICH", require_equals = true, num_args = 0..=1,
          default_missing_value = "all")]
    runs: Option<Which>,
}

/// Which runs are replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// All
    All,
    /// Those that have not ended
    Open,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    if args.watch {
        return watch(context, args);
    }
    let files = files(args)?;
    let found = all(context, &files)?;
    let tried = match args.runs {
        Some(which) => runs(context, &files, which)?,
        None => Vec::new(),
    };
    show(context, &found, &tried)?;
    let fails = found.iter().any(|found| args.strict || found.is_error);
    context.note(&summary(&files, &found));
    if args.runs.is_some() && tried.is_empty() {
        context.note("no runs of that script");
    }
    let fits = tried.iter().all(|(_, verdict)| verdict.word == "ok");
    Ok(if fails || !fits { Exit::Failed } else { Exit::Done })
}

/// The runs of the scripts, where there is a store. A text that is no script has been told of.
fn runs(context: &Context, files: &[PathBuf], which: Which) -> Result<Vec<(RunView, Verdict)>, CliError> {
    let Some(session) = context.session_if_any()? else { return Ok(Vec::new()) };
    let mut tried = Vec::new();
    for file in files {
        let program = match load_program(file, context.executor.as_ref()) {
            Err(ProgramError::Syntax { .. }) => continue,
            loaded => loaded.map_err(ClientError::from)?,
        };
        let verdicts = check_runs(&session, &program, which == Which::Open)?.into_iter();
        tried.extend(verdicts.map(|(view, fit)| {
            let verdict = fit.map_or_else(Verdict::bad, |fit| Verdict::good("ok", fits(&fit)));
            (view, verdict)
        }));
    }
    Ok(tried)
}

fn fits(fit: &Fit) -> &'static str {
    match fit {
        Fit { changed: false, .. } => "ok: it has that text",
        Fit { goes_on: true, .. } => "ok: it has ended, and under the text would go on",
        Fit { .. } => "ok",
    }
}

fn all(context: &Context, files: &[PathBuf]) -> Result<Vec<Found>, CliError> {
    let mut found = Vec::new();
    for file in files {
        found.extend(one(context, file)?);
    }
    Ok(found)
}

/// The files that are meant: those named, those in folders that are named, those of this folder where none is.
fn files(args: &CheckArgs) -> Result<Vec<PathBuf>, CliError> {
    files_in(&args.files, |folder| {
        let found = find_scripts(folder).map_err(ClientError::from)?;
        if found.is_empty() { Err(CliError::NoScripts { folder: folder.to_owned() }) } else { Ok(found) }
    })
}

/// What is found in one script; that it is no script at all is a finding, too.
fn one(context: &Context, file: &Path) -> Result<Vec<Found>, CliError> {
    let config = context.config(file)?;
    match check(file, context.executor.as_ref(), &config) {
        Ok(checked) => Ok(of(file, &checked)),
        Err(error @ ClientError::Program(ProgramError::Syntax { .. })) => {
            let mut report = Report::of(&CliError::Client(error));
            if let Some(report) = &mut report {
                // The help that leads here is of no use here.
                report.hints.retain(|hint| !hint.starts_with("durun check "));
            }
            Ok(report.into_iter().map(|report| Found { report, is_error: true, is_certain: true }).collect())
        }
        Err(error) => Err(error.into()),
    }
}

fn show(context: &Context, found: &[Found], tried: &[(RunView, Verdict)]) -> Result<(), CliError> {
    let findings = || found.iter().map(document);
    match context.format() {
        Format::Table => {
            let color = context.color_stdout();
            let mut blocks: Vec<String> = found.iter().map(|found| found.report.render(color)).collect();
            if !tried.is_empty() {
                blocks.push(verdicts::table(tried, context.table_width(), color));
            }
            context.print(&blocks.join("\n"))
        }
        Format::Json => context.print_json(&json!({
            "schema": SCHEMA,
            "findings": findings().collect::<Vec<_>>(),
            "runs": verdicts::documents(tried),
        })),
        Format::Jsonl => context.print_lines(findings().chain(verdicts::documents(tried))),
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

/// What was found, and where it was looked for: each file by its name where they are few.
fn summary(files: &[PathBuf], found: &[Found]) -> String {
    let what = if found.is_empty() { "nothing found".to_owned() } else { counted(found) };
    if files.len() > FEW {
        return format!("{what} in {} scripts", files.len());
    }
    let names: Vec<String> = files.iter().map(|file| escape::line(&file.display().to_string())).collect();
    format!("{what} in {}", names.join(", "))
}

/// What one look at the files saw.
#[derive(PartialEq)]
struct Round {
    files: Vec<PathBuf>,
    found: Vec<Found>,
    /// When each file was written, where somebody sits at a terminal, who wants to see that it was looked at again.
    written: Vec<Option<SystemTime>>,
}

/// Looks once.
fn look(context: &Context, args: &CheckArgs) -> Result<Round, CliError> {
    let files = files(args)?;
    let seen = context.environment.stdout_terminal;
    let stamp = |file: &PathBuf| std::fs::metadata(file).and_then(|about| about.modified()).ok();
    let written = if seen { files.iter().map(stamp).collect() } else { Vec::new() };
    Ok(Round { found: all(context, &files)?, files, written })
}

/// Again and again, until Ctrl-C or whoever reads has gone. A file that is gone for a moment, as editors do it, is waited for.
fn watch(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let mut before = look(context, args)?;
    show(context, &before.found, &[])?;
    watched(context, &before);
    let mut gone = 0_u32;
    loop {
        context.clock.pause(AGAIN);
        let now = match look(context, args) {
            Err(CliError::Client(ClientError::Program(_)) | CliError::NoScripts { .. }) => {
                gone = gone.saturating_add(1);
                if gone == BLIP {
                    context.note("it is gone; watching for it to come back");
                }
                continue;
            }
            now => now?,
        };
        if now != before || gone >= BLIP && context.environment.stdout_terminal {
            if context.draws() {
                context.print_raw(CLEAR)?;
            }
            if now.found.is_empty() && context.format() == Format::Table && !context.is_talkative() {
                context.print("nothing found")?;
            } else {
                show(context, &now.found, &[])?;
            }
            watched(context, &now);
            before = now;
        }
        gone = 0;
    }
}

fn watched(context: &Context, round: &Round) {
    context.note(&format!(
        "{}; looking again after each change, until Ctrl-C",
        summary(&round.files, &round.found)
    ));
}
