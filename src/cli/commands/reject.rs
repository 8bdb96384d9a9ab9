//! `durun reject`: an outside system says that what a token stands for has failed.

use super::resolve::settle;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::history::Resolution;
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  durun reject order-7.4zk0mpe2v6y8n1s3t5w7x9 \"the supplier declined\"

wait_token throws an error of kind \"rejected\" with the message.";

/// The arguments of `durun reject`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RejectArgs {
    /// The token
    token: String,
    /// Why
    message: String,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &RejectArgs) -> Result<Exit, CliError> {
    settle(context, &args.token, &Resolution::Rejected(args.message.clone()))
}
