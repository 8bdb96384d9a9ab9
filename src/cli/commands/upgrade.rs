//! `durun upgrade`: a run, or all open runs of a script, go on under a mended text.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::forewarning;
use crate::cli::render::verdicts::{self, Verdict};
use crate::client::{
    ClientError, LoadedProgram, Session, Upgraded, find, load_program, upgrade, upgrade_all, view,
};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
The history is replayed against the file first: recorded steps are never done again, and a text that asks for \
something else than what is recorded is refused with the first difference.

Examples:
  durun upgrade order-1001 --script order.rhai --dry-run     only tries it
  durun upgrade order-1001 --script order.rhai && durun resume order-1001
  durun upgrade --all --script order.rhai --dry-run          all open runs of that file

With --all a run that does not fit keeps its text, and the others go on: exit code 8.";

/// The arguments of `durun upgrade`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpgradeArgs {
    /// The run
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<String>,
    /// All open runs of the script
    #[arg(long)]
    all: bool,
    /// The mended script
    #[arg(long, value_name = "FILE")]
    script: PathBuf,
    /// Replay and tell, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Let them go on under it also where durun check sees that each would be stuck
    #[arg(long)]
    unchecked: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &UpgradeArgs) -> Result<Exit, CliError> {
    let program = load_program(&args.script, context.executor.as_ref()).map_err(ClientError::from)?;
    let session = context.session()?;
    if let Some(id) = &args.id {
        find(&session, id)?;
    }
    if !args.unchecked {
        forewarning::refuse_upgrade(context, &args.script)?;
    }
    match &args.id {
        Some(id) => one(context, &session, args, &program, id),
        None => all(context, &session, args, &program),
    }
}

fn one(
    context: &Context,
    session: &Session,
    args: &UpgradeArgs,
    program: &LoadedProgram,
    id: &str,
) -> Result<Exit, CliError> {
    let upgraded = upgrade(session, id, program, args.dry_run)?;
    let (id, entries) = (&upgraded.row.id, upgraded.entries);
    if matches!(context.format(), Format::Json | Format::Jsonl) {
        let now = view(session, upgraded.row.no)?;
        for document in verdicts::documents(&[(now, good(args, &upgraded))]) {
            context.print_json(&document)?;
        }
        return Ok(Exit::Done);
    }
    let file = args.script.display().to_string();
    let file = escape::line(&file);
    let next = context.command(&format!("resume {id}"));
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    let said = match (upgraded.changed, args.dry_run) {
        (true, false) => format!("run {id} goes on under {file}, {entries} replayed: {next}"),
        (true, true) => format!("run {id} would go on under {file}: {entries} fit"),
        (false, _) => format!("run {id} has that text already; {entries} fit: {next}"),
    };
    if args.dry_run {
        context.print(&said)?;
    } else {
        context.note(&said);
    }
    Ok(Exit::Done)
}

/// What came of a run that fits.
fn good(args: &UpgradeArgs, upgraded: &Upgraded) -> Verdict {
    match (upgraded.changed, args.dry_run) {
        (false, _) => Verdict::good("same", "has that text already"),
        (true, true) => Verdict::good("fits", "would go on under it"),
        (true, false) => Verdict::good("upgraded", "goes on under it"),
    }
}

fn all(
    context: &Context,
    session: &Session,
    args: &UpgradeArgs,
    program: &LoadedProgram,
) -> Result<Exit, CliError> {
    let mut exit = Exit::Done;
    let mut tried = Vec::new();
    for (view, result) in upgrade_all(session, program, args.dry_run)? {
        let verdict = match result {
            Ok(upgraded) => good(args, &upgraded),
            Err(error) => {
                let verdict = Verdict::bad(error);
                exit = exit.graver(if verdict.word == "held" { Exit::Busy } else { Exit::Stuck });
                verdict
            }
        };
        tried.push((view, verdict));
    }
    match context.format() {
        Format::Table if tried.is_empty() => context.note("no open runs of that script"),
        Format::Table => {
            context.print(&verdicts::table(&tried, context.table_width(), context.color_stdout()))?;
        }
        Format::Json | Format::Jsonl => context.print_json_list(verdicts::documents(&tried))?,
    }
    if !args.dry_run && tried.iter().any(|(_, verdict)| verdict.word == "upgraded") {
        context.note(&context.command("resume --all"));
    }
    Ok(exit)
}
