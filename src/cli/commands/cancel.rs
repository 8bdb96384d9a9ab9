//! `durun cancel`: asks a run to end; its script may clean up.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::client::{cancel, view};
use crate::history::WokenBy;
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
    let view = view(&session, row.no)?;
    if view.executor.is_some() {
        context.note(&format!("run {} is asked to end", row.id));
        return Ok(Exit::Done);
    }
    let resume = context.command(&format!("resume {}", row.id));
    let when = match view.woken_by {
        Some(WokenBy::Serve { pid }) => format!("serve {pid} tells its script"),
        Some(WokenBy::Tick { .. }) => format!("the next tick tells its script, {resume} does it now"),
        Some(WokenBy::Process { .. } | WokenBy::Nobody { .. }) | None => {
            let tick = context.command("tick");
            format!("nobody executes it; its script is told by {resume}, or by {tick}")
        }
    };
    context.note(&format!("recorded: run {} is asked to end; {when}", row.id));
    Ok(Exit::Done)
}
