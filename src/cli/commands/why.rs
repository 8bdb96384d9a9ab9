//! `durun why`: what a run waits for, in one paragraph, and the command that unblocks it.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::{run_json::SCHEMA, why};
use crate::cli::way_on::WayOn;
use crate::client::{find, hinted, lines, loose_ends, unread, view};
use crate::history::StoredStatus;
use clap::Args;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  durun why order-1001
  durun why @last -o json | jq -r '.commands[0]'";

/// The arguments of `durun why`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WhyArgs {
    /// The run
    id: String,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &WhyArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let mut view = view(&session, find(&session, &args.id)?.no)?;
    if let StoredStatus::Stuck(stuck) = &mut view.row.status {
        *stuck = hinted(&session, view.row.no, stuck);
    }
    let script = lines(&session, view.row.no).ok();
    let way = WayOn::of(&session, (view.row.no, &view.row.id), &view.row.status);
    let loose = loose_ends(&session, &view)?;
    let unread = unread(&session, &view)?;
    let why = why::explain((&view, &loose), &unread, script.as_ref(), &way, context.clock.now());
    let commands: Vec<String> = why.commands.iter().map(|words| context.command(words)).collect();
    match context.format() {
        Format::Table => {
            let lines: Vec<String> = commands.iter().map(|command| format!("  {command}")).collect();
            context.print(&[vec![why.text], why.lines, lines].concat().join("\n"))?;
        }
        Format::Json | Format::Jsonl => context.print_json(&json!({
            "schema": SCHEMA,
            "id": view.row.id.as_str(),
            "status": view.status.word(),
            "why": why.text,
            "lines": why.lines,
            "commands": commands,
        }))?,
    }
    Ok(Exit::Done)
}
