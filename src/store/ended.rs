//! `Upkeep::Ended`: runs that have ended, some at a time, so that whoever decides how long they are kept never waits for all.

use super::codec::decode;
use super::rows::{Row, Rows, Table};
use super::{EndedRun, StoreError, keys};
use crate::history::{RunNo, RunRow, StoredStatus};

/// Looks at so many runs from one on that chance picks, at the oldest behind the newest.
pub(super) fn ended(rows: &dyn Rows, chance: u64, most: u32) -> Result<Vec<EndedRun>, StoreError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (Some(oldest), Some(newest)) = (end(rows, false)?, end(rows, true)?) else { return Ok(Vec::new()) };
    let first = oldest.0 + chance % (newest.0 - oldest.0 + 1);
    let (first, behind) = (keys::run(RunNo(first)), keys::run(RunNo(newest.0 + 1)));
    let mut looked_at = rows.range(Table::Runs, &first, &behind, false, most)?;
    let left = most - looked_at.len();
    looked_at.extend(rows.range(Table::Runs, &keys::run(oldest), &first, false, left)?);
    let mut ended = Vec::new();
    for (_, bytes) in looked_at {
        let row: RunRow = decode(&bytes, "the row of a run")?;
        if let StoredStatus::Ended(end) = row.status {
            let status = end.status();
            ended.push(EndedRun { run: row.no, status, at: row.updated_at, script: row.script });
        }
    }
    Ok(ended)
}

/// The oldest run, or the newest.
fn end(rows: &dyn Rows, newest: bool) -> Result<Option<RunNo>, StoreError> {
    let found: Vec<Row> = rows.range(Table::Runs, &[], &[0xff; 9], newest, 1)?;
    Ok(found.first().and_then(|(key, _)| keys::head_run(key)))
}
