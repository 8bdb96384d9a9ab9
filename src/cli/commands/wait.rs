//! `durun wait`: waits for a run to end and prints its result.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::report_end::ran_out;
use crate::client::{RunView, Waited, find, wait};
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
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let limit = args.timeout.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
    let (mut was_executed, mut said) = (false, false);
    let waited = wait(&session, row.no, limit, &mut |view| {
        let is_executed = view.executor.is_some();
        if !is_executed && !said {
            tell_alone(context, view, was_executed);
        }
        (was_executed, said) = (was_executed || is_executed, !is_executed);
        true
    })?;
    match waited {
        Waited::Over(standing) => conclude(context, &session, row.no, &row.id, &standing),
        Waited::RanOut(status) => {
            let report = ran_out(&row.id, status, args.timeout.unwrap_or(0));
            context.complain(&context.shown(&report));
            Ok(report.exit)
        }
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
