//! Restarting: the history of a generation is set aside, and the next one of the run begins, empty, in the same transaction.
//!
//! The generation that ended can be read until the next one ends; then its rows are dropped, some with each commit that follows, so that
//! an endless run stays as large as two of its generations.

use super::append::{remove_pending, same_at};
use super::end::all_of_run;
use super::message::put_back;
use super::{BLOB, Surroundings, put_row};
use crate::history::{
    Message, MessageBody, Moment, OpId, PastGeneration, Patches, Restart, RunNo, RunRow, StoredStatus,
};
use crate::store::codec::decode;
use crate::store::histories::{last_at, tail};
use crate::store::reading::start;
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, Append, StoreError, Told, keys};

/// How many rows of dropped generations one commit removes.
const SLICE: usize = 256;

/// Ends the present generation of a run, whose last entry was just written, and begins the next.
pub(super) fn restart(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    row: &mut RunRow,
    restart: &Restart,
    told: &mut Told,
) -> Result<(), StoreError> {
    super::lock::release_all(rows, around, row.no, told)?;
    for (key, _) in all_of_run(rows, Table::Pending, row.no)? {
        if let Some(op) = keys::tail_u32(&key) {
            remove_pending(rows, row.no, OpId(op))?;
        }
    }
    keep_mail(rows, row, &restart.unread, around.now)?;
    if let Some(before) = row.past.take() {
        rows.put(Table::Discarded, &keys::run(before.history), &[])?;
    }
    let old = row.history_no();
    let (entries, _) = tail(rows, row)?;
    let ended_at = last_at(rows, row)?.unwrap_or(around.now);
    row.past = Some(PastGeneration { generation: row.generation, history: old, entries, ended_at });
    let mut began_with = start(rows, row)?;
    if old != row.no {
        rows.remove(Table::Starts, &keys::run(old))?;
    }
    row.generation = row.generation.saturating_add(1);
    let new = row.no.of_generation(row.generation);
    row.history = Some(new);
    row.status = StoredStatus::Open;
    row.progress = None;
    began_with.input = restart.input.clone();
    began_with.timeout_ms = restart.timeout_ms;
    began_with.patches = Patches::default();
    crate::store::starts::put(rows, new, &began_with)?;
    put_row(rows, row)?;
    super::child::close(rows, around, row, row.generation.saturating_sub(1), told)
}

/// Mail belongs to the run's name: what its script never took is there again, what was not delivered stays. Only answers to what the
/// ended generation asked have nobody left to take them.
fn keep_mail(
    rows: &mut dyn RowsMut,
    row: &mut RunRow,
    unread: &[Message],
    now: Moment,
) -> Result<(), StoreError> {
    for (key, bytes) in all_of_run(rows, Table::Inbox, row.no)? {
        let message: Message = decode(&bytes, "a message")?;
        match message.body {
            MessageBody::Signal { .. } | MessageBody::Update { .. } | MessageBody::Cancel { .. } => {}
            MessageBody::Resolve { .. }
            | MessageBody::Answer { .. }
            | MessageBody::Grant { .. }
            | MessageBody::ChildEnded { .. } => {
                rows.remove(Table::Inbox, &key)?;
            }
        }
    }
    for message in unread {
        put_back(rows, row, message, now)?;
    }
    Ok(())
}

/// An append for a generation that has ended: the one that ended it, sent again, is acknowledged.
pub(super) fn of_past(rows: &mut dyn RowsMut, row: &RunRow, append: &Append) -> Result<Answer, StoreError> {
    match row.past {
        Some(past) if past.generation == append.generation && past.generation + 1 == row.generation => {
            same_at(rows, past.history, append)
        }
        Some(_) | None => Err(StoreError::Fenced { epoch: append.epoch, current: row.epoch }),
    }
}

/// Drops some rows of generations that nobody can read any more; true where more are left.
pub(in crate::store) fn sweep(rows: &mut dyn RowsMut) -> Result<bool, StoreError> {
    let first = rows.range(Table::Discarded, &[], &[0xff; 9], false, 1)?;
    let Some(history) = first.first().and_then(|(key, _)| keys::head_run(key)) else { return Ok(false) };
    let mut left = SLICE;
    for table in [Table::History, Table::Logs] {
        left -= drop_some(rows, table, history, left)?;
    }
    if left > 0 {
        rows.remove(Table::Discarded, &keys::run(history))?;
    }
    Ok(true)
}

/// Drops at most `most` rows of a history; gives how many.
fn drop_some(rows: &mut dyn RowsMut, table: Table, history: RunNo, most: usize) -> Result<usize, StoreError> {
    let some = rows.range(table, &keys::run(history), &keys::after_run(history), false, most)?;
    for (key, value) in &some {
        // An entry is chained to where it lies, so no other history has the same large one.
        if let (Table::History, Some((&BLOB, hash))) = (table, value.split_first()) {
            rows.remove(Table::Blobs, hash)?;
        }
        rows.remove(table, key)?;
    }
    Ok(some.len())
}
