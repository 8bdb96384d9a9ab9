//! `durun terminate`: ends a run without asking its script.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::{Manner, execute_for};
use crate::cli::exit::Exit;
use crate::client::{Resumed, resume, terminate, terminate_by_undo};
use crate::history::RunStatus;
use clap::Args;

const EXAMPLES: &str = "\
The script is not told and cannot clean up; durun cancel asks it. With --undo nothing more of the script is run, but what \
it registered by undo and on_undo is undone, newest first: here, where nobody executes the run.

Examples:
  durun terminate order-1001 --reason \"a mistake\"
  durun terminate order-1001 --undo";

/// The arguments of `durun terminate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TerminateArgs {
    /// The run
    id: String,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Undo what it did, and run nothing else of its script
    #[arg(long)]
    undo: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &TerminateArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    if !args.undo {
        let row = terminate(&session, &args.id, &args.reason)?;
        context.note(&format!("run {} is terminated", row.id));
        return Ok(Exit::Done);
    }
    let (row, is_open) = terminate_by_undo(&session, &args.id, &args.reason)?;
    if !is_open {
        context.note(&format!("run {} never began: it is terminated, there is nothing to undo", row.id));
        return Ok(Exit::Done);
    }
    match resume(&session, &row)? {
        Resumed::Claimed(run) => {
            let manner = Manner { wanted: Some(RunStatus::Terminated), ..Manner::default() };
            let exit = execute_for(context, &session, vec![run], manner)?;
            if exit == Exit::Done {
                context.note(&format!("run {} is undone and terminated", row.id));
            }
            Ok(exit)
        }
        Resumed::Held(claim) => {
            context.note(&format!(
                "process {} undoes what run {} did; durun wait {} waits for it",
                claim.pid, row.id, row.id
            ));
            Ok(Exit::Done)
        }
        Resumed::Over(_) => {
            context.note(&format!("run {} has ended; durun history {} tells how", row.id, row.id));
            Ok(Exit::Done)
        }
    }
}
