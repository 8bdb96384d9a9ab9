//! `durun upgrade`: a run goes on under a mended script.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::client::{ClientError, load_program, upgrade};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
The history is replayed against the file first: recorded steps are never done again, and a text that asks for
something else than what is recorded is refused with the first difference.

Examples:
  durun upgrade order-1001 --script order.rhai --dry-run     only tries it
  durun upgrade order-1001 --script order.rhai && durun resume order-1001";

/// The arguments of `durun upgrade`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpgradeArgs {
    /// The run
    id: String,
    /// The mended script
    #[arg(long, value_name = "FILE")]
    script: PathBuf,
    /// Replay and tell, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &UpgradeArgs) -> Result<Exit, CliError> {
    let program = load_program(&args.script, context.executor.as_ref()).map_err(ClientError::from)?;
    let session = context.session()?;
    let upgraded = upgrade(&session, &args.id, &program, args.dry_run)?;
    let (id, entries) = (&upgraded.row.id, upgraded.entries);
    let file = args.script.display().to_string();
    let file = escape::line(&file);
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    context.note(&match (upgraded.changed, args.dry_run) {
        (true, false) => format!("run {id} goes on under {file}, {entries} replayed: durun resume {id}"),
        (true, true) => format!("run {id} would go on under {file}: {entries} fit"),
        (false, _) => format!("run {id} has that text already; {entries} fit: durun resume {id}"),
    });
    Ok(Exit::Done)
}
