//! Pruning: ended runs are forgotten, some at a time, so that nobody who executes runs waits long.

use super::{ClientError, Session, list};
use crate::activity::transcripts_of;
use crate::history::{Claim, Moment, RunNo, RunStatus};
use crate::store::{Answer, Kept, Request, RunFilter, RunView, Upkeep};

/// How many runs one transaction forgets.
const SLICE: usize = 64;

/// Which runs are to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruning {
    /// The statuses, each with the instant at or before which such a run has ended.
    pub ended: Vec<(RunStatus, Moment)>,
}

/// The ended runs that a pruning would forget, the newest first. A child is kept while its parent goes on.
///
/// # Errors
/// What the store says.
pub fn prunable(session: &Session, pruning: &Pruning) -> Result<Vec<RunView>, ClientError> {
    let statuses: Vec<RunStatus> = pruning.ended.iter().map(|(status, _)| *status).collect();
    if statuses.is_empty() {
        return Ok(Vec::new());
    }
    let mut views = list(session, RunFilter { statuses, ..RunFilter::default() })?;
    views.retain(|view| cutoff(pruning, view).is_some_and(|cutoff| view.row.updated_at <= cutoff));
    Ok(views)
}

fn cutoff(pruning: &Pruning, view: &RunView) -> Option<Moment> {
    pruning.ended.iter().find(|(status, _)| *status == view.status).map(|(_, cutoff)| *cutoff)
}

/// Forgets these runs; gives those that were.
///
/// # Errors
/// What the store says. Those that were forgotten before stay so.
pub fn prune(session: &Session, pruning: &Pruning, views: &[RunView]) -> Result<Vec<RunNo>, ClientError> {
    let mut pruned = Vec::new();
    for (status, cutoff) in &pruning.ended {
        let runs: Vec<RunNo> =
            views.iter().filter(|view| view.status == *status).map(|view| view.row.no).collect();
        for slice in runs.chunks(SLICE) {
            let Kept::Pruned(gone) =
                upkeep(session, Upkeep::Prune { runs: slice.to_vec(), before: *cutoff })?
            else {
                return Err(ClientError::Answer { run: RunNo(0) });
            };
            for run in &gone {
                // What stays is some room on the disk.
                let _removed =
                    std::fs::remove_dir_all(transcripts_of(&session.directory().join("output"), run.0));
            }
            pruned.extend(gone);
        }
    }
    Ok(pruned)
}

/// Drops what is left of runs that were forgotten: a slice a transaction, until `on` says no or nothing is left.
///
/// # Errors
/// What the store says.
pub fn sweep(session: &Session, mut on: impl FnMut() -> bool) -> Result<(), ClientError> {
    while on() {
        match upkeep(session, Upkeep::Sweep)? {
            Kept::More(true) => {}
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Gives what the file does not need any more back to the system. Everybody else waits for it.
///
/// # Errors
/// What the store says.
pub fn compact(session: &Session) -> Result<(), ClientError> {
    upkeep(session, Upkeep::Compact).map(drop)
}

/// Reads everything and tells what does not agree, a sentence each.
///
/// # Errors
/// What the store says.
pub fn audit(session: &Session) -> Result<Vec<String>, ClientError> {
    match upkeep(session, Upkeep::Audit)? {
        Kept::Wrong(wrong) => Ok(wrong),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

/// When the last tick came, and the process that serves.
///
/// # Errors
/// What the store says.
pub fn wakers(session: &Session) -> Result<(Option<Moment>, Option<Claim>), ClientError> {
    match upkeep(session, Upkeep::Wakers)? {
        Kept::Wakers(tick, serving) => Ok((tick, serving)),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

pub(super) fn upkeep(session: &Session, what: Upkeep) -> Result<Kept, ClientError> {
    match session.ask(Request::Upkeep(Box::new(what)))? {
        Answer::Kept(kept) => Ok(*kept),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}
