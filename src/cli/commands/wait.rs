//! `durun wait`: waits for a run to end and prints its result.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::report_end::ran_out;
use crate::client::{Waited, find, wait};
use crate::timer::parse_duration;
use clap::Args;
use std::time::Duration;

const EXAMPLES: &str = "\
Exits as the run ends: 0 completed, 1 failed, 5 cancelled or terminated, 6 timed out, 8 stuck; 124 where the time \
given runs out.

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
    let mut said = false;
    let waited = wait(&session, row.no, limit, &mut |view| {
        if view.executor.is_none() && !said {
            let resume = context.command(&format!("resume {}", row.id));
            context.note(&format!("nobody executes run {} now: {resume}", row.id));
            said = true;
        }
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
