//! A mark: what of a request has to be known when it is answered, so that a next owner can be told.

use super::Request;
use crate::history::{RunNo, StoredStatus};

/// What of a request has to be known when it is answered.
pub(super) enum Mark {
    /// It may start a run with its signal.
    Signal,
    /// It starts a run.
    Start,
    /// It takes a run.
    Claim(RunNo),
    /// It gives a run up, or ends it.
    Leave(RunNo),
    /// It is to be told of a run.
    Watch(RunNo),
    /// It is to be told of what nobody executes.
    Attend,
    /// Nothing of it.
    Nothing,
}

impl Mark {
    /// That of a request.
    pub(super) fn of(request: &Request) -> Self {
        match request {
            Request::Signal(_) => Self::Signal,
            Request::Start(_) => Self::Start,
            Request::Claim { run, .. } => Self::Claim(*run),
            Request::Release { run, .. } => Self::Leave(*run),
            Request::Append(append) if matches!(append.row.status, Some(StoredStatus::Ended(_))) => {
                Self::Leave(append.run)
            }
            Request::Watch { run } => Self::Watch(*run),
            Request::Attend => Self::Attend,
            _ => Self::Nothing,
        }
    }
}
