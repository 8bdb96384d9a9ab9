//! Going on with runs that nobody executes.

use super::{Claimed, ClientError, Session, Standing, list, view};
use crate::history::{Claim, RunRow, RunStatus};
use crate::store::{Answer, Request, RunFilter, RunView, StoreError};

/// What came of the wish to go on with one run.
#[derive(Debug, Clone, PartialEq)]
pub enum Resumed {
    /// It is ours.
    Claimed(Claimed),
    /// Another process executes it.
    Held(Claim),
    /// It has ended or is stuck.
    Over(Standing),
}

/// The runs that can go on here: parked or waiting, and no living process has them. Oldest first.
///
/// # Errors
/// What the store says.
pub fn resumable(session: &Session) -> Result<Vec<RunView>, ClientError> {
    let statuses = vec![RunStatus::Parked, RunStatus::Waiting, RunStatus::Running];
    let mut views = list(session, RunFilter { statuses, ..RunFilter::default() })?;
    views.retain(|view| view.executor.is_none());
    views.reverse();
    Ok(views)
}

/// Claims the run for this process.
///
/// # Errors
/// What the store says.
pub fn resume(session: &Session, row: &RunRow) -> Result<Resumed, ClientError> {
    let standing = Standing::of(&view(session, row.no)?);
    if !matches!(standing, Standing::Open(_)) {
        return Ok(Resumed::Over(standing));
    }
    match session.ask(Request::Claim { run: row.no, claim: session.claim() }) {
        Ok(Answer::Claimed { epoch }) => {
            Ok(Resumed::Claimed(Claimed { run: row.no, id: row.id.clone(), epoch }))
        }
        Ok(_) => Err(ClientError::Answer { run: row.no }),
        Err(StoreError::Held { claim, .. }) => Ok(Resumed::Held(claim)),
        Err(StoreError::Ended { .. }) => Ok(Resumed::Over(Standing::of(&view(session, row.no)?))),
        Err(error) => Err(error.into()),
    }
}
