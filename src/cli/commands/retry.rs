//! `durun retry`: what waits for another attempt, or failed for good, is tried now.

use super::rewind::told;
use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::execution::execute;
use crate::cli::exit::Exit;
use crate::client::{
    ClientError, Failing, LoadedProgram, Resumed, Retried, Session, carry_out, find, load_program,
    plan_retry, resume, retry, upgrade, view,
};
use crate::history::{RunRow, RunStatus};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  durun retry backup                        the disk is mounted again: do not wait for the next try
  durun retry import                        it has failed: go on at the failed step
  durun retry import --script import.rhai   the same under a mended script
  durun retry import --dry-run              only says what would be tried

A run that waits for another attempt: a process that executes it is told; where none does, it goes on here, as with resume. \
The attempts made so far still count. A run that has failed or timed out is opened again at the step that failed last, with the \
same idempotency key and all its attempts anew; refused where the script did something else since, an undo for example. \
A stuck run goes on with the mended script.";

/// The arguments of `durun retry`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RetryArgs {
    /// The run
    id: String,
    /// Go on under this script, after a replay against it
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Say what would be tried, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &RetryArgs) -> Result<Exit, CliError> {
    let load = |path: &PathBuf| load_program(path, context.executor.as_ref()).map_err(ClientError::from);
    let program = args.script.as_ref().map(load).transpose()?;
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    let status = view(&session, row.no)?.status;
    if matches!(status, RunStatus::Failed | RunStatus::TimedOut) {
        return reopen(context, &session, &row, args, program.as_ref());
    }
    if let Some(program) = &program
        && !status.is_ended()
    {
        upgrade(&session, row.id.as_str(), program, args.dry_run)?;
    }
    if args.dry_run {
        context
            .print(&format!("run {} is {status} and would be tried again; nothing was changed", row.id))?;
        return Ok(Exit::Done);
    }
    if status == RunStatus::Stuck && program.is_some() {
        let resumed = resume(&session, &row)?;
        return go_on(context, &session, &row, resumed);
    }
    match retry(&session, row.id.as_str())? {
        Retried::Told(row, claim) => go_on(context, &session, &row, Resumed::Held(claim)),
        Retried::Here(row, resumed) => go_on(context, &session, &row, resumed),
    }
}

/// A run that has ended is open again, and goes on here.
fn reopen(
    context: &Context,
    session: &Session,
    row: &RunRow,
    args: &RetryArgs,
    program: Option<&LoadedProgram>,
) -> Result<Exit, CliError> {
    let (plan, failing) = plan_retry(session, row.id.as_str(), program)?;
    let what = match failing {
        Failing::Step(label) => format!("{} {}", label.kind.word(), escape::line(&label.name)),
        Failing::TimedOut => "what was under way when its time was over".to_owned(),
    };
    if args.dry_run {
        context.print(&told(&plan, context.color_stdout()))?;
        context.print(&format!("run {} would try {what} again; nothing was changed", row.id))?;
        return Ok(Exit::Done);
    }
    context.note(&told(&plan, context.color_stderr()));
    carry_out(session, &plan)?;
    context.note(&format!("run {} tries {what} again", row.id));
    let resumed = resume(session, row)?;
    go_on(context, session, row, resumed)
}

fn go_on(context: &Context, session: &Session, row: &RunRow, resumed: Resumed) -> Result<Exit, CliError> {
    match resumed {
        Resumed::Held(claim) => {
            context.note(&format!("process {} tries run {} again now", claim.pid, row.id));
            Ok(Exit::Done)
        }
        Resumed::Claimed(run) => execute(context, session, vec![run]),
        Resumed::Over(standing) => conclude(context, session, row.no, &row.id, &standing),
    }
}
