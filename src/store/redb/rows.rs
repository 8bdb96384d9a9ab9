//! Rows over redb's transactions: each table is opened when it is first needed.

use super::behind::Behind;
use super::changes::Changes;
use super::fault;
use super::known::Known;
use crate::history::{Checksum, RunNo, RunRow, Seq};
use crate::store::StoreError;
use crate::store::alike::Alike;
use crate::store::rows::{Row, Rows, RowsMut, Table};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

pub(super) type Bytes = &'static [u8];

/// The definition of a table.
pub(super) fn definition(table: Table) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(table.name())
}

/// A transaction that reads.
pub(super) struct Reading<'t> {
    transaction: &'t ReadTransaction,
    path: &'t str,
    tables: RefCell<BTreeMap<Table, ReadOnlyTable<Bytes, Bytes>>>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(transaction: &'t ReadTransaction, path: &'t str) -> Self {
        Self { transaction, path, tables: RefCell::default() }
    }

    fn with<T>(
        &self,
        table: Table,
        work: impl FnOnce(&ReadOnlyTable<Bytes, Bytes>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tables = self.tables.borrow_mut();
        match tables.entry(table) {
            Entry::Occupied(opened) => work(opened.into_mut()),
            Entry::Vacant(place) => {
                let opened = self.transaction.open_table(definition(table));
                work(place.insert(opened.map_err(|error| fault::table(error, self.path))?))
            }
        }
    }
}

impl Rows for Reading<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(table, |table| get(table, key, self.path))
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.with(table, |table| range(table, (from, until), backwards, limit, self.path))
    }
}

/// The bytes of a fact of the store, where there is one, and whether they are to be written.
type Fact = (Option<Vec<u8>>, bool);

/// A transaction that writes: what was put is in it when it is finished.
#[must_use]
pub(super) struct Writing<'t> {
    transaction: &'t WriteTransaction,
    path: &'t str,
    tables: RefCell<BTreeMap<Table, Behind<'t>>>,
    /// The facts of the store as they were read and are to be written, and whether they were changed: each start changes one.
    facts: RefCell<BTreeMap<Vec<u8>, Fact>>,
    /// How many bytes were written.
    pub(super) bytes: usize,
    /// How many rows were written or removed.
    pub(super) changes: usize,
    /// What was written and removed.
    log: Changes,
    /// What need not be read; holds where the transaction commits.
    known: Known,
}

impl<'t> Writing<'t> {
    pub(super) fn new(transaction: &'t WriteTransaction, path: &'t str, known: Known) -> Self {
        Self {
            transaction,
            path,
            tables: RefCell::default(),
            facts: RefCell::default(),
            bytes: 0,
            changes: 0,
            log: Changes::default(),
            known,
        }
    }

    fn with<T>(
        &self,
        table: Table,
        work: impl FnOnce(&mut Behind<'t>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tables = self.tables.borrow_mut();
        match tables.entry(table) {
            Entry::Occupied(opened) => work(opened.into_mut()),
            Entry::Vacant(place) => {
                let opened = self.transaction.open_table(definition(table));
                let opened = opened.map_err(|error| fault::table(error, self.path))?;
                work(place.insert(Behind::new(opened)))
            }
        }
    }

    /// A fact of the store: it is read once.
    fn fact(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut facts = self.facts.borrow_mut();
        if let Some((value, _)) = facts.get(key) {
            return Ok(value.clone());
        }
        let value = self.with(Table::Meta, |table| table.get(key, self.path))?;
        facts.insert(key.to_vec(), (value.clone(), false));
        Ok(value)
    }

    fn write_facts(&self) -> Result<(), StoreError> {
        for (key, (value, is_changed)) in std::mem::take(&mut *self.facts.borrow_mut()) {
            if let (Some(value), true) = (value, is_changed) {
                self.with(Table::Meta, |table| table.put(&key, &value, self.path))?;
            }
        }
        Ok(())
    }

    /// Writes what is not written yet, closes the tables, and gives what need not be read again where the transaction commits,
    /// and what it changes.
    pub(super) fn finish(self) -> Result<(Known, Changes), StoreError> {
        self.write_facts()?;
        for table in self.tables.into_inner().values_mut() {
            table.lay_down(self.path)?;
        }
        Ok((self.known, self.log))
    }
}

impl Rows for Writing<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if table == Table::Meta {
            return self.fact(key);
        }
        self.with(table, |table| table.get(key, self.path))
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        if table == Table::Meta {
            self.write_facts()?;
        }
        self.with(table, |table| table.range((from, until), backwards, limit, self.path))
    }
}

impl RowsMut for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.bytes += key.len() + value.len();
        self.changes += 1;
        self.log.put(table, key, value);
        self.known.forget(table, key);
        if table == Table::Meta {
            self.facts.get_mut().insert(key.to_vec(), (Some(value.to_vec()), true));
            return Ok(());
        }
        self.with(table, |table| table.put(key, value, self.path))
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.changes += 1;
        self.log.remove(table, key);
        self.known.forget(table, key);
        if table == Table::Meta {
            self.facts.get_mut().remove(key);
        }
        self.with(table, |table| table.remove(key, self.path))
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

pub(super) fn get(
    table: &impl ReadableTable<Bytes, Bytes>,
    key: &[u8],
    path: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = table.get(key).map_err(|error| fault::storage(error, path))?;
    Ok(found.map(|guard| guard.value().to_vec()))
}

pub(super) fn range(
    table: &impl ReadableTable<Bytes, Bytes>,
    (from, until): (&[u8], &[u8]),
    backwards: bool,
    limit: usize,
    path: &str,
) -> Result<Vec<Row>, StoreError> {
    if from >= until {
        return Ok(Vec::new());
    }
    let found = table.range::<&[u8]>(from..until).map_err(|error| fault::storage(error, path))?;
    let row =
        |entry: Result<(redb::AccessGuard<'_, Bytes>, redb::AccessGuard<'_, Bytes>), redb::StorageError>| {
            let (key, value) = entry.map_err(|error| fault::storage(error, path))?;
            Ok((key.value().to_vec(), value.value().to_vec()))
        };
    let rows: Result<Vec<Row>, StoreError> = if backwards {
        found.rev().take(limit).map(row).collect()
    } else {
        found.take(limit).map(row).collect()
    };
    let rows = rows?;
    // Whoever reads on behind the last key would come back to it for ever.
    if !is_in_order(&rows, (from, until), backwards) {
        let what = "keys of a table are not in order".to_owned();
        return Err(StoreError::Corrupt { path: path.to_owned(), what });
    }
    Ok(rows)
}

/// Whether each row is further than the one before it, and all are among those that were asked for. A key has no checksum of its own.
fn is_in_order(rows: &[Row], (from, until): (&[u8], &[u8]), backwards: bool) -> bool {
    let is_asked_for =
        |row: Option<&Row>| row.is_none_or(|(key, _)| from <= key.as_slice() && key.as_slice() < until);
    is_asked_for(rows.first())
        && is_asked_for(rows.last())
        && rows.is_sorted_by(|(one, _), (next, _)| if backwards { one > next } else { one < next })
}
