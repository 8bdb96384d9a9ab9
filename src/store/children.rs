//! Children as a reader is told of them: which runs another has started, and how the one stands that a command waits for.

use super::rows::{Rows, Table};
use super::{Liveness, StoreError, keys, reading};
use crate::history::{CommandKind, Moment, Pending, RunNo, RunStatus};

/// The runs that a run has started, the newest first.
pub(super) fn of_run(rows: &dyn Rows, parent: RunNo) -> Result<Vec<RunNo>, StoreError> {
    let all = rows.range(Table::Children, &keys::run(parent), &keys::after_run(parent), true, usize::MAX)?;
    Ok(all.iter().filter_map(|(key, _)| keys::tail_run(key)).collect())
}

/// Says of each command that waits for a child how that stands.
pub(super) fn tell(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    pending: &mut [Pending],
) -> Result<(), StoreError> {
    for row in pending.iter_mut().filter(|row| row.label.kind == CommandKind::Child) {
        let name = &row.label.name;
        let Some(no) = rows.get(Table::RunIds, name.as_bytes())?.and_then(|no| keys::head_run(&no)) else {
            continue;
        };
        let child = reading::row(rows, no)?;
        let status = reading::status(rows, now, liveness, &child)?;
        let what = match status {
            RunStatus::Parked => format!(": durun resume {name}"),
            RunStatus::Stuck => format!(": durun why {name}"),
            RunStatus::Running
            | RunStatus::Waiting
            | RunStatus::Failed
            | RunStatus::TimedOut
            | RunStatus::Cancelled
            | RunStatus::Terminated
            | RunStatus::Completed => String::new(),
        };
        row.waits_for = Some(format!("the end of its child, run {name} ({status}{what})"));
    }
    Ok(())
}
