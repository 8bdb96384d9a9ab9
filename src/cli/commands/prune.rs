//! `durun prune`: runs that ended long ago are forgotten.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::{run_json, runs};
use crate::client::{Age, Pruning, Session, compact, prunable, prune, sweep};
use crate::config::Retention;
use crate::history::RunStatus;
use crate::timer::parse_duration;
use clap::Args;
use std::sync::Arc;

const EXAMPLES: &str = "\
Without --older-than the file durun.toml of each run's script says how long it is kept, and nothing is forgotten where it \
does not. What it says, durun tick and durun serve do unasked:

  [retention]
  completed = \"30 days\"        # completed and skipped runs
  failed = \"90 days\"           # failed, timed out, cancelled, terminated

Open and stuck runs are never forgotten, nor are children while their parent goes on. The id of a forgotten run is free again:
durun start --id with it begins a new run.

Examples:
  durun prune --older-than 30d --dry-run
  durun prune --older-than 30d --status completed
  durun prune --older-than 90d --compact";

/// The arguments of `durun prune`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PruneArgs {
    /// Those that ended so long ago: 30d, 12h, …
    #[arg(long, value_name = "DURATION")]
    older_than: Option<String>,
    /// Only those of these statuses: completed, failed, `timed_out`, cancelled, terminated
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<String>,
    /// List them, and forget nothing
    #[arg(long)]
    dry_run: bool,
    /// Then give the room in the file back to the system; nobody else can use the store meanwhile
    #[arg(long)]
    compact: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &PruneArgs) -> Result<Exit, CliError> {
    let statuses = args.status.iter().map(|word| status(word)).collect::<Result<Vec<_>, _>>()?;
    let older_ms = args.older_than.as_ref().map(|text| duration(text)).transpose()?;
    let here = context.environment.directory().join("any.rhai");
    let retention = context.config(&here)?.retention;
    let age = older_ms.map_or_else(|| Age::AsConfigured(Arc::clone(&context.configs)), Age::Ms);
    let pruning = Pruning { statuses, age };
    let session = context.session()?;
    let views = prunable(&session, &pruning)?;
    let says_nothing = older_ms.is_none() && views.is_empty() && retention == Retention::default();
    if says_nothing && !args.compact {
        let message = "nothing says how long runs are kept: --older-than 30d, or [retention] in durun.toml";
        return Err(CliError::Usage(message.to_owned()));
    }
    if args.dry_run {
        let now = context.clock.now();
        match context.format() {
            Format::Table if views.is_empty() => context.note("nothing would be forgotten"),
            Format::Table => {
                context.print(&runs::table(&views, now, context.table_width(), context.color_stdout()))?;
            }
            Format::Json => {
                context.print_json_list(views.iter().map(|view| run_json::brief(view, now)).collect())?;
            }
            Format::Jsonl => context.print_lines(views.iter().map(|view| run_json::brief(view, now)))?,
        }
        return Ok(Exit::Done);
    }
    let gone = prune(&session, &pruning, &views)?.len();
    sweep(&session, 0, || true)?;
    context.note(&match gone {
        1 => "1 run was forgotten".to_owned(),
        many => format!("{many} runs were forgotten"),
    });
    if args.compact {
        shrink(context, &session)?;
    }
    Ok(Exit::Done)
}

fn shrink(context: &Context, session: &Session) -> Result<(), CliError> {
    let file = session.directory().join("store.redb");
    let size = || file.metadata().map_or(0, |file| file.len());
    let before = size();
    compact(session)?;
    context.note(&format!("the store had {} KiB, and has {}", before / 1024, size() / 1024));
    Ok(())
}

fn status(word: &str) -> Result<RunStatus, CliError> {
    let ended = RunStatus::ALL.into_iter().filter(|status| status.is_ended());
    ended.clone().find(|status| status.word() == word).ok_or_else(|| {
        let known: Vec<&str> = ended.map(RunStatus::word).collect();
        CliError::Usage(format!("--status {word}: only ended runs can be forgotten: {}", known.join(", ")))
    })
}

fn duration(text: &str) -> Result<i64, CliError> {
    parse_duration(text).map_err(|error| CliError::Usage(format!("--older-than {text}: {error}")))
}
