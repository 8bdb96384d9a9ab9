//! Where a run has got to, for those who ask for its result.

use super::{ClientError, Session, view};
use crate::history::{RunEnd, RunId, RunNo, RunStatus, StoredStatus, Stuck};
use crate::store::RunView;

/// How a run stands for somebody who wants its result.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It ended.
    Ended(RunEnd),
    /// Its script must be mended.
    Stuck(Stuck),
    /// It goes on, or can.
    Open(RunStatus),
}

impl Standing {
    /// What a view says.
    pub fn of(view: &RunView) -> Self {
        match &view.row.status {
            StoredStatus::Open => Self::Open(view.status),
            StoredStatus::Stuck(stuck) => Self::Stuck(stuck.clone()),
            StoredStatus::Ended(end) => Self::Ended(end.clone()),
        }
    }
}

/// Where the run has got to, and its name.
///
/// # Errors
/// What the store says.
pub fn standing(session: &Session, run: RunNo) -> Result<(RunId, Standing), ClientError> {
    let view = view(session, run)?;
    let standing = Standing::of(&view);
    Ok((view.row.id, standing))
}
