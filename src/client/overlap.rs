//! What becomes of the runs that a start would have overlapped with: gone on with, left alone, or found in need of a person.

use super::{Claimed, ClientError, Resumed, Session, resume, view};
use crate::history::{Claim, RunNo, RunRow, RunStatus, WokenBy};
use crate::store::{RunView, StoreError};

/// Why a start was skipped, and what is done instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Skipped {
    /// That run could go on and nobody executed it: it is ours now; the epoch is 0 where no claim was wished.
    Continue(Claimed),
    /// That run has been failing for longer than its `warn_after`, or is stuck.
    Struggles(RunView),
    /// That run goes on, or waits for something that will come.
    Left(RunView),
}

/// Decides what a skipped start is to do about the runs in its way; there is at least one.
pub(super) fn skipped(session: &Session, others: &[RunRow], claim: bool) -> Result<Skipped, ClientError> {
    let (mut left, mut struggles) = (None, None);
    for other in others {
        let seen = match view(session, other.no) {
            Ok(seen) => seen,
            Err(ClientError::Store(StoreError::NoRun { .. })) => continue,
            Err(error) => return Err(error),
        };
        if needs_somebody(&seen) {
            if !claim {
                let claimed = Claimed { run: other.no, id: other.id.clone(), epoch: 0 };
                return Ok(Skipped::Continue(claimed));
            }
            if let Resumed::Claimed(claimed) = resume(session, other)? {
                return Ok(Skipped::Continue(claimed));
            }
        }
        let now = session.now();
        let is_bad = seen.status == RunStatus::Stuck || seen.pending.iter().any(|row| row.struggles(now));
        let place = if is_bad { &mut struggles } else { &mut left };
        place.get_or_insert(seen);
    }
    match (struggles, left) {
        (Some(view), _) => Ok(Skipped::Struggles(view)),
        (None, Some(view)) => Ok(Skipped::Left(view)),
        (None, None) => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

/// Whether a run would stand still if nobody took it up now.
fn needs_somebody(view: &RunView) -> bool {
    let nobody = matches!(view.woken_by, Some(WokenBy::Nobody { .. }));
    let is_queued = view.row.queue.as_ref().is_some_and(|place| place.admitted_at.is_none());
    match view.status {
        RunStatus::Parked => view.executor.is_none(),
        // Nothing tells that its turn has come.
        RunStatus::Waiting => view.executor.is_none() && nobody && is_queued,
        RunStatus::Running
        | RunStatus::Stuck
        | RunStatus::Completed
        | RunStatus::Failed
        | RunStatus::TimedOut
        | RunStatus::Cancelled
        | RunStatus::Terminated => false,
    }
}

/// Claims those of the runs that nobody executes.
pub(super) fn settled(
    session: &Session,
    others: impl Iterator<Item = RunNo>,
) -> Result<Vec<Claimed>, ClientError> {
    let mut claimed = Vec::new();
    for run in others {
        let seen = view(session, run)?;
        if seen.executor.is_none_or(|claim: Claim| claim.token == session.claim().token)
            && seen.status != RunStatus::Stuck
            && let Resumed::Claimed(ours) = resume(session, &seen.row)?
        {
            claimed.push(ours);
        }
    }
    Ok(claimed)
}
