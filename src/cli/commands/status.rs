//! `durun status`: where a run is and what it waits for.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::looks::Looks;
use crate::cli::patience;
use crate::cli::render::status::{self, Beside};
use crate::cli::render::{loose, run_json, variables};
use crate::cli::watching;
use crate::cli::way_on::WayOn;
use crate::client::{
    MOST_LOOKED_AT, RunView, Session, Watch, descendants, find, lines, look, loose_ends, published, unread,
    view,
};
use crate::history::RunStatus;
use clap::Args;
use std::cell::RefCell;
use std::time::Duration;

/// The most runs that are shown below one.
const MOST_DESCENDANTS: usize = 200;

const EXAMPLES: &str = "\
Examples:
  durun status order-1001
  durun status @last --watch                          again at each change, until it has ended
  durun status backup -o json | jq -r .status
  durun status backup -o json --variables | jq .variables
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
    /// Show the script's variables where it waits, also of a long history, and in documents
    #[arg(long)]
    variables: bool,
}

/// The variables that were seen last, for people or for programs.
struct Looked {
    lines: Looks<Vec<String>>,
    documents: Looks<serde_json::Value>,
}

impl Looked {
    fn wait(&self, format: Format, view: &RunView, now: Duration) -> Option<Duration> {
        match format {
            Format::Table => self.lines.wait(view, now),
            Format::Json | Format::Jsonl => self.documents.wait(view, now),
        }
    }
}

/// Does it.
pub(crate) fn run(context: &Context, args: &StatusArgs) -> Result<Exit, CliError> {
    let session = if args.watch { patience::session(context, None)? } else { context.session()? };
    let row = find(&session, &args.id)?;
    if args.watch && context.draws() {
        let looks = RefCell::new(Looks::new());
        let drawn = |view: &RunView| {
            let (mut looks, now) = (looks.borrow_mut(), context.clock.monotonic());
            let variables = looks.seen(view, now, || variables(context, &session, view, args));
            table(context, &session, view, variables)
        };
        let ended = watching::watch(context, &session, &row, &drawn)?;
        return Ok(if args.exit_code { Exit::of(ended) } else { Exit::Done });
    }
    let watch = if args.watch { Some(Watch::begin(&session, row.no)?) } else { None };
    let mut shown: Option<RunView> = None;
    let mut looks = Looked { lines: Looks::new(), documents: Looks::new() };
    loop {
        let now = view(&session, row.no)?;
        if shown.as_ref() != Some(&now) {
            let replays = args.variables || context.format() == Format::Table;
            let wait = looks.wait(context.format(), &now, context.clock.monotonic());
            let wait = wait.filter(|wait| replays && !wait.is_zero());
            if let (Some(watch), Some(_)) = (&watch, wait) {
                watch.next(wait);
                continue;
            }
            if shown.is_some() && context.format() == Format::Table {
                context.print("\n")?;
            }
            show(context, &session, &now, args, &mut looks)?;
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

/// The status as people read it.
fn table(
    context: &Context,
    session: &Session,
    view: &RunView,
    variables: &[String],
) -> Result<String, CliError> {
    let published = published(session, view.row.no)?;
    let children = descendants(session, view.row.no, MOST_DESCENDANTS)?;
    let script = lines(session, view.row.no).ok();
    let (way_on, edited) = way_on(context, session, view);
    let unread = unread(session, view)?;
    let loose = loose_ends(session, view)?;
    let beside = Beside {
        children: &children,
        published: &published,
        script: script.as_ref(),
        way_on: &way_on,
        loose: &loose,
        edited: edited.as_deref(),
        unread: &unread,
        variables,
        command: &|words| context.command(words),
    };
    Ok(status::render(view, &beside, context.clock.now(), context.color_stdout()))
}

fn show(
    context: &Context,
    session: &Session,
    view: &RunView,
    args: &StatusArgs,
    looks: &mut Looked,
) -> Result<(), CliError> {
    let now = context.clock.monotonic();
    match context.format() {
        Format::Table => {
            let variables = looks.lines.seen(view, now, || variables(context, session, view, args));
            context.print(&table(context, session, view, variables)?)
        }
        Format::Json | Format::Jsonl => {
            let published = published(session, view.row.no)?;
            let children = descendants(session, view.row.no, MOST_DESCENDANTS)?;
            let unread = unread(session, view)?;
            let mut document = run_json::full(view, &children, &published, &unread, context.clock.now());
            if let Some(document) = document.as_object_mut() {
                document.extend(loose::fields(&loose_ends(session, view)?));
            }
            if let (true, Some(document)) = (args.variables, document.as_object_mut()) {
                let look = || look(session, view.row.no).map(|seen| variables::document(&seen));
                let variables = looks.documents.try_seen(view, now, look)?;
                document.insert("variables".to_owned(), variables.clone());
            }
            // One after the other, whole documents spread over lines would be hard to read back.
            if args.watch && context.format() == Format::Json {
                context.print_lines(std::iter::once(document))
            } else {
                context.print_json(&document)
            }
        }
    }
}

/// The variables where the script waits, is stuck or has failed; or why they are not shown.
fn variables(context: &Context, session: &Session, view: &RunView, args: &StatusArgs) -> Vec<String> {
    let entries = view.entries.0;
    let is_over = matches!(view.status, RunStatus::Completed | RunStatus::Cancelled | RunStatus::Terminated);
    if entries == 0 || (is_over && !args.variables) {
        return Vec::new();
    }
    if entries > MOST_LOOKED_AT && !args.variables {
        let command = context.command(&format!("status {} --variables", view.row.id));
        return vec![format!("not shown: {entries} entries would be replayed: {command}")];
    }
    match look(session, view.row.no) {
        Ok(seen) => variables::told(&seen),
        Err(error) => vec![format!("not shown: {}", escape::line(&error.to_string()))],
    }
}

/// The commands that let a run go on that a person has to mend, and what is to be said where the file of its script was
/// changed since.
fn way_on(context: &Context, session: &Session, view: &RunView) -> (Vec<String>, Option<String>) {
    let way = WayOn::of(session, (view.row.no, &view.row.id), &view.row.status);
    let edited = way.edited_while(view, "the script's file");
    let commands =
        || -> Vec<String> { way.commands(view).iter().map(|words| context.command(words)).collect() };
    match view.status {
        RunStatus::Stuck => (vec![commands().join(" && ")], edited),
        RunStatus::Failed | RunStatus::TimedOut => (commands(), edited),
        RunStatus::Running | RunStatus::Waiting | RunStatus::Parked => match edited {
            Some(said) => (vec![commands().join(" && ")], Some(said)),
            None => (Vec::new(), None),
        },
        RunStatus::Completed | RunStatus::Cancelled | RunStatus::Terminated => (Vec::new(), None),
    }
}
