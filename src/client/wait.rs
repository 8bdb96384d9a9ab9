//! Waiting for a run to end.

use super::{ClientError, Session, Standing, Watch, view};
use crate::history::{RunNo, RunStatus};
use crate::store::RunView;
use std::time::Duration;

/// How a wait came out.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited {
    /// The run ended or is stuck.
    Over(Standing),
    /// The time given ran out; how the run stands.
    RanOut(RunStatus),
}

/// Waits until the run has ended or is stuck, at most `limit`. `look` is told each view; false from it ends the wait
/// as if the time had run out.
///
/// # Errors
/// What the store says.
pub fn wait(
    session: &Session,
    run: RunNo,
    limit: Option<Duration>,
    look: &mut dyn FnMut(&RunView) -> bool,
) -> Result<Waited, ClientError> {
    let end = limit.map(|limit| session.clock().monotonic().saturating_add(limit));
    let watch = Watch::begin(session, run)?;
    loop {
        let view = view(session, run)?;
        match Standing::of(&view) {
            Standing::Open(status) => {
                let left = end.map(|end| end.saturating_sub(session.clock().monotonic()));
                if left.is_some_and(|left| left.is_zero()) || !look(&view) {
                    return Ok(Waited::RanOut(status));
                }
                watch.next(left);
            }
            over @ (Standing::Ended(_) | Standing::Stuck(_)) => return Ok(Waited::Over(over)),
        }
    }
}
