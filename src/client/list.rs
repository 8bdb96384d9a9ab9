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
    /// Runs that ask a person.
    pub asking: Vec<RunView>,
    /// Runs whose script must be mended.
    pub stuck: Vec<RunView>,
    /// Other runs that are executed, wait or are parked.
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

/// Runs, those that need a person first: that ask something, then that are stuck. However old they are, they are among them.
///
/// # Errors
/// What the store says.
pub fn list_needing_first(session: &Session, filter: RunFilter) -> Result<Vec<RunView>, ClientError> {
    let limit = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let may_need = |status: &RunStatus| !status.is_ended();
    let wanted: Vec<RunStatus> = if filter.statuses.is_empty() {
        RunStatus::ALL.into_iter().filter(may_need).collect()
    } else {
        filter.statuses.iter().copied().filter(may_need).collect()
    };
    let mut first = Vec::new();
    if !wanted.is_empty() {
        let needing = RunFilter { statuses: wanted, limit: None, needs_person: true, ..filter.clone() };
        first = list(session, needing)?;
        first.sort_by_key(needs);
    }
    let others = list(session, filter)?.into_iter().filter(|view| needs(view) == 2);
    Ok(first.into_iter().chain(others).take(limit).collect())
}

/// 0 where it asks a person, 1 where its script must be mended, else 2.
fn needs(view: &RunView) -> u8 {
    if view.asks() {
        0
    } else if view.status == RunStatus::Stuck {
        1
    } else {
        2
    }
}

/// The overview as of now.
///
/// # Errors
/// What the store says.
pub fn overview(session: &Session) -> Result<Overview, ClientError> {
    let with = |statuses: Vec<RunStatus>| list(session, RunFilter { statuses, ..RunFilter::default() });
    let (open, ended): (Vec<RunStatus>, Vec<RunStatus>) =
        RunStatus::ALL.iter().partition(|status| !status.is_ended());
    let (stuck, open): (Vec<RunView>, Vec<RunView>) =
        with(open)?.into_iter().partition(|view: &RunView| view.status == RunStatus::Stuck);
    let (asking, open) = open.into_iter().partition(RunView::asks);
    let since = session.now().plus_ms(-LATELY_MS);
    let mut overview = Overview { asking, stuck, open, ..Overview::default() };
    // What told of a run, and was heard, is no work of its own.
    let ended = RunFilter { statuses: ended, without_hooks: true, ..RunFilter::default() };
    for view in list(session, ended)?.into_iter().filter(|view| view.last_at >= since) {
        *overview.ended.entry(view.status).or_default() += 1;
        if matches!(view.status, RunStatus::Failed | RunStatus::TimedOut) {
            overview.failed.push(view);
        }
    }
    Ok(overview)
}
