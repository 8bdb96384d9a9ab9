//! How a run ends: by its last append, or terminated.

use super::append::{put_record, remove_pending};
use super::{Surroundings, put_row};
use crate::history::{
    ChildOutcome, Entry, Fact, Message, MessageBody, OpId, Record, RunEnd, RunEnded, RunNo, RunRow,
    StoredStatus, Unread,
};
use crate::store::codec::decode;
use crate::store::histories::{last_at, tail};
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{Row, RowsMut, Table};
use crate::store::{Answer, StoreError, Told, keys};

pub(super) fn terminate(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    reason: &str,
) -> Result<Answer, StoreError> {
    crate::store::carry::refuse(rows)?;
    let mut row = row(rows, run)?;
    refuse_ended(&row)?;
    let mut told = Told::default();
    end_unasked(rows, around, &mut row, reason, &mut told)?;
    Ok(super::lock::done(told))
}

/// Ends a run where it stands, with an entry that says so.
pub(super) fn end_unasked(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    row: &mut RunRow,
    reason: &str,
    told: &mut Told,
) -> Result<(), StoreError> {
    let (next, checksum) = tail(rows, row)?;
    let last_at = last_at(rows, row)?.unwrap_or(row.created_at);
    let end = RunEnd::Terminated { reason: reason.to_owned() };
    let fact = Fact::RunEnded(Box::new(RunEnded::of(end.clone())));
    let entry = Entry { at: last_at.max(around.now), fact };
    let (record, _) = Record::seal(&entry, checksum)
        .map_err(|error| StoreError::Protocol { message: format!("the end {error}") })?;
    put_record(rows, row.history_no(), next, &record)?;
    // Whoever executes it is fenced off.
    row.epoch += 1;
    row.updated_at = around.now;
    end_run(rows, around, row, end, told)
}

/// So many of the messages that go with a run are named in its row.
const MOST_GONE: usize = 20;

/// Removes what an ended run needs no more, and counts and names what was never read.
pub(super) fn end_run(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    row: &mut RunRow,
    end: RunEnd,
    told: &mut Told,
) -> Result<(), StoreError> {
    // First: a grant that was never told is no unread message.
    super::lock::release_all(rows, around, row.no, told)?;
    super::queue::leave(rows, row)?;
    for (key, _) in all_of_run(rows, Table::Pending, row.no)? {
        if let Some(op) = keys::tail_u32(&key) {
            remove_pending(rows, row.no, OpId(op))?;
        }
    }
    row.unread = 0;
    row.gone.clear();
    // Who was never told anything has no mail.
    let mail = if row.messages == 0 { Vec::new() } else { all_of_run(rows, Table::Inbox, row.no)? };
    for (key, bytes) in mail {
        if outlives(&bytes) {
            continue;
        }
        rows.remove(Table::Inbox, &key)?;
        row.unread = row.unread.saturating_add(1);
        let message: Result<Message, StoreError> = decode(&bytes, "a message");
        if row.gone.len() < MOST_GONE {
            row.gone.extend(message.iter().map(Unread::of));
        }
    }
    row.status = StoredStatus::Ended(end.clone());
    row.claim = None;
    rows.remove(Table::OpenRuns, &keys::run(row.no))?;
    put_row(rows, row)?;
    super::child::close(rows, around, row, row.generation, told)?;
    super::child::tell_parent(rows, around, row, ChildOutcome::Ended(end), told)
}

/// Whether a message that was never read is there again should the run be opened again: what others said of their own accord is.
/// The sender of an update was told that the run has ended.
pub(in crate::store) fn outlives(bytes: &[u8]) -> bool {
    let message: Result<Message, StoreError> = decode(bytes, "a message");
    message.is_ok_and(|message| match message.body {
        MessageBody::Signal { .. } | MessageBody::Resolve { .. } | MessageBody::Answer { .. } => true,
        MessageBody::Cancel { .. }
        | MessageBody::Update { .. }
        | MessageBody::Grant { .. }
        | MessageBody::ChildEnded { .. } => false,
    })
}

pub(super) fn all_of_run(rows: &dyn RowsMut, table: Table, run: RunNo) -> Result<Vec<Row>, StoreError> {
    rows.range(table, &keys::run(run), &keys::after_run(run), false, usize::MAX)
}
