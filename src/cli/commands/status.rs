//! `durun status`: where a run is and what it waits for.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::{run_json, status};
use crate::client::{RunView, Session, Watch, descendants, find, published, view};
use clap::Args;

/// The most runs that are shown below one.
const MOST_DESCENDANTS: usize = 200;

const EXAMPLES: &str = "\
Examples:
  durun status order-1001
  durun status @last --watch                          again at each change, until it has ended
  durun status backup -o json | jq -r .status
  durun status backup --exit-code >/dev/null || echo \"look at it\"";

/// The arguments of `durun status`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    /// The run
    id: String,
    /// Show it again at each change, until it has ended
    #[arg(long)]
    watch: bool,
    /// Exit as the run would have: 0 completed, 1 failed, 3 not finished, …
    #[arg(long)]
    exit_code: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &StatusArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let watch = if args.watch { Some(Watch::begin(&session, row.no)?) } else { None };
    let mut shown: Option<RunView> = None;
    loop {
        let now = view(&session, row.no)?;
        if shown.as_ref() != Some(&now) {
            if shown.is_some() && context.format() == Format::Table {
                context.print("\n")?;
            }
            show(context, &session, &now, args.watch)?;
        }
        match &watch {
            Some(watch) if !now.status.is_ended() => {
                watch.next(None);
            }
            Some(_) | None => return Ok(if args.exit_code { Exit::of(now.status) } else { Exit::Done }),
        }
        shown = Some(now);
    }
}

fn show(context: &Context, session: &Session, view: &RunView, again: bool) -> Result<(), CliError> {
    let published = published(session, view.row.no)?;
    let children = descendants(session, view.row.no, MOST_DESCENDANTS)?;
    let now = context.clock.now();
    match context.format() {
        Format::Table => {
            context.print(&status::render(view, &children, &published, now, context.color_stdout()))
        }
        // One after the other, whole documents spread over lines would be hard to read back.
        Format::Json if again => {
            context.print_lines(std::iter::once(run_json::full(view, &children, &published, now)))
        }
        Format::Json | Format::Jsonl => context.print_json(&run_json::full(view, &children, &published, now)),
    }
}
