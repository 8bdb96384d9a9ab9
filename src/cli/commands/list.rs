//! `durun list`: runs, those that need a person first, then newest first.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::{run_json, runs};
use crate::client::{RunFilter, list_needing_first};
use crate::history::{Moment, RunStatus, nearest};
use crate::timer::{parse_duration, parse_moment};
use clap::Args;

/// How many runs are listed where no limit is given.
const DEFAULT_LIMIT: u32 = 50;

const STATUS_HELP: &str =
    "Only these: stuck, running, waiting, parked, failed, timed_out, cancelled, terminated, completed";

const EXAMPLES: &str = "\
Examples:
  durun list
  durun list --status stuck,failed --since \"2 days\"
  durun list --script backup.rhai -a -o jsonl";

/// The arguments of `durun list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// Only these.
    #[arg(long, value_delimiter = ',', value_name = "STATUS", value_parser = parse_status, help = STATUS_HELP)]
    status: Vec<RunStatus>,
    /// Only runs of scripts whose path ends with this
    #[arg(long, value_name = "NAME")]
    script: Option<String>,
    /// Only runs started since: a duration back from now, or a date
    #[arg(long, value_name = "DURATION|DATE")]
    since: Option<String>,
    /// At most so many [default: 50]
    #[arg(long, value_name = "N", conflicts_with = "all")]
    limit: Option<u32>,
    /// All, not the newest 50 alone, and those that tell of others as [notify] says
    #[arg(short, long)]
    all: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ListArgs) -> Result<Exit, CliError> {
    let limit = if args.all { None } else { Some(args.limit.unwrap_or(DEFAULT_LIMIT)) };
    // Where nobody has said how many, one more is asked for: whether there are any.
    let wanted = if args.limit.is_none() { limit.map(|limit| limit.saturating_add(1)) } else { limit };
    let filter = RunFilter {
        statuses: args.status.clone(),
        script: args.script.clone(),
        since: args.since.as_deref().map(|text| since(text, context.clock.now())).transpose()?,
        limit: wanted,
        needs_person: false,
        parent: None,
        without_hooks: !args.all && args.script.is_none(),
    };
    let session = context.session_if_meant()?;
    let is_whole = !filter.without_hooks;
    let mut views = match session {
        Some(session) => list_needing_first(&session, filter)?,
        None => Vec::new(),
    };
    let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let is_cut = views.len() > most;
    views.truncate(most);
    let before = views.len();
    views.retain(|view| is_whole || !view.row.is_hook());
    let untold = before - views.len();
    let now = context.clock.now();
    match context.format() {
        Format::Json | Format::Jsonl => {
            context.print_json_list(views.iter().map(|view| run_json::brief(view, now)).collect())?;
        }
        Format::Table if views.is_empty() => context.note("no runs"),
        Format::Table => {
            context.print(&runs::table(&views, now, context.table_width(), context.color_stdout()))?;
            if let Some(words) = runs::going_on(&views, now) {
                context.note(&format!("what nobody executes goes on with {}", context.command(&words)));
            }
        }
    }
    if is_cut {
        let all = context.command("list -a");
        // Whoever reads a table in a pipe sees where it ends as little as a program does.
        context.warn(&format!(
            "these are the newest {DEFAULT_LIMIT}, there are more: {all} lists all, --limit N the newest N"
        ));
    }
    if untold > 0 {
        let what = if untold == 1 { "1 run that was to tell" } else { "runs that were to tell" };
        let many = if untold == 1 { String::new() } else { format!("{untold} ") };
        context.note(&format!(
            "{many}{what} of others, as [notify] says, could not: {}",
            context.command("list --script '(notify)'")
        ));
    }
    Ok(Exit::Done)
}

fn since(text: &str, now: Moment) -> Result<Moment, CliError> {
    match (parse_moment(text), parse_duration(text)) {
        (Some(moment), _) => Ok(moment),
        (None, Ok(ms)) => Ok(now.plus_ms(ms.saturating_neg())),
        (None, Err(error)) => {
            Err(CliError::Usage(format!("--since {text} is neither a duration nor a date: {error}")))
        }
    }
}

fn parse_status(word: &str) -> Result<RunStatus, String> {
    let wanted = word.trim().to_lowercase().replace('-', "_");
    RunStatus::ALL.into_iter().find(|status| status.word() == wanted).ok_or_else(|| {
        let words: Vec<&str> = RunStatus::ALL.iter().map(|status| status.word()).collect();
        let near = meant(&wanted, &words).map_or_else(String::new, |near| format!("did you mean {near}? "));
        format!("{near}statuses are {}", words.join(", "))
    })
}

/// The status that is called so elsewhere, or is spelt nearly so.
fn meant<'w>(wanted: &str, words: &[&'w str]) -> Option<&'w str> {
    let other = match wanted {
        "done" | "ok" | "success" | "succeeded" | "finished" => "completed",
        "error" | "failure" => "failed",
        "active" | "open" => "running",
        "blocked" | "sleeping" => "waiting",
        "paused" | "interrupted" | "suspended" => "parked",
        "killed" => "terminated",
        "timeout" => "timed_out",
        other => other,
    };
    nearest(other, words.iter().copied())
}
