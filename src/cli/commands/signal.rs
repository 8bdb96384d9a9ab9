//! `durun signal`: says something to a run.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{escape, input};
use crate::client::{Session, signal, view};
use crate::history::RunRow;
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  durun signal order-1001 pickedUp
  durun signal order-1001 rated '{\"stars\": 5}'
  durun signal order-1001 comment '\"very good\"'        a text is quoted for JSON and for the shell
  durun signal order-1001 paid 42 --key invoice-7      sent twice, it counts once";

/// The arguments of `durun signal`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SignalArgs {
    /// The run
    id: String,
    /// The signal's name
    name: String,
    /// What is sent with it, as JSON
    #[arg(allow_negative_numbers = true)]
    payload: Option<String>,
    /// The same key again is the same signal
    #[arg(long)]
    key: Option<String>,
    /// Refuse a name that the script never mentions
    #[arg(long)]
    strict: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &SignalArgs) -> Result<Exit, CliError> {
    let payload = input::payload(args.payload.as_deref(), "the payload")?;
    let session = context.session()?;
    let sent = signal(&session, &args.id, &args.name, payload, args.key.as_deref(), args.strict)?;
    let (id, name) = (&sent.row.id, escape::line(&args.name));
    if sent.duplicate {
        context.note(&format!("the signal with this key was accepted before; nothing was added to run {id}"));
    } else if !sent.mentioned {
        context.note(&format!(
            "note: the script of run {id} never mentions \"{name}\"; the signal waits in its inbox"
        ));
    } else {
        return told_of_executor(context, &session, &sent.row);
    }
    Ok(Exit::Done)
}

/// Says what has to be done where a message was accepted and nobody executes its run.
pub(super) fn told_of_executor(context: &Context, session: &Session, row: &RunRow) -> Result<Exit, CliError> {
    if view(session, row.no)?.executor.is_none() {
        let id = &row.id;
        context.note(&format!(
            "accepted; nobody executes run {id}: {}",
            context.command(&format!("resume {id}"))
        ));
    }
    Ok(Exit::Done)
}
