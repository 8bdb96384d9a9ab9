//! `durun signal`: says something to a run.

use super::start::background;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::execute;
use crate::cli::exit::Exit;
use crate::cli::start_options::StartOptions;
use crate::cli::{escape, forewarning, input};
use crate::client::{Session, SignalSent, StartedBySignal, choice_of, signal, signal_with_start, view};
use crate::history::{RunId, RunRow, RunStatus, Value};
use clap::Args;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  durun signal order-1001 pickedUp
  durun signal order-1001 rated '{\"stars\": 5}'
  durun signal order-1001 comment '\"very good\"'        a text is quoted for JSON and for the shell
  durun signal order-1001 paid 42 --key invoice-7      sent twice, it counts once
  durun signal cart-7 add '{\"item\": 3}' --start cart.rhai --detach";

/// The arguments of `durun signal`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SignalArgs {
    /// The run
    id: String,
    /// The signal's name
    name: String,
    /// What is sent with it, as JSON
    #[arg(allow_negative_numbers = true)]
    payload: Option<String>,
    /// The same key again is the same signal
    #[arg(long)]
    key: Option<String>,
    /// Refuse a name that the script never mentions
    #[arg(long)]
    strict: bool,
    /// Where no run has the id, start this script under it, with the signal in its inbox, in one step
    #[arg(long, value_name = "SCRIPT", conflicts_with = "strict")]
    start: Option<PathBuf>,
    /// How it is started.
    #[command(flatten, next_help_heading = "Options for --start")]
    options: StartOptions,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &SignalArgs) -> Result<Exit, CliError> {
    let payload = input::payload(args.payload.as_deref(), "the payload")?;
    if let Some(script) = &args.start {
        return with_start(context, args, script, payload);
    }
    if args.options != StartOptions::default() {
        let hint = "the options of a start need --start SCRIPT".to_owned();
        return Err(CliError::Usage(hint));
    }
    let session = context.session()?;
    let sent = signal(&session, &args.id, &args.name, payload, args.key.as_deref(), args.strict)?;
    told(context, &session, &sent, &args.name)
}

/// Says what became of a signal.
fn told(context: &Context, session: &Session, sent: &SignalSent, name: &str) -> Result<Exit, CliError> {
    let (id, name) = (&sent.row.id, escape::line(name));
    if sent.duplicate {
        context.note(&format!("the signal with this key was accepted before; nothing was added to run {id}"));
    } else if !sent.asks.is_empty() {
        asks_instead(context, sent, &name);
    } else if !sent.mentioned {
        let text = format!(
            "note: the script of run {id} never mentions \"{name}\"{}; the signal waits in its inbox",
            near(sent)
        );
        // Told to everybody: the run waits on for what was meant.
        context.warn(&text);
    } else {
        return told_of_executor(context, session, &sent.row);
    }
    Ok(Exit::Done)
}

/// The signal that may have been meant.
fn near(sent: &SignalSent) -> String {
    sent.near.as_ref().map_or_else(String::new, |near| format!(" (did you mean {}?)", escape::line(near)))
}

/// The run asks a question, and its script has no use for the signal. One that is called like an answer was meant as one.
fn asks_instead(context: &Context, sent: &SignalSent, name: &str) {
    let id = &sent.row.id;
    let unanswered = || sent.asks.iter().filter(|question| question.answered.is_none());
    let meant = unanswered().find_map(|question| Some((question, choice_of(question, name)?)));
    let (Some(question), choice) = (match &meant {
        Some((question, choice)) => (Some(*question), escape::shell(choice)),
        None => (unanswered().next(), "CHOICE".to_owned()),
    }) else {
        return;
    };
    let which = if sent.asks.len() > 1 { format!(" --question {}", question.op) } else { String::new() };
    let text = format!(
        "run {id} asks \"{}\", and its script takes no signal \"{name}\"{}, which waits in its inbox; to answer: {}",
        escape::line(&question.title()),
        if meant.is_some() { String::new() } else { near(sent) },
        context.command(&format!("answer {id} {choice}{which}")),
    );
    context.warn(&format!("note: {text}"));
}

/// The run gets the signal; where there is none it is started with it, and executed as by `start --id`.
fn with_start(context: &Context, args: &SignalArgs, script: &Path, payload: Value) -> Result<Exit, CliError> {
    let request = args.options.request(context, script, Some(RunId::parse(&args.id)?))?;
    if !args.options.unchecked {
        forewarning::refuse_start(context, script, &request)?;
    }
    let path = request.program.program.path.clone();
    let session = context.session_or_create()?;
    match signal_with_start(&session, &args.name, payload, args.key.as_deref(), request)? {
        StartedBySignal::New(claimed) if args.options.foreground() => {
            forewarning::tell(context, script);
            context.note(&format!("run {}", claimed.id));
            execute(context, &session, vec![claimed])
        }
        StartedBySignal::New(claimed) => {
            forewarning::tell(context, script);
            background(context, session, &claimed, args.options.detach)
        }
        StartedBySignal::Existing(sent) => {
            if sent.row.script != path {
                let (id, script) = (&sent.row.id, escape::line(&sent.row.script));
                context.note(&format!("note: run {id} was there before, of {script}; it has the signal"));
            }
            told(context, &session, &sent, &args.name)
        }
    }
}

/// Says what has to be done where a message was accepted and nobody executes its run.
pub(super) fn told_of_executor(context: &Context, session: &Session, row: &RunRow) -> Result<Exit, CliError> {
    let (id, view) = (&row.id, view(session, row.no)?);
    if view.status == RunStatus::Stuck {
        let why = context.command(&format!("why {id}"));
        context.note(&format!("accepted; run {id} is stuck and takes nothing before it is mended: {why}"));
    } else if view.executor.is_none() {
        context.note(&format!(
            "accepted; nobody executes run {id}: {}",
            context.command(&format!("resume {id}"))
        ));
    }
    Ok(Exit::Done)
}
