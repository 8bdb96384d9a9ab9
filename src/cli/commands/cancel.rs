//! `durun cancel`: asks a run to end; its script may clean up.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::client::{cancel, view};
use clap::Args;

const EXAMPLES: &str = "\
The wish is recorded at once; the script is told when it is executed, and may clean up before it ends.

Example:
  durun cancel order-1001 --reason \"the customer called\"";

/// The arguments of `durun cancel`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CancelArgs {
    /// The run
    id: String,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &CancelArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = cancel(&session, &args.id, &args.reason)?;
    if view(&session, row.no)?.executor.is_none() {
        let resume = context.command(&format!("resume {}", row.id));
        context.note(&format!("recorded; the script of run {} is told when it goes on: {resume}", row.id));
    } else {
        context.note(&format!("run {} is asked to end", row.id));
    }
    Ok(Exit::Done)
}
