//! The last word of a command about a run: its result on stdout, or one block on stderr, and the exit code.

use super::args::Format;
use super::context::Context;
use super::error::CliError;
use super::exec_end;
use super::exit::Exit;
use super::render::runs::table;
use super::render::unread::unheard;
use super::render::{loose, run_json};
use super::report::Report;
use super::report_end;
use super::way_on::WayOn;
use crate::client::{Lines, Session, Standing, hinted, lines, loose_ends, unread, view};
use crate::history::{LooseEnds, RunEnd, RunId, RunNo, StoredStatus, Value};

/// Prints a value as a result: text raw, nothing for null, else JSON; with `-o` always as JSON.
pub(crate) fn print_value(context: &Context, value: &Value) -> Result<(), CliError> {
    match (context.format(), value) {
        (Format::Json | Format::Jsonl, value) => context.print_json(&value.to_json()),
        (Format::Table, Value::Null) => Ok(()),
        (Format::Table, Value::Text(text)) => context.print(&context.outside_text(text)),
        (
            Format::Table,
            Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Map(_),
        ) => context.print(&context.outside_text(&value.to_string())),
    }
}

/// Says how a run stands to somebody who wants its result.
pub(crate) fn conclude(
    context: &Context,
    session: &Session,
    run: RunNo,
    id: &RunId,
    standing: &Standing,
) -> Result<Exit, CliError> {
    context.pass_on_the_rest();
    if let Some(exit) = exec_end::conclude(context, session, run, id, standing)? {
        if let Standing::Ended(end @ RunEnd::Failed { failure }) = standing {
            if exec_end::is_of_program(failure) {
                let way = WayOn::of(session, (run, id), &StoredStatus::Ended(end.clone()));
                let report = report_end::of_program(id, failure, &way);
                context.complain(&context.shown(&report));
            } else {
                blame(context, session, run, id, standing);
            }
        }
        return Ok(exit);
    }
    if let Standing::Ended(RunEnd::Completed { result }) = standing {
        print_value(context, result)?;
        if let Some(left) = loose::unjoined(&left_by(session, run)) {
            context.warn(&format!("run {id}: {left}"));
        }
        if context.is_talkative()
            && let Some(said) = said_in_vain(context, session, run)
        {
            context.note(&format!("{said}; {} names all", context.command(&format!("status {id}"))));
        }
        return Ok(Exit::Done);
    }
    Ok(blame(context, session, run, id, standing))
}

/// The texts of a run's script; without them a report shows the number of a line alone.
pub(crate) fn script_of(session: &Session, run: RunNo) -> Option<Lines> {
    lines(session, run).ok()
}

/// What was said to a run that has ended, and never told to its script.
fn said_in_vain(context: &Context, session: &Session, run: RunNo) -> Option<String> {
    let view = view(session, run).ok()?;
    // What cannot be read says nothing.
    let unread = unread(session, &view).unwrap_or_default();
    unheard(&unread, view.unread, context.clock.now())
}

/// The report of a run that did not complete.
pub(crate) fn told(session: &Session, run: RunNo, id: &RunId, standing: &Standing) -> Option<Report> {
    let script = script_of(session, run);
    let hinted = match standing {
        Standing::Stuck(stuck) => Some(Standing::Stuck(hinted(session, run, stuck))),
        Standing::Ended(_) | Standing::Open(_) => None,
    };
    let standing = hinted.as_ref().unwrap_or(standing);
    let way = match standing {
        Standing::Ended(end) => WayOn::of(session, (run, id), &StoredStatus::Ended(end.clone())),
        Standing::Stuck(stuck) => WayOn::of(session, (run, id), &StoredStatus::Stuck(stuck.clone())),
        Standing::Open(_) => WayOn::None,
    };
    let report = report_end::of(id, standing, script.as_ref(), &way)?;
    let left = match standing {
        Standing::Ended(_) => loose::lines(&left_by(session, run)),
        Standing::Stuck(_) | Standing::Open(_) => Vec::new(),
    };
    Some(left.into_iter().fold(report, Report::note))
}

/// What a run left behind at its end, as far as that can be read.
fn left_by(session: &Session, run: RunNo) -> LooseEnds {
    view(session, run).and_then(|view| loose_ends(session, &view)).unwrap_or_default()
}

/// Prints the block of a run that did not complete.
pub(crate) fn blame(
    context: &Context,
    session: &Session,
    run: RunNo,
    id: &RunId,
    standing: &Standing,
) -> Exit {
    match told(session, run, id, standing) {
        Some(report) => {
            let is_over = matches!(standing, Standing::Ended(_));
            let vain = if is_over { said_in_vain(context, session, run) } else { None };
            let report = vain.into_iter().fold(report, Report::note);
            context.complain(&context.shown(&report));
            report.exit
        }
        None => Exit::Done,
    }
}

/// Says how several runs stand: a table or documents on stdout, a block for each that needs somebody.
pub(crate) fn conclude_all(
    context: &Context,
    session: &Session,
    runs: &[(RunNo, RunId)],
) -> Result<Exit, CliError> {
    let mut exit = Exit::Done;
    let mut views = Vec::with_capacity(runs.len());
    for (run, id) in runs {
        let view = view(session, *run)?;
        let standing = Standing::of(&view);
        exit = exit.graver(match &standing {
            Standing::Ended(RunEnd::Completed { .. }) => Exit::Done,
            Standing::Open(status) => Exit::of(*status),
            Standing::Ended(_) | Standing::Stuck(_) => blame(context, session, *run, id, &standing),
        });
        views.push(view);
    }
    let now = context.clock.now();
    match context.format() {
        Format::Table => {
            context.print(&table(&views, now, context.table_width(), context.color_stdout()))?;
        }
        Format::Json | Format::Jsonl => {
            context.print_json_list(views.iter().map(|view| run_json::brief(view, now)).collect())?;
        }
    }
    Ok(exit)
}
