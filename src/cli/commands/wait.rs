//! `durun wait`: waits for a run to end and prints its result.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::patience;
use crate::cli::render::runs::stopped;
use crate::cli::report::Report;
use crate::cli::report_end::{ran_out, unanswered};
use crate::client::{RunView, Waited, find, view, wait};
use crate::history::WokenBy;
use crate::timer::parse_duration;
use clap::Args;
use std::time::Duration;

const EXAMPLES: &str = "\
Exits as the run ends: 0 completed, 1 failed, 5 cancelled or terminated, 6 timed out, 8 stuck; 124 where the time \
given runs out. Where nobody executes the run any more it goes on waiting, and says so: durun resume executes it.

Example:
  durun wait order-1001 --timeout \"5 min\"";

/// The arguments of `durun wait`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WaitArgs {
    /// The run
    id: String,
    /// Wait no longer than this: 30s, 5 min
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<i64>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &WaitArgs) -> Result<Exit, CliError> {
    let limit = args.timeout.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
    let end = limit.map(|limit| context.clock.monotonic().saturating_add(limit));
    let is_over = || end.is_some_and(|end| end <= context.clock.monotonic());
    match waited(context, args, limit, end) {
        Err(error) if is_over() => match patience::stopped(&error) {
            Some(pid) => Ok(complain(context, &unanswered(&args.id, args.timeout.unwrap_or(0), pid))),
            None => Err(error),
        },
        told => told,
    }
}

fn waited(
    context: &Context,
    args: &WaitArgs,
    limit: Option<Duration>,
    end: Option<Duration>,
) -> Result<Exit, CliError> {
    let session = patience::session(context, end)?;
    let row = find(&session, &args.id)?;
    let (mut was_executed, mut said) = (false, false);
    let mut stalled = None;
    let waited = wait(&session, row.no, limit, &mut |view| {
        let now_stalled = view.executor.map(|claim| claim.pid).zip(stopped(view));
        if let Some((pid, how)) = now_stalled.as_ref().filter(|_| now_stalled != stalled) {
            context.warn(&format!("process {pid} executes run {}, {how}", view.row.id));
        }
        stalled = now_stalled;
        let is_executed = view.executor.is_some();
        if !is_executed && !said {
            tell_alone(context, view, was_executed);
        }
        (was_executed, said) = (was_executed || is_executed, !is_executed);
        true
    })?;
    let time = args.timeout.unwrap_or(0);
    match waited {
        Waited::Over(standing) => conclude(context, &session, row.no, &row.id, &standing),
        Waited::RanOut(status) => {
            let going = going(&view(&session, row.no)?);
            Ok(complain(context, &ran_out(&row.id, status, time, &going)))
        }
    }
}

fn complain(context: &Context, report: &Report) -> Exit {
    context.complain(&context.shown(report));
    report.exit
}

/// How a run goes on for which the time to wait has run out.
fn going(view: &RunView) -> String {
    match (view.executor, view.woken_by) {
        (Some(claim), _) => stopped(view).map_or_else(
            || "the run goes on undisturbed".to_owned(),
            |how| format!("process {} executes it, {how}", claim.pid),
        ),
        (None, Some(WokenBy::Nobody { .. }) | None) => {
            "nobody executes it: it does not go on by itself".to_owned()
        }
        (None, Some(_)) => "the run goes on undisturbed".to_owned(),
    }
}

/// Says that nobody executes the run. Where somebody did, and nobody goes on with it, this wait would never end: that must not be missed.
fn tell_alone(context: &Context, view: &RunView, was_executed: bool) {
    let id = &view.row.id;
    let resume = context.command(&format!("resume {id}"));
    if was_executed && matches!(view.woken_by, Some(WokenBy::Nobody { .. })) {
        context.warn(&format!(
            "nobody executes run {id} any more; this waits until somebody goes on with it: {resume}"
        ));
    } else {
        context.note(&format!("nobody executes run {id} now: {resume}"));
    }
}
