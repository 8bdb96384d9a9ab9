//! Executing runs in the foreground: the display while it goes on, the signals that park it, the conclusion.

use super::conclusion::{conclude, conclude_all};
use super::context::Context;
use super::error::CliError;
use super::exit::Exit;
use super::interrupt::Interrupts;
use super::render::display::Display;
use super::untold;
use crate::client::{
    Claimed, ClientError, ExecuteOptions, Finished, Resumed, Session, Standing, Waited, resume, view, wait,
};
use crate::history::{RunId, RunNo, RunRow, RunStatus, WokenBy};
use std::sync::Arc;
use std::time::Duration;

/// How runs are executed.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    /// The end that is meant: nothing is said of it.
    pub(crate) wanted: Option<RunStatus>,
    /// How long a run may only wait before it is left to others.
    pub(crate) park_after: Option<Duration>,
    /// Runs that are executed too, and of which nothing is said.
    pub(crate) company: Vec<Claimed>,
}

/// Executes runs that this process has claimed until each has ended, and says how.
pub(crate) fn execute(context: &Context, session: &Session, runs: Vec<Claimed>) -> Result<Exit, CliError> {
    execute_for(context, session, runs, Manner::default())
}

/// The same in a certain manner.
pub(crate) fn execute_for(
    context: &Context,
    session: &Session,
    runs: Vec<Claimed>,
    manner: Manner,
) -> Result<Exit, CliError> {
    executed(context, session, runs, manner, &Interrupts::install()?)
}

fn executed(
    context: &Context,
    session: &Session,
    runs: Vec<Claimed>,
    mut manner: Manner,
    interrupts: &Interrupts,
) -> Result<Exit, CliError> {
    let names: Vec<(RunNo, RunId)> = runs.iter().map(|run| (run.run, run.id.clone())).collect();
    let display = Display::new(context, &runs, interrupts.stop());
    let options = ExecuteOptions {
        observer: display.observer(),
        stop: interrupts.stop(),
        configs: Arc::clone(&context.configs),
        variables: context.environment.variables(),
        park_after: manner.park_after,
    };
    let runs = runs.into_iter().chain(std::mem::take(&mut manner.company)).collect();
    let finished = session.executor().execute(session, runs, options);
    display.finish();
    let finished = finished.map_err(ClientError::from)?;
    let is_asked = |no: &RunNo| names.iter().any(|(run, _)| run == no);
    let (finished, children): (Vec<_>, Vec<_>) = finished.into_iter().partition(|(no, _)| is_asked(no));
    let is_left = manner.park_after.is_some();
    let parked = finished.iter().any(|(_, finished)| *finished == Finished::Parked);
    if let Some(exit) = interrupts.exit().filter(|_| parked) {
        context.complain(&parting(context, &names, &finished));
        return Ok(exit);
    }
    let exit = concluded(context, session, &names, finished, (manner, interrupts))?;
    let children = put_down(context, session, &children)?;
    match (is_left, parked) {
        // Who goes on with one of a store goes on with all, and that is said.
        (true, true) => {}
        (true, false) => {
            left_waiting(context, session, &children)?;
        }
        (false, _) => tell_of_children(context, &children),
    }
    Ok(exit)
}

/// Says how the runs that were asked for came out.
fn concluded(
    context: &Context,
    session: &Session,
    names: &[(RunNo, RunId)],
    finished: Vec<(RunNo, Finished)>,
    (manner, interrupts): (Manner, &Interrupts),
) -> Result<Exit, CliError> {
    let mut finished = finished.into_iter();
    match (names, finished.next()) {
        ([(run, id)], Some((_, finished))) => {
            let standing = match finished {
                Finished::Ended(end) if Some(end.status()) == manner.wanted => return Ok(Exit::Done),
                Finished::Ended(end) => Standing::Ended(end),
                Finished::Stuck(stuck) => Standing::Stuck(*stuck),
                Finished::Parked if manner.park_after.is_some() => {
                    return left_waiting(context, session, names);
                }
                Finished::Parked => Standing::Open(RunStatus::Parked),
                Finished::Lost => {
                    context.note(&format!("another process goes on with run {id}; waiting for its end"));
                    let row = view(session, *run)?.row;
                    return attached(context, session, &row, manner, Some(interrupts));
                }
            };
            conclude(context, session, *run, id, &standing)
        }
        (_, first) => {
            let parked = first.into_iter().chain(finished).filter(|(_, how)| *how == Finished::Parked);
            let parked: Vec<RunNo> = parked.map(|(no, _)| no).collect();
            let waiting: Vec<_> = names.iter().filter(|(no, _)| parked.contains(no)).cloned().collect();
            let exit = conclude_all(context, session, names)?;
            if manner.park_after.is_some() {
                Ok(exit.graver(left_waiting(context, session, &waiting)?))
            } else {
                Ok(exit)
            }
        }
    }
}

/// Runs that only wait are left to whoever goes on with them; that there is nobody is said also where nobody looks on.
fn left_waiting(context: &Context, session: &Session, runs: &[(RunNo, RunId)]) -> Result<Exit, CliError> {
    // Who goes on with one of a store goes on with all.
    let Some((first, id)) = runs.first() else { return Ok(Exit::Done) };
    let (wait, them, their) = match runs {
        [_] => (format!("run {id} waits"), "it", "its"),
        _ => (format!("{} runs wait", runs.len()), "them", "their"),
    };
    match view(session, *first)?.woken_by {
        Some(WokenBy::Nobody { .. }) => {
            let install = context.command("tick --install");
            context.complain(&format!(
                "{wait}, and nobody goes on with {them} when {their} time has come: {install}\n"
            ));
        }
        Some(WokenBy::Serve { pid }) => context.note(&format!("{wait}; serve {pid} goes on with {them}")),
        Some(WokenBy::Process { .. } | WokenBy::Tick { .. }) | None => {
            context.note(&format!("{wait}; the next durun tick after {their} time goes on with {them}"));
        }
    }
    Ok(Exit::NotFinished)
}

/// Children that outlive the runs that were asked for, and were put down; of runs that were to tell of others, and could not, that is
/// said.
fn put_down(
    context: &Context,
    session: &Session,
    children: &[(RunNo, Finished)],
) -> Result<Vec<(RunNo, RunId)>, CliError> {
    let mut ids = Vec::new();
    for (no, finished) in children {
        if !untold::is_told(context, session, *no, finished) && *finished == Finished::Parked {
            ids.push((*no, view(session, *no)?.row.id));
        }
    }
    Ok(ids)
}

fn tell_of_children(context: &Context, children: &[(RunNo, RunId)]) {
    for (_, id) in children {
        let command = context.command(&format!("resume {id}"));
        context.complain(&format!("run {id} is parked too, nothing is lost; go on with: {command}\n"));
    }
}

/// What is said after an interruption: the command that goes on.
fn parting(context: &Context, names: &[(RunNo, RunId)], finished: &[(RunNo, Finished)]) -> String {
    let parked: Vec<&RunId> = names
        .iter()
        .filter(|(run, _)| finished.iter().any(|(no, how)| no == run && *how == Finished::Parked))
        .map(|(_, id)| id)
        .collect();
    match parked.as_slice() {
        [id] => format!(
            "run {id} is parked, nothing is lost; go on with: {}\n",
            context.command(&format!("resume {id}"))
        ),
        ids => {
            format!(
                "{} runs are parked, nothing is lost; go on with: {}\n",
                ids.len(),
                context.command("resume --all")
            )
        }
    }
}

/// Waits for the end of a run that another process executes, and says how it ended. Once nobody executes it any more, this
/// process does.
pub(crate) fn attach(
    context: &Context,
    session: &Session,
    row: &RunRow,
    manner: Manner,
) -> Result<Exit, CliError> {
    attached(context, session, row, manner, None)
}

fn attached(
    context: &Context,
    session: &Session,
    row: &RunRow,
    manner: Manner,
    interrupts: Option<&Interrupts>,
) -> Result<Exit, CliError> {
    let (run, id) = (row.no, &row.id);
    let interrupted = || interrupts.and_then(Interrupts::exit);
    loop {
        let waited =
            wait(session, run, None, &mut |view| interrupted().is_none() && view.executor.is_some())?;
        if let Waited::Over(standing) = waited {
            return conclude(context, session, run, id, &standing);
        }
        if let Some(exit) = interrupted() {
            return Ok(exit);
        }
        match resume(session, row)? {
            Resumed::Held(_) => {}
            Resumed::Over(standing) => return conclude(context, session, run, id, &standing),
            Resumed::Claimed(claimed) => {
                context.note(&format!("nobody executes run {id} any more: it goes on here"));
                return match interrupts {
                    Some(interrupts) => executed(context, session, vec![claimed], manner, interrupts),
                    None => execute_for(context, session, vec![claimed], manner),
                };
            }
        }
    }
}

#[cfg(test)]
#[path = "execution_tests.rs"]
mod tests;
