//! Queues as a reader is told of them: what a run that has not begun waits for.

use super::rows::Rows;
use super::{Liveness, StoreError};
use crate::history::{CommandKind, CommandLabel, Moment, OpId, Pending, RunRow, StoredStatus};

/// The place of a run that waits in a queue, in the form of a pending row.
pub(super) fn place(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    row: &RunRow,
) -> Result<Option<Pending>, StoreError> {
    let Some(place) = row.queue.as_ref().filter(|place| place.admitted_at.is_none()) else { return Ok(None) };
    if matches!(row.status, StoredStatus::Ended(_)) {
        return Ok(None);
    }
    let told = super::rules::queue_refusal(rows, now, liveness, row)?;
    let label = CommandLabel { kind: CommandKind::Queue, name: place.name.clone() };
    let waits_for = told.unwrap_or_else(|| format!("queue {}, which has a place for it", place.name));
    Ok(Some(Pending { waits_for: Some(waits_for), ..Pending::new(OpId::QUEUE, label, row.created_at) }))
}
