//! Laying rows down in a table: those behind its last are laid down together, which takes a part of what one after the other takes, as
//! each would move what its page holds.

use super::fault;
use super::layer::ChangedTable;
use super::rows::Bytes;
use crate::store::StoreError;
use redb::{ReadableTable, Table};
use std::ops::Bound;

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
        for (key, change) in rows.range::<_, [u8]>((Bound::Unbounded, Bound::Included(last.as_slice()))) {
            match change.value() {
                Some(value) => drop(table.insert(key.as_slice(), value).map_err(storage)?),
                None => drop(table.remove(key.as_slice()).map_err(storage)?),
            }
        }
    }
    let failed = |error| match error {
        redb::CursorError::Storage(error) => storage(error),
        error => StoreError::Corrupt { path: path.to_owned(), what: error.to_string() },
    };
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
