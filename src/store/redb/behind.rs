//! Laying rows down in a table: those behind its last, and those of one run that follow each other, are laid down together, which takes a
//! part of what one after the other takes, as each would move what its page holds.

use super::changes::Change;
use super::fault;
use super::layer::ChangedTable;
use super::rows::Bytes;
use crate::store::StoreError;
use redb::{ReadableTable, Table};
use std::ops::Bound;

/// Keys of rows that belong to a run begin with its number.
const RUN_BYTES: usize = 8;

/// Writes and removes the rows.
pub(super) fn lay_down(
    table: &mut Table<'_, Bytes, Bytes>,
    rows: &ChangedTable,
    path: &str,
) -> Result<(), StoreError> {
    let storage = |error| fault::storage(error, path);
    let last = table.last().map_err(storage)?.map(|(key, _)| key.value().to_vec());
    let split = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    if let Some(last) = &last {
        let among = rows.range::<_, [u8]>((Bound::Unbounded, Bound::Included(last.as_slice())));
        lay_among(table, among, path)?;
    }
    let failed = |error| failed(error, path);
    let mut behind = rows.range::<_, [u8]>((split, Bound::Unbounded)).peekable();
    if behind.peek().is_none() {
        return Ok(());
    }
    let mut cursor = table.upper_bound_mut(Bound::<&[u8]>::Unbounded).map_err(storage)?;
    for (key, change) in behind {
        // What was removed there was never in the table.
        if let Some(value) = change.value() {
            cursor.insert_before(key.as_slice(), value).map_err(failed)?;
        }
    }
    cursor.close().map_err(storage)
}

/// Rows among those of the table. Where several of one run follow each other and the table has none between them, as the next entries of a
/// history, its page is changed once for all.
fn lay_among<'r>(
    table: &mut Table<'_, Bytes, Bytes>,
    rows: impl Iterator<Item = (&'r Vec<u8>, &'r Change)>,
    path: &str,
) -> Result<(), StoreError> {
    let storage = |error| fault::storage(error, path);
    let mut rows = rows.peekable();
    while let Some((key, change)) = rows.next() {
        let Some(value) = change.value() else {
            drop(table.remove(key.as_slice()).map_err(storage)?);
            continue;
        };
        let goes_on = |(next, change): &(&Vec<u8>, &Change)| {
            change.value().is_some() && next.first_chunk::<RUN_BYTES>() == key.first_chunk::<RUN_BYTES>()
        };
        if !rows.peek().is_some_and(goes_on) {
            drop(table.insert(key.as_slice(), value).map_err(storage)?);
            continue;
        }
        let mut cursor = table.lower_bound_mut(Bound::Included(key.as_slice())).map_err(storage)?;
        let there = cursor.peek_next().map_err(storage)?.map(|(key, _)| key.value().to_vec());
        if there.as_ref() == Some(key) {
            cursor.close().map_err(storage)?;
            drop(table.insert(key.as_slice(), value).map_err(storage)?);
            continue;
        }
        let fits =
            |row: &(&Vec<u8>, &Change)| goes_on(row) && there.as_ref().is_none_or(|there| row.0 < there);
        cursor.insert_before(key.as_slice(), value).map_err(|error| failed(error, path))?;
        while let Some((key, change)) = rows.next_if(fits) {
            cursor
                .insert_before(key.as_slice(), change.value().unwrap_or_default())
                .map_err(|error| failed(error, path))?;
        }
        cursor.close().map_err(storage)?;
    }
    Ok(())
}

fn failed(error: redb::CursorError, path: &str) -> StoreError {
    match error {
        redb::CursorError::Storage(error) => fault::storage(error, path),
        error => StoreError::Corrupt { path: path.to_owned(), what: error.to_string() },
    }
}
