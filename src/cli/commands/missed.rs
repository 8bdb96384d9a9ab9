//! `durun missed`: the slots of schedules that were missed or skipped, until somebody has seen them.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::schedules;
use crate::client::{ClientError, ScheduleError, mark_seen};
use crate::history::Schedule;
use clap::Args;

const EXAMPLES: &str = "\
Exits with 1 where there is any, with 0 where there is none: a check for a monitor. Slots are in the zone of their \
schedule. What a backfill makes up for is listed no more.

Examples:
  durun missed
  durun missed nightly --seen           list them once more, and then no more";

/// The arguments of `durun missed`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MissedArgs {
    /// Only of this schedule
    name: Option<String>,
    /// List what is listed now no more
    #[arg(long)]
    seen: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &MissedArgs) -> Result<Exit, CliError> {
    let Some(session) = context.session_if_any()? else {
        return match &args.name {
            Some(name) => Err(no_such(name)),
            None => Ok(Exit::Done),
        };
    };
    let all = crate::client::schedules(&session)?.schedules.into_iter().map(|view| view.row);
    let rows: Vec<Schedule> =
        all.filter(|row| args.name.as_ref().is_none_or(|name| row.name.as_str() == name)).collect();
    if let (Some(name), true) = (&args.name, rows.is_empty()) {
        return Err(no_such(name));
    }
    let is_any = rows.iter().any(|row| row.unseen().next().is_some());
    match context.format() {
        Format::Json | Format::Jsonl => {
            let records = rows
                .iter()
                .flat_map(|row| row.unseen().map(|record| schedules::record_json(row, record)))
                .collect();
            context.print_json_list(records)?;
        }
        Format::Table if !is_any => context.note("no slot was missed or skipped"),
        Format::Table => {
            context.print(&schedules::missed_table(&rows, context.table_width(), context.color_stdout()))?;
        }
    }
    if args.seen {
        mark_seen(&session, args.name.as_deref())?;
    }
    Ok(if is_any { Exit::Failed } else { Exit::Done })
}

fn no_such(name: &str) -> CliError {
    let near = Vec::new();
    CliError::Client(ClientError::Schedule(ScheduleError::NoSuch { name: name.to_owned(), near }))
}
