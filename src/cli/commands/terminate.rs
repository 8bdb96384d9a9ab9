//! `durun terminate`: ends a run without asking its script.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::client::terminate;
use clap::Args;

const EXAMPLES: &str = "\
The script is not told and cannot clean up; durun cancel asks it.

Example:
  durun terminate order-1001 --reason \"a mistake\"";

/// The arguments of `durun terminate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TerminateArgs {
    /// The run
    id: String,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &TerminateArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = terminate(&session, &args.id, &args.reason)?;
    context.note(&format!("run {} is terminated", row.id));
    Ok(Exit::Done)
}
