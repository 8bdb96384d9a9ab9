//! Locks as a reader is told of them: who holds what a run waits for, and what a run holds.

use super::rows::{Rows, Table};
use super::rules::{asked_lock, lock_asker};
use super::{Liveness, StoreError, keys, reading};
use crate::history::{LockView, Moment, OpId, RunNo};

/// Further back in a line nobody counts.
const MOST_COUNTED: usize = 1000;

/// The locks that a run holds or waits for, by op, at most `limit`.
pub(super) fn of_run(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    no: RunNo,
    limit: usize,
) -> Result<Vec<LockView>, StoreError> {
    let mut views = Vec::new();
    for (op, key) in rows.range(Table::LockOps, &keys::run(no), &keys::after_run(no), false, limit)? {
        let (name, own) = asked_lock(rows, &key)?;
        let before = rows.range(Table::Locks, &keys::lock(&name, 0), &key, false, MOST_COUNTED)?;
        let holder = before.first().map_or(Ok(own), |(_, bytes)| lock_asker(bytes))?;
        let row = reading::row(rows, holder.run)?;
        let holder_status = reading::status(rows, now, liveness, &row)?;
        views.push(LockView {
            name,
            op: OpId(keys::tail_u32(&op).unwrap_or_default()),
            holder: row.id,
            holder_status,
            since: holder.granted_at.unwrap_or(now),
            before: u32::try_from(before.len()).unwrap_or(u32::MAX),
        });
    }
    Ok(views)
}

/// The commands of a run that hold a lock or wait for one.
pub(super) fn ops(rows: &dyn Rows, no: RunNo) -> Result<Vec<OpId>, StoreError> {
    let all = rows.range(Table::LockOps, &keys::run(no), &keys::after_run(no), false, usize::MAX)?;
    Ok(all.iter().filter_map(|(key, _)| keys::tail_u32(key).map(OpId)).collect())
}
