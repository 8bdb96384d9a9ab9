//! Which runs there are: lists, and the overview of what needs a person, what goes on, what ended lately.

use super::{ClientError, Session};
use crate::history::{RunNo, RunStatus};
use crate::store::{Answer, Request, RunFilter, RunView};
use std::collections::BTreeMap;

/// How long ago counts as lately: 24 hours.
const LATELY_MS: i64 = 86_400_000;

/// What a person wants to know who asks for nothing in particular.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    /// Runs whose script must be mended.
    pub stuck: Vec<RunView>,
    /// Runs that are executed, wait or are parked.
    pub open: Vec<RunView>,
    /// How many ended in the last 24 hours, by how.
    pub ended: BTreeMap<RunStatus, usize>,
    /// Those of them that failed or timed out, newest first.
    pub failed: Vec<RunView>,
}

/// Runs, newest first.
///
/// # Errors
/// What the store says.
pub fn list(session: &Session, filter: RunFilter) -> Result<Vec<RunView>, ClientError> {
    let Answer::Views(views) = session.ask(Request::List(filter))? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    Ok(views)
}

/// The overview as of now.
///
/// # Errors
/// What the store says.
pub fn overview(session: &Session) -> Result<Overview, ClientError> {
    let with = |statuses: Vec<RunStatus>| list(session, RunFilter { statuses, ..RunFilter::default() });
    let (open, ended): (Vec<RunStatus>, Vec<RunStatus>) =
        RunStatus::ALL.iter().partition(|status| !status.is_ended());
    let (stuck, open) = with(open)?.into_iter().partition(|view: &RunView| view.status == RunStatus::Stuck);
    let since = session.now().plus_ms(-LATELY_MS);
    let mut overview = Overview { stuck, open, ..Overview::default() };
    for view in with(ended)?.into_iter().filter(|view| view.last_at >= since) {
        *overview.ended.entry(view.status).or_default() += 1;
        if matches!(view.status, RunStatus::Failed | RunStatus::TimedOut) {
            overview.failed.push(view);
        }
    }
    Ok(overview)
}
