//! `durun history`: what happened in a run, entry by entry, verified.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::entry_json;
use crate::cli::render::story::Story;
use crate::client::{HistoryReader, Watch, find, view};
use crate::history::{Entry, RunId, Seq};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  durun history order-1001
  durun history order-1001 --follow
  durun history order-1001 -o jsonl | jq 'select(.kind == \"ActivityFailed\")'";

/// The arguments of `durun history`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HistoryArgs {
    /// The run
    id: String,
    /// Go on as the run does, until it has ended
    #[arg(short, long)]
    follow: bool,
    /// The generation: the present one, or the one before it [default: the present one]
    #[arg(short, long, value_name = "N", conflicts_with = "follow")]
    generation: Option<u32>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let watch = if args.follow { Some(Watch::begin(&session, row.no)?) } else { None };
    let mut reader = HistoryReader::new(row.no, row.id.clone()).of_generation(args.generation);
    let mut story = Story::new(context.color_stdout());
    let mut kept = Vec::new();
    loop {
        // Asked first: entries that follow are read before the end is believed.
        let over = view(&session, row.no)?.status.is_ended();
        loop {
            let page = reader.page(&session)?;
            if page.is_empty() {
                break;
            }
            match context.format() {
                Format::Json if watch.is_none() => kept.extend(documents(&row.id, &page)),
                Format::Json | Format::Jsonl => {
                    context.print_lines(documents(&row.id, &page))?;
                }
                Format::Table => {
                    let lines: String = page.iter().map(|(seq, entry)| story.tell(*seq, entry)).collect();
                    context.print(&lines)?;
                }
            }
        }
        match &watch {
            Some(watch) if !over => {
                watch.next(None);
            }
            Some(_) | None => break,
        }
    }
    if context.format() == Format::Json && watch.is_none() {
        context.print_json_list(kept)?;
    }
    Ok(Exit::Done)
}

fn documents<'a>(id: &'a RunId, page: &'a [(Seq, Entry)]) -> impl Iterator<Item = serde_json::Value> + 'a {
    page.iter().map(move |(seq, entry)| entry_json::entry(id, *seq, entry))
}
