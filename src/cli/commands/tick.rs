//! `durun tick`: goes on with every run that is due, each until it waits again, and exits.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::installing::{self, Installing};
use crate::cli::interrupt::Interrupts;
use crate::cli::onlooker::Unattended;
use crate::cli::render::display::Display;
use crate::client::{AdvanceOptions, ExecuteOptions, Session, Span, advance, go_on, next_due};
use crate::timer::{parse_duration, rfc3339};
use clap::Args;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How many runs a tick executes at a time where nothing is said.
const JOBS: usize = 100;

const EXAMPLES: &str = "\
One crontab line replaces a server: * * * * * durun tick \
It says nothing where nothing happens, and one block on stderr for each run that ends as failed, timed out or stuck, so that \
cron sends it by mail. Ticks may overlap: each run is executed by one of them. Exits as the gravest of those runs.

Examples:
  durun tick
  durun tick --jobs 4 --max-time 50s
  durun tick --install                 each minute from now on, by your crontab; --uninstall undoes it
  durun tick --next                    when the next run is due, such as 2026-11-29T02:30:00.000Z";

/// The arguments of `durun tick`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TickArgs {
    /// Execute so many runs at a time
    #[arg(long, value_name = "N", default_value_t = JOBS, value_parser = parse_jobs)]
    jobs: usize,
    /// Begin nothing more after this long; a step that is under way is awaited, and its run is left to the next tick
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    max_time: Option<i64>,
    /// Execute nothing; print when the next run is due, nothing where none will be by itself
    #[arg(long, conflicts_with_all = ["max_time", "jobs"])]
    next: bool,
    /// Or have it done each minute.
    #[command(flatten)]
    installing: Installing,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &TickArgs) -> Result<Exit, CliError> {
    if let Some(exit) = installing::run(context, &args.installing)? {
        return Ok(exit);
    }
    // A store that was named and is not there would be a crontab that does nothing for ever.
    let session = context.session_if_meant()?;
    let Some(session) = session else {
        context.note("there is no store yet, so nothing is due");
        return Ok(Exit::Done);
    };
    if args.next { print_next(context, &session) } else { tick(context, &session, args) }
}

fn tick(context: &Context, session: &Session, args: &TickArgs) -> Result<Exit, CliError> {
    let interrupts = Interrupts::install()?;
    let display = Display::new(context, &[], interrupts.stop());
    let options = AdvanceOptions {
        execute: ExecuteOptions {
            observer: display.observer(),
            stop: interrupts.stop(),
            configs: Arc::clone(&context.configs),
            variables: context.environment.variables(),
            park_after: None,
        },
        jobs: args.jobs,
        span: Span::Once { max_time: args.max_time.map(duration) },
    };
    let mut seen = Unattended::new(context, session, &display);
    // One that a person types says nothing of a crontab.
    let advanced = if context.environment.stdin_terminal {
        go_on(session, options, &mut seen)
    } else {
        advance(session, options, &mut seen)
    };
    let exit = seen.exit();
    display.finish();
    advanced?;
    Ok(interrupts.exit().unwrap_or(exit))
}

fn print_next(context: &Context, session: &Session) -> Result<Exit, CliError> {
    let next = next_due(session)?;
    match context.format() {
        Format::Table => context.print(&next.map(rfc3339).unwrap_or_default())?,
        Format::Json | Format::Jsonl => {
            let in_ms = next.map(|next| next.since_ms(context.clock.now()).max(0));
            context.print_json(&json!({"schema": 1, "due": next.map(rfc3339), "in_ms": in_ms}))?;
        }
    }
    Ok(Exit::Done)
}

pub(super) fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

pub(super) fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(jobs) => Ok(jobs),
        Err(_) => Err("a whole number is wanted, such as 4".to_owned()),
    }
}
