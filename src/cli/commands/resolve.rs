//! `durun resolve`: an outside system says that what a token stands for is done.

use super::signal::told_of_executor;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::client::resolve;
use crate::history::Resolution;
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  durun resolve order-7.4zk0mpe2v6y8n1s3t5w7x9 '{\"invoice\": 4711}'
  durun resolve order-7.4zk0mpe2v6y8n1s3t5w7x9             wait_token gives ()

Sent twice with the same value it counts once; with another one it is a conflict, exit code 7.";

/// The arguments of `durun resolve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ResolveArgs {
    /// The token
    token: String,
    /// The value that the waiting script gets, as JSON
    #[arg(allow_negative_numbers = true, value_name = "JSON")]
    value: Option<String>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ResolveArgs) -> Result<Exit, CliError> {
    let value = input::payload(args.value.as_deref(), "the value")?;
    settle(context, &args.token, &Resolution::Resolved(value))
}

/// Gives the resolution to the store and says what came of it.
pub(super) fn settle(context: &Context, token: &str, resolution: &Resolution) -> Result<Exit, CliError> {
    let session = context.session()?;
    let replied = resolve(&session, token, resolution)?;
    if replied.duplicate {
        context.note(&format!("this was said before; nothing was added to run {}", replied.row.id));
        return Ok(Exit::Done);
    }
    told_of_executor(context, &session, &replied.row)
}
