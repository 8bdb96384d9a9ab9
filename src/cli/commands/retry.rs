//! `durun retry`: what waits for another attempt is tried now.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::execute;
use crate::cli::exit::Exit;
use crate::client::{Resumed, Retried, retry};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  durun retry backup          the disk is mounted again: do not wait for the next try

A process that executes the run is told. Where none does, it goes on here, as with resume.
The attempts made so far still count.";

/// The arguments of `durun retry`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RetryArgs {
    /// The run
    id: String,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &RetryArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    match retry(&session, &args.id)? {
        Retried::Told(row, claim) | Retried::Here(row, Resumed::Held(claim)) => {
            context.note(&format!("process {} tries run {} again now", claim.pid, row.id));
            Ok(Exit::Done)
        }
        Retried::Here(_, Resumed::Claimed(run)) => execute(context, &session, vec![run]),
        Retried::Here(row, Resumed::Over(standing)) => {
            conclude(context, &session, row.no, &row.id, &standing)
        }
    }
}
