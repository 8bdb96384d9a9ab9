//! `durun logs`: what a run and its attempts wrote.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::log_line;
use crate::client::{LogReader, Steps, Watch, find, view};
use clap::Args;
use std::time::Duration;

/// Between two looks at what attempts write: nobody tells of that.
const LOOK: Duration = Duration::from_millis(150);

const EXAMPLES: &str = "\
Examples:
  durun logs order-1001
  durun logs order-1001 charge_customer      what the attempts of that step wrote
  durun logs order-1001 -f";

/// The arguments of `durun logs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LogsArgs {
    /// The run
    id: String,
    /// Only lines of this step: its name, or the number of its entry in `durun history`
    step: Option<String>,
    /// Go on as the run does, until it has ended
    #[arg(short, long)]
    follow: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &LogsArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let mut steps = Steps::of(&session, &row)?;
    let filter = steps.filter(&row, args.step.as_deref())?;
    let watch = if args.follow { Some(Watch::begin(&session, row.no)?) } else { None };
    let mut reader = LogReader::new(&session, row.no, filter);
    let mut kept = Vec::new();
    let mut said = false;
    loop {
        // Asked first: lines that follow are read before the end is believed.
        let over = view(&session, row.no)?.status.is_ended();
        loop {
            let page = reader.page(&session)?;
            if page.is_empty() {
                break;
            }
            if page.iter().filter_map(|line| line.op).any(|op| steps.get(op).is_none()) {
                steps.go_on(&session)?;
            }
            said = true;
            let page = page.iter();
            match context.format() {
                Format::Json if watch.is_none() => {
                    kept.extend(page.map(|line| log_line::document(&row.id, line, &steps)));
                }
                Format::Json | Format::Jsonl => {
                    context.print_lines(page.map(|line| log_line::document(&row.id, line, &steps)))?;
                }
                Format::Table => {
                    let color = context.color_stdout();
                    context
                        .print(&page.map(|line| log_line::render(line, &steps, color)).collect::<String>())?;
                }
            }
        }
        match &watch {
            Some(watch) if !over => {
                watch.next(Some(LOOK));
            }
            Some(_) | None => break,
        }
    }
    if !said {
        context.note("nothing was logged or written");
    }
    if context.format() == Format::Json && watch.is_none() {
        context.print_json_list(kept)?;
    }
    Ok(Exit::Done)
}
