//! `durun start`: records a run, executes it here, prints its result; the same again goes on with it.

use crate::cli::aim::aimed;
use crate::cli::conclusion::{blame, conclude, script_of};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::{Manner, attach, execute_for};
use crate::cli::exit::Exit;
use crate::cli::overlap_options::OverlapOptions;
use crate::cli::render::runs::executor;
use crate::cli::start_options::StartOptions;
use crate::cli::way_on::{back_commands, upgrade_commands};
use crate::cli::{detach, escape, forewarning, report_struggle};
use crate::client::{
    Claimed, Edited, Existing, RunView, Session, Skipped, Standing, Started, edited, start, view,
};
use crate::history::{RunId, RunRow, RunStatus, WokenBy};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  durun start order.rhai -i product=42 -i rush:=true
  durun start order.rhai --id order-1001 --input @order.json
  durun start backup.rhai --id \"backup-$(date +%F)\"     in a crontab: repeat it, and it goes on where it was
  durun start backup.rhai --overlap skip                in a crontab: not while another run of it has not ended
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
    /// How.
    #[command(flatten)]
    options: StartOptions,
    /// And unattended.
    #[command(flatten)]
    overlap: OverlapOptions,
}

impl StartArgs {
    /// The script.
    pub(crate) fn script(&self) -> &std::path::Path {
        &self.script
    }
}

/// Does it.
pub(crate) fn run(context: &Context, args: &StartArgs) -> Result<Exit, CliError> {
    let id = args.id.as_deref().map(RunId::parse).transpose()?;
    let mut request = args.options.request(context, &args.script, id)?;
    args.overlap.complete(&mut request)?;
    if !args.options.unchecked {
        forewarning::refuse_start(context, &args.script, &request)?;
    }
    let session = context.session_or_create()?;
    match start(&session, request)? {
        Started::New(claimed) => begun(context, session, args, claimed, Vec::new()),
        Started::Superseding { new, others } => begun(context, session, args, new, others),
        Started::Skipped(skipped) => passed_over(context, session, args, *skipped),
        Started::Existing { row, what, edited: is_edited } => {
            if is_edited {
                tell_edited(context, &session, args, &row, &what);
            }
            existing(context, session, args, &row, what)
        }
    }
}

/// A new run is executed here, with those that have to end first, or left to another process.
fn begun(
    context: &Context,
    session: Session,
    args: &StartArgs,
    claimed: Claimed,
    company: Vec<Claimed>,
) -> Result<Exit, CliError> {
    forewarning::tell(context, &args.script);
    if !args.options.foreground() {
        return background(context, session, &claimed, args.options.detach);
    }
    context.note(&format!("run {}", claimed.id));
    executed(context, &session, args, claimed, company)
}

fn executed(
    context: &Context,
    session: &Session,
    args: &StartArgs,
    claimed: Claimed,
    company: Vec<Claimed>,
) -> Result<Exit, CliError> {
    execute_for(context, session, vec![claimed], manner(args, company))
}

fn manner(args: &StartArgs, company: Vec<Claimed>) -> Manner {
    Manner { park_after: args.overlap.park_after, company, ..Manner::default() }
}

/// Nothing was started: the run in the way is gone on with, or left alone. One that does not get on is told of.
fn passed_over(
    context: &Context,
    session: Session,
    args: &StartArgs,
    skipped: Skipped,
) -> Result<Exit, CliError> {
    match skipped {
        Skipped::Continue(claimed) => {
            context.note(&format!("nothing was started: run {} has not ended, and goes on", claimed.id));
            tell_if_edited(context, &session, &view(&session, claimed.run)?.row);
            if args.options.foreground() {
                return executed(context, &session, args, claimed, Vec::new());
            }
            if args.options.detach && !is_served(&session, &claimed)? {
                drop(session);
                detach::begin(context, &claimed.id)?;
            }
            Ok(Exit::Done)
        }
        Skipped::Left(view) => {
            let id = &view.row.id;
            let by = executor(&view, context.clock.now(), &|words| context.command(words));
            let status = context.command(&format!("status {id}"));
            context.note(&format!(
                "nothing was started: run {id} has not ended, and is {} ({by}): {status}",
                view.status
            ));
            tell_if_edited(context, &session, &view.row);
            Ok(Exit::Done)
        }
        Skipped::Struggles(view) => Ok(struggles(context, &session, &view)),
    }
}

/// Says of a run in the way of a start that its script was edited since: whoever edits a file means it to be used.
fn tell_if_edited(context: &Context, session: &Session, row: &RunRow) {
    // What cannot be read says nothing.
    if edited(session, row.no).is_ok_and(|edited| !matches!(edited, Edited::No)) {
        tell_of_edit(context, session, row, &format!("{} was edited", escape::line(&row.script)), "");
    }
}

fn struggles(context: &Context, session: &Session, view: &RunView) -> Exit {
    let standing = Standing::of(view);
    if view.status == RunStatus::Stuck {
        return blame(context, session, view.row.no, &view.row.id, &standing);
    }
    let script = script_of(session, view.row.no);
    let report = report_struggle::of(view, script.as_ref(), context.clock.now())
        .note("nothing was started: this run has not ended");
    context.complain(&context.shown(&report));
    report.exit
}

/// Whether a server goes on with a run that nobody executes.
fn is_served(session: &Session, claimed: &Claimed) -> Result<bool, CliError> {
    Ok(matches!(view(session, claimed.run)?.woken_by, Some(WokenBy::Serve { .. })))
}

/// Says that the run has another text than the file. Of one that goes on everybody is told: whoever edits a file means it to be used.
fn tell_edited(context: &Context, session: &Session, args: &StartArgs, row: &RunRow, what: &Existing) {
    let file = args.script.display().to_string();
    let (id, file) = (&row.id, escape::line(&file));
    match what {
        Existing::Report(Standing::Stuck(_)) => context
            .note(&format!("note: {file} was edited; run {id} is stuck under the text it was started with")),
        Existing::Report(_) => {
            context.note(&format!("note: {file} was edited since run {id}; this is that run's result"));
        }
        Existing::Continue(_) | Existing::Attach(_) => {
            tell_of_edit(
                context,
                session,
                row,
                &format!("{file} was edited"),
                "; another --id starts a new run",
            );
        }
    }
}

/// Says of an open run that it goes on under the text that it has, and what would give it the one of its file.
pub(super) fn tell_of_edit(context: &Context, session: &Session, row: &RunRow, what: &str, more: &str) {
    let way = edited(session, row.no).map_or_else(|_| String::new(), |way| under_new_text(row, &way));
    let way = aimed(&way, context.aim().as_deref());
    let id = &row.id;
    context.warn(&format!("note: {what}; run {id} goes on under the text it was started with{way}{more}"));
}

/// How an open run goes on under the text that the file has now.
fn under_new_text(row: &RunRow, way: &Edited) -> String {
    let id = &row.id;
    let mend = |commands: &[String]| {
        format!(
            "; under the new one, once it is parked (Ctrl-C, or kill): durun {}",
            commands.join(" && durun ")
        )
    };
    match way {
        Edited::No => String::new(),
        Edited::Fits => mend(&upgrade_commands(id, &escape::shell(&row.script))),
        Edited::Differs(difference) => {
            let commands =
                difference.back.as_ref().map(|back| mend(&back_commands(id, back))).unwrap_or_default();
            format!(
                ", and could not go on under the new one ({}){commands}",
                escape::line(&difference.to_string())
            )
        }
        Edited::NoScript(error) => {
            format!(", and the new one is no script ({})", escape::line(&error.to_string()))
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
        Existing::Continue(claimed) if args.options.foreground() => {
            context.note(&format!("run {id} goes on"));
            executed(context, &session, args, claimed, Vec::new())
        }
        Existing::Attach(claim) if args.options.foreground() => {
            context.note(&format!("run {id} is executed by process {}; waiting for its end", claim.pid));
            attach(context, &session, row, manner(args, Vec::new()))
        }
        Existing::Continue(claimed) => background(context, session, &claimed, args.options.detach),
        Existing::Attach(_) => context.print(id.as_str()).map(|()| Exit::Done),
    }
}

/// Prints the id of a run that this process does not execute; with `detach` another one does: the server, where there is one.
pub(super) fn background(
    context: &Context,
    session: Session,
    claimed: &Claimed,
    detach: bool,
) -> Result<Exit, CliError> {
    let detach = detach && !is_served(&session, claimed)?;
    // The store is given up first: the process in the background need not take it over.
    drop(session);
    if detach {
        detach::begin(context, &claimed.id)?;
    }
    context.print(claimed.id.as_str())?;
    Ok(Exit::Done)
}
