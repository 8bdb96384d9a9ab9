//! `durun result`: the result of a run that has ended.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::client::{find, standing};
use clap::Args;

const EXAMPLES: &str = "\
A text is printed raw (-o json quotes it), () prints nothing. Exit 3 where the run has not ended.

Example:
  durun result order-1001 -o json | jq .total";

/// The arguments of `durun result`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ResultArgs {
    /// The run
    id: String,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ResultArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let (id, standing) = standing(&session, row.no)?;
    conclude(context, &session, row.no, &id, &standing)
}
