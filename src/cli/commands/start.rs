//! `durun start`: records a run, executes it here, prints its result; the same again goes on with it.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::{attach, execute};
use crate::cli::exit::Exit;
use crate::cli::{detach, escape, input, queues};
use crate::client::{
    Claimed, ClientError, Existing, NewQueue, Session, StartRequest, Started, load_program, start,
};
use crate::history::{RunId, RunRow};
use crate::timer::parse_duration;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What of the environment is always recorded with a run, for the programs that it starts and, of proxies, for its HTTP calls.
const RECORDED: [&str; 13] = [
    "PATH",
    "HOME",
    "LANG",
    "USER",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

const EXAMPLES: &str = "\
Examples:
  durun start order.rhai -i product=42 -i rush:=true
  durun start order.rhai --id order-1001 --input @order.json
  durun start backup.rhai --id \"backup-$(date +%F)\"     in a crontab: repeat it, and it goes on where it was
  durun start approval.rhai --detach                    prints the id and goes on in the background

`durun run …` and `durun FILE.rhai …` are the same.";

/// The arguments of `durun start`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StartArgs {
    /// The script
    script: PathBuf,
    /// The run's name; the same name with the same script and input goes on with that run
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// One field of the input: key=text or key:=JSON; may be repeated
    #[arg(short = 'i', value_name = "KEY=TEXT")]
    pairs: Vec<String>,
    /// The input as JSON, from a file with @FILE, from stdin with -
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    input: Option<String>,
    /// Go on in the background and print only the id
    #[arg(long, conflicts_with = "record_only")]
    detach: bool,
    /// Record the run and execute nothing; print the id
    #[arg(long)]
    record_only: bool,
    /// End the run as timed out when it has not ended after this long: 30s, 1h 30m, 2 days
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<i64>,
    /// Begin only when this queue lets it; its section of durun.toml says how many, and how often
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// In the queue the highest goes first, then who came first
    #[arg(long, value_name = "N", default_value_t = 0, requires = "queue", allow_hyphen_values = true)]
    priority: i32,
    /// Record this variable of the environment too, for the programs that the run starts; may be repeated
    #[arg(long = "env", value_name = "NAME")]
    environment: Vec<String>,
}

impl StartArgs {
    fn foreground(&self) -> bool {
        !self.detach && !self.record_only
    }
}

/// Does it.
pub(crate) fn run(context: &Context, args: &StartArgs) -> Result<Exit, CliError> {
    let request = StartRequest {
        id: args.id.as_deref().map(RunId::parse).transpose()?,
        input: input::run_input(
            &args.pairs,
            args.input.as_deref(),
            context.environment.directory(),
            &mut std::io::stdin().lock(),
        )?,
        environment: environment(context, &args.environment)?,
        program: load_program(&args.script, context.executor.as_ref()).map_err(ClientError::from)?,
        directory: context.environment.directory().to_string_lossy().into_owned(),
        timeout_ms: args.timeout,
        claim: args.foreground(),
        queue: queue(context, args)?,
    };
    // What is wrong in durun.toml is told before anything is recorded.
    context.config(&args.script)?;
    let session = context.session_or_create()?;
    match start(&session, request)? {
        Started::New(claimed) if args.foreground() => {
            context.note(&format!("run {}", claimed.id));
            execute(context, &session, vec![claimed])
        }
        Started::New(claimed) => background(context, session, &claimed, args.detach),
        Started::Existing { row, what, edited } => {
            if edited {
                context.note(&edited_note(args, &row.id, &what));
            }
            existing(context, session, args, &row, what)
        }
    }
}

/// The queue that is asked for, with the limits that it has now.
fn queue(context: &Context, args: &StartArgs) -> Result<Option<NewQueue>, CliError> {
    let Some(name) = &args.queue else { return Ok(None) };
    let limits = queues::limits(context, &args.script, name)?;
    Ok(Some(NewQueue { name: name.clone(), priority: args.priority, limits }))
}

fn edited_note(args: &StartArgs, id: &RunId, what: &Existing) -> String {
    let file = args.script.display().to_string();
    let file = escape::line(&file);
    match what {
        Existing::Report(_) => format!("note: {file} was edited since run {id}; this is that run's result"),
        Existing::Continue(_) | Existing::Attach(_) => {
            format!("note: {file} was edited; run {id} keeps the text it was started with")
        }
    }
}

/// The id is in use for the same script and input: that run is gone on with, waited for or told.
fn existing(
    context: &Context,
    session: Session,
    args: &StartArgs,
    row: &RunRow,
    what: Existing,
) -> Result<Exit, CliError> {
    let id = &row.id;
    match what {
        Existing::Report(standing) => {
            context.note(&format!("run {id} exists with the same script and input: this is how it stands"));
            conclude(context, &session, row.no, id, &standing)
        }
        Existing::Continue(claimed) if args.foreground() => {
            context.note(&format!("run {id} goes on"));
            execute(context, &session, vec![claimed])
        }
        Existing::Attach(claim) if args.foreground() => {
            context.note(&format!("run {id} is executed by process {}; waiting for its end", claim.pid));
            attach(context, &session, row.no, id)
        }
        Existing::Continue(claimed) => background(context, session, &claimed, args.detach),
        Existing::Attach(_) => context.print(id.as_str()).map(|()| Exit::Done),
    }
}

/// Prints the id of a run that this process does not execute; with `detach` another one does.
fn background(
    context: &Context,
    session: Session,
    claimed: &Claimed,
    detach: bool,
) -> Result<Exit, CliError> {
    // The store is given up first: the process in the background need not take it over.
    drop(session);
    if detach {
        detach::begin(context, &claimed.id)?;
    }
    context.print(claimed.id.as_str())?;
    Ok(Exit::Done)
}

/// What of the environment a run records: what is always recorded, and what `--env` names.
pub(super) fn environment(context: &Context, more: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut recorded = BTreeMap::new();
    for name in RECORDED {
        if let Some(value) = context.environment.text(name) {
            recorded.insert(name.to_owned(), value.to_owned());
        }
    }
    for name in more {
        if name.contains('=') || name.is_empty() {
            let hint = "--env takes the name of a variable; its value is taken from the environment";
            return Err(CliError::Usage(hint.to_owned()));
        }
        let value =
            context.environment.text(name).ok_or_else(|| CliError::NoVariable { name: name.clone() })?;
        recorded.insert(name.clone(), value.to_owned());
    }
    Ok(recorded)
}
