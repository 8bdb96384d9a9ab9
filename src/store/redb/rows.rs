//! Rows as a transaction sees them: those of redb's pages, over them what the log has, and over that what the transaction itself changes.

use super::changes::{Change, Changes};
use super::fault;
use super::known::Known;
use super::layer::{Layered, Layers, Read, directed};
use crate::history::{Checksum, RunNo, RunRow, Seq};
use crate::store::StoreError;
use crate::store::alike::Alike;
use crate::store::keys;
use crate::store::rows::{Row, Rows, RowsMut, Table};
use crate::store::rules::NEXT_RUN;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

pub(super) type Bytes = &'static [u8];

/// The definition of a table.
pub(super) fn definition(table: Table) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(table.name())
}

/// The pages as they were when it was taken. Each table is opened when it is first needed.
pub(super) struct Snapshot {
    /// How many times rows had come into them.
    pub(super) laid: u64,
    transaction: ReadTransaction,
    tables: RefCell<BTreeMap<Table, ReadOnlyTable<Bytes, Bytes>>>,
}

impl Snapshot {
    pub(super) fn new(transaction: ReadTransaction, laid: u64) -> Self {
        Self { laid, transaction, tables: RefCell::default() }
    }

    fn with<T>(
        &self,
        table: Table,
        path: &str,
        work: impl FnOnce(&ReadOnlyTable<Bytes, Bytes>) -> Result<T, redb::StorageError>,
    ) -> Result<T, StoreError> {
        let mut tables = self.tables.borrow_mut();
        let opened = match tables.entry(table) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(place) => {
                let opened = self.transaction.open_table(definition(table));
                place.insert(opened.map_err(|error| fault::table(error, path))?)
            }
        };
        work(opened).map_err(|error| fault::storage(error, path))
    }

    pub(super) fn get(&self, table: Table, key: &[u8], path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(table, path, |table| Ok(table.get(key)?.map(|value| value.value().to_vec())))
    }

    /// Behind the numbers of all runs that there may be rows of: of those that were started here, and of those that were carried in.
    fn runs_end(&self, path: &str) -> Option<u64> {
        let next = keys::head_run(&self.get(Table::Meta, NEXT_RUN.as_bytes(), path).ok()??)?;
        let last =
            |table: &ReadOnlyTable<Bytes, Bytes>| Ok(table.last()?.map(|(key, _)| key.value().to_vec()));
        let last = self.with(Table::Runs, path, last).ok()?;
        let behind = last.map_or(Some(0), |key| Some(keys::head_run(&key)?.0.saturating_add(1)))?;
        Some(next.0.max(behind))
    }

    /// Whether a table has this key, or may have it, under what is written now.
    pub(super) fn has(&self, table: Table, key: &[u8], over: &Layers, path: &str) -> bool {
        let has = || self.with(table, path, |table| Ok(table.get(key)?.is_some()));
        match over.of_frozen(table, key) {
            Some(change) => change.value().is_some(),
            // Rows may have come into the pages since it was taken.
            None if self.laid != over.laid => true,
            None => !over.is_fresh(table, key, || self.runs_end(path)) && has().unwrap_or(true),
        }
    }

    fn range<'p>(
        &self,
        table: Table,
        (from, until): (&[u8], &[u8]),
        backwards: bool,
        path: &'p str,
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>> + 'p, StoreError> {
        let mut rows = self.with(table, path, |table| table.range::<&[u8]>(from..until))?;
        let next = move || if backwards { rows.next_back() } else { rows.next() };
        Ok(std::iter::from_fn(next).map(move |row| {
            let (key, value) = row.map_err(|error| fault::storage(error, path))?;
            Ok((key.value().to_vec(), value.value().to_vec()))
        }))
    }
}

/// A transaction that reads.
pub(super) struct Reading<'p> {
    snapshot: Snapshot,
    over: Layers,
    path: &'p str,
}

impl<'p> Reading<'p> {
    pub(super) fn new(snapshot: Snapshot, over: Layers, path: &'p str) -> Self {
        Self { snapshot, over, path }
    }

    /// Whether the pages have nothing behind this key, before that of the next run.
    fn is_fresh(&self, table: Table, key: &[u8]) -> bool {
        self.over.is_fresh(table, key, || self.snapshot.runs_end(self.path))
    }

    /// Whether the pages cannot have rows between these keys.
    fn pages_are_silent(&self, table: Table, (from, until): (&[u8], &[u8])) -> bool {
        self.is_fresh(table, from) && self.is_fresh(table, until)
    }

    /// The rows between two keys as the log left them, removed ones too.
    fn all<'r>(
        &'r self,
        table: Table,
        keys: (&'r [u8], &'r [u8]),
        backwards: bool,
    ) -> Result<impl Iterator<Item = Read> + 'r, StoreError> {
        let over = self.over.range(table, keys, backwards);
        let under = if self.pages_are_silent(table, keys) {
            None
        } else {
            Some(self.snapshot.range(table, keys, backwards, self.path)?)
        };
        let under = under.into_iter().flatten();
        let under = under.map(|row| row.map(|(key, value)| (key, Change::Put(value))));
        Ok(Layered::new(over, under, backwards))
    }
}

impl Rows for Reading<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.over.get(table, key) {
            Some(change) => Ok(change.clone().into_value()),
            None if self.is_fresh(table, key) => Ok(None),
            None => self.snapshot.get(table, key, self.path),
        }
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        if from >= until {
            return Ok(Vec::new());
        }
        let keys = (from, until);
        let rows = if !self.over.are_silent_of(table) {
            there(self.all(table, keys, backwards)?, limit)
        } else if self.pages_are_silent(table, keys) {
            return Ok(Vec::new());
        } else {
            self.snapshot.range(table, keys, backwards, self.path)?.take(limit).collect()
        };
        checked(rows?, keys, backwards, self.path)
    }
}

/// A transaction that writes.
#[must_use]
pub(super) struct Writing<'p> {
    below: Reading<'p>,
    changes: Changes,
    /// How many bytes were written.
    pub(super) bytes: usize,
    /// How many rows were written or removed.
    pub(super) count: usize,
    /// What need not be read; holds where the transaction commits.
    known: Known,
}

/// What a transaction that wrote comes to.
pub(super) struct Written {
    pub(super) changes: Changes,
    /// What need not be read again where it commits.
    pub(super) known: Known,
    /// The pages, which it did not change.
    pub(super) snapshot: Snapshot,
}

impl<'p> Writing<'p> {
    pub(super) fn new(below: Reading<'p>, known: Known) -> Self {
        Self { below, changes: Changes::default(), bytes: 0, count: 0, known }
    }

    pub(super) fn finish(self) -> Written {
        Written { changes: self.changes, known: self.known, snapshot: self.below.snapshot }
    }
}

impl Rows for Writing<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(table, key) {
            Some(change) => Ok(change.clone().into_value()),
            None => self.below.get(table, key),
        }
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        if from >= until {
            return Ok(Vec::new());
        }
        let keys = (from, until);
        let over = directed(self.changes.range(table, keys), backwards).map(Ok);
        let rows = there(Layered::new(over, self.below.all(table, keys, backwards)?, backwards), limit)?;
        checked(rows, keys, backwards, self.below.path)
    }
}

impl RowsMut for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.bytes += key.len() + value.len();
        self.count += 1;
        self.known.forget(table, key);
        self.changes.note(table, key, Change::Put(value.to_vec()));
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.count += 1;
        self.known.forget(table, key);
        self.changes.note(table, key, Change::Removed);
        Ok(())
    }

    fn known_row(&self, run: RunNo) -> Option<Arc<RunRow>> {
        self.known.row(run)
    }

    fn known_tail(&self, history: RunNo) -> Option<(Seq, Checksum)> {
        self.known.tail(history)
    }

    fn known_alike(&self) -> Option<&Alike> {
        self.known.alike()
    }

    fn know_alike(&mut self, alike: Alike) {
        self.known.know_alike(alike);
    }

    fn know_row(&mut self, row: &Arc<RunRow>) {
        self.known.know_row(Arc::clone(row));
    }

    fn know_tail(&mut self, history: RunNo, tail: (Seq, Checksum)) {
        self.known.know_tail(history, tail);
    }
}

/// The first rows that were not removed.
fn there(rows: impl Iterator<Item = Read>, limit: usize) -> Result<Vec<Row>, StoreError> {
    let there = |row: Read| row.map(|(key, change)| Some((key, change.into_value()?))).transpose();
    rows.filter_map(there).take(limit).collect()
}

/// The rows, where their keys can be those that were asked for.
fn checked(
    rows: Vec<Row>,
    keys: (&[u8], &[u8]),
    backwards: bool,
    path: &str,
) -> Result<Vec<Row>, StoreError> {
    // Whoever reads on behind the last key would come back to it for ever.
    if is_in_order(&rows, keys, backwards) {
        return Ok(rows);
    }
    let what = "keys of a table are not in order".to_owned();
    Err(StoreError::Corrupt { path: path.to_owned(), what })
}

/// Whether each row is further than the one before it, and all are among those that were asked for. A key has no checksum of its own.
fn is_in_order(rows: &[Row], (from, until): (&[u8], &[u8]), backwards: bool) -> bool {
    let is_asked_for =
        |row: Option<&Row>| row.is_none_or(|(key, _)| from <= key.as_slice() && key.as_slice() < until);
    is_asked_for(rows.first())
        && is_asked_for(rows.last())
        && rows.is_sorted_by(|(one, _), (next, _)| if backwards { one > next } else { one < next })
}
