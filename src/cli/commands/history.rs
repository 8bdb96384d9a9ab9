//! `durun history`: what happened in a run, entry by entry, verified.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::looks::Looks;
use crate::cli::pager::Pager;
use crate::cli::render::entry_json;
use crate::cli::render::marks::Marks;
use crate::cli::render::rewinds::Rewinds;
use crate::cli::render::story::Story;
use crate::cli::render::when::absolute;
use crate::client::{HistoryReader, Session, Watch, find, read_branch, view, whose};
use crate::history::{Branch, Entry, RunRow, Seq};
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
    /// Show what rewind and retry have set aside, too
    #[arg(long)]
    all: bool,
    /// At a terminal, print all at once, without $PAGER or less -FRX
    #[arg(long)]
    no_pager: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let watch = if args.follow { Some(Watch::begin(&session, row.no)?) } else { None };
    let mut reader = HistoryReader::new(row.no, row.id.clone()).of_generation(args.generation);
    let generation = args.generation.unwrap_or(row.generation);
    let rewinds = Rewinds::of(&row, generation);
    let story = Story::new(context.color_stdout(), context.table_width()).rewound(rewinds.clone());
    let mut story = story.marked(Marks::of(&row, generation));
    let mut pager = Pager::open(context, !args.follow && !args.no_pager);
    let mut kept = if args.all { set_aside(&mut pager, context, &session, &row)? } else { Vec::new() };
    let mut names = Looks::new();
    loop {
        // Asked first: entries that follow are read before the end is believed.
        let view = view(&session, row.no)?;
        let over = view.status.is_ended();
        if context.format() == Format::Table && generation == view.row.generation {
            let now = context.clock.monotonic();
            // What an entry is of is known by a replay: it is told when that is due.
            if let (Some(watch), Some(wait)) = (&watch, names.wait(&view, now).filter(|wait| !wait.is_zero()))
            {
                watch.next(Some(wait));
                continue;
            }
            story.tell_whose(names.seen(&view, now, || whose(&session, row.no, view.entries)).clone());
        }
        loop {
            let page = reader.page(&session)?;
            if page.is_empty() {
                break;
            }
            match context.format() {
                Format::Json if watch.is_none() => kept.extend(documents(&row, &page, &rewinds)),
                Format::Json | Format::Jsonl => {
                    context.print_lines(documents(&row, &page, &rewinds))?;
                }
                Format::Table => {
                    let lines: String = page.iter().map(|(seq, entry)| story.tell(*seq, entry)).collect();
                    pager.print(&lines)?;
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
    match context.format() {
        Format::Json if watch.is_none() => context.print_json_list(kept)?,
        Format::Json | Format::Jsonl => {}
        Format::Table => pager.print(&story.end())?,
    }
    Ok(Exit::Done)
}

/// What was set aside, branch by branch; gives the documents that are to be printed at the end.
fn set_aside(
    pager: &mut Pager<'_>,
    context: &Context,
    session: &Session,
    row: &RunRow,
) -> Result<Vec<serde_json::Value>, CliError> {
    let mut kept = Vec::new();
    for (number, branch) in row.branches.iter().enumerate() {
        let entries = read_branch(session, row, number)?;
        let none = Rewinds::default();
        let documents = documents(row, &entries, &none).map(|mut document| {
            if let Some(document) = document.as_object_mut() {
                document.insert("branch".to_owned(), number.into());
            }
            document
        });
        match context.format() {
            Format::Json => kept.extend(documents),
            Format::Jsonl => context.print_lines(documents)?,
            Format::Table => {
                let by = if is_of_retry(branch, &entries) { "retry" } else { "rewind" };
                let mut story = Story::new(context.color_stdout(), context.table_width());
                let lines: String = entries.iter().map(|(seq, entry)| story.tell(*seq, entry)).collect();
                pager.print(&format!("set aside by {by} {}:\n{lines}", absolute(branch.at)))?;
            }
        }
    }
    if context.format() == Format::Table && !row.branches.is_empty() {
        pager.print("as it is now:\n")?;
    }
    Ok(kept)
}

/// A retry sets its step aside and does not make it new.
fn is_of_retry(branch: &Branch, entries: &[(Seq, Entry)]) -> bool {
    let first = entries.first().and_then(|(_, entry)| entry.fact.outcome_of());
    branch.again.as_ref().is_none_or(|again| first.is_some_and(|(op, _)| !again.is_of(op)))
}

fn documents<'a>(
    row: &'a RunRow,
    page: &'a [(Seq, Entry)],
    rewinds: &'a Rewinds,
) -> impl Iterator<Item = serde_json::Value> + 'a {
    page.iter().map(move |(seq, entry)| entry_json::entry(&row.id, &row.script, *seq, entry, rewinds))
}
