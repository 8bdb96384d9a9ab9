//! `durun start`: records a run, executes it here, prints its result; the same again goes on with it.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::{attach, execute};
use crate::cli::exit::Exit;
use crate::cli::start_options::StartOptions;
use crate::cli::{detach, escape};
use crate::client::{Claimed, Existing, Session, Started, start};
use crate::history::{RunId, RunRow};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  durun start order.rhai -i product=42 -i rush:=true
  durun start order.rhai --id order-1001 --input @order.json
  durun start backup.rhai --id \"backup-$(date +%F)\"     in a crontab: repeat it, and it goes on where it was
  durun start approval.rhai --detach                    prints the id and goes on in the background

`durun run …` and `durun FILE.rhai …` are the same.";

/// The arguments of `durun start`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StartArgs {
    /// The script
    script: PathBuf,
    /// The run's name; the same name with the same script and input goes on with that run
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// How.
    #[command(flatten)]
    options: StartOptions,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &StartArgs) -> Result<Exit, CliError> {
    let id = args.id.as_deref().map(RunId::parse).transpose()?;
    let request = args.options.request(context, &args.script, id)?;
    let session = context.session_or_create()?;
    match start(&session, request)? {
        Started::New(claimed) if args.options.foreground() => {
            context.note(&format!("run {}", claimed.id));
            execute(context, &session, vec![claimed])
        }
        Started::New(claimed) => background(context, session, &claimed, args.options.detach),
        Started::Existing { row, what, edited } => {
            if edited {
                context.note(&edited_note(args, &row.id, &what));
            }
            existing(context, session, args, &row, what)
        }
    }
}

fn edited_note(args: &StartArgs, id: &RunId, what: &Existing) -> String {
    let file = args.script.display().to_string();
    let file = escape::line(&file);
    match what {
        Existing::Report(_) => format!("note: {file} was edited since run {id}; this is that run's result"),
        Existing::Continue(_) | Existing::Attach(_) => {
            format!("note: {file} was edited; run {id} keeps the text it was started with")
        }
    }
}

/// The id is in use for the same script and input: that run is gone on with, waited for or told.
fn existing(
    context: &Context,
    session: Session,
    args: &StartArgs,
    row: &RunRow,
    what: Existing,
) -> Result<Exit, CliError> {
    let id = &row.id;
    match what {
        Existing::Report(standing) => {
            context.note(&format!("run {id} exists with the same script and input: this is how it stands"));
            conclude(context, &session, row.no, id, &standing)
        }
        Existing::Continue(claimed) if args.options.foreground() => {
            context.note(&format!("run {id} goes on"));
            execute(context, &session, vec![claimed])
        }
        Existing::Attach(claim) if args.options.foreground() => {
            context.note(&format!("run {id} is executed by process {}; waiting for its end", claim.pid));
            attach(context, &session, row.no, id)
        }
        Existing::Continue(claimed) => background(context, session, &claimed, args.options.detach),
        Existing::Attach(_) => context.print(id.as_str()).map(|()| Exit::Done),
    }
}

/// Prints the id of a run that this process does not execute; with `detach` another one does.
pub(super) fn background(
    context: &Context,
    session: Session,
    claimed: &Claimed,
    detach: bool,
) -> Result<Exit, CliError> {
    // The store is given up first: the process in the background need not take it over.
    drop(session);
    if detach {
        detach::begin(context, &claimed.id)?;
    }
    context.print(claimed.id.as_str())?;
    Ok(Exit::Done)
}
