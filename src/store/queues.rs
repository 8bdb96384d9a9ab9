//! Queues as a reader is told of them: what a run that has not begun waits for.

use super::rows::Rows;
use super::{Liveness, StoreError};
use crate::history::{CommandKind, CommandLabel, Moment, OpId, Pending, RunId, RunRow, StoredStatus, Value};

/// The place of a run that waits in a queue, in the form of a pending row; its input names those in the way, and which of them are stuck, and which
/// nobody goes on with.
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
    let mut pending = Pending::new(OpId::QUEUE, label, row.created_at);
    pending.waits_for = Some(match told {
        Some(refusal) => {
            let list = |runs: &[RunId]| Value::List(runs.iter().map(|run| run.as_str().into()).collect());
            pending.input = Value::from([
                ("busy", list(&refusal.busy)),
                ("stuck", list(&refusal.stuck)),
                ("idle", list(&refusal.idle)),
            ]);
            refusal.waits_for
        }
        None => format!("queue {}, which has a place for it", place.name),
    });
    Ok(Some(pending))
}
