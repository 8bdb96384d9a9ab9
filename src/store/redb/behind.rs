//! A table that is written: rows that come in order behind its last are kept and laid down together, which takes a part of what one
//! after the other takes, as each would move what its page holds.

use super::fault;
use super::rows::{Bytes, get, range};
use crate::store::StoreError;
use crate::store::rows::Row;
use redb::ReadableTable;
use std::ops::Bound;

/// So many rows are written one by one before it is looked where the table ends: most transactions write few.
const ONE_BY_ONE: usize = 4;
/// The most bytes that are kept.
const MOST_BYTES: usize = 1024 * 1024;

/// An open table of a transaction that writes.
pub(super) struct Behind<'t> {
    table: redb::Table<'t, Bytes, Bytes>,
    /// Rows behind all that the table has, in order of key.
    rows: Vec<Row>,
    bytes: usize,
    /// No key of the table is greater; nothing where that was not looked for, or where the table has none.
    last: Option<Vec<u8>>,
    /// How many rows were put in it.
    puts: usize,
}

impl<'t> Behind<'t> {
    pub(super) fn new(table: redb::Table<'t, Bytes, Bytes>) -> Self {
        Self { table, rows: Vec::new(), bytes: 0, last: None, puts: 0 }
    }

    pub(super) fn get(&self, key: &[u8], path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is_before(key) {
            return get(&self.table, key, path);
        }
        let found = self.rows.binary_search_by(|(kept, _)| kept.as_slice().cmp(key));
        Ok(found.ok().and_then(|place| self.rows.get(place)).map(|(_, value)| value.clone()))
    }

    pub(super) fn range(
        &mut self,
        (from, until): (&[u8], &[u8]),
        backwards: bool,
        limit: usize,
        path: &str,
    ) -> Result<Vec<Row>, StoreError> {
        if !self.is_before(until) {
            self.lay_down(path)?;
        }
        range(&self.table, (from, until), backwards, limit, path)
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8], path: &str) -> Result<(), StoreError> {
        self.puts += 1;
        if self.puts > ONE_BY_ONE && self.is_behind(key, path)? {
            self.bytes += key.len() + value.len();
            self.rows.push((key.to_vec(), value.to_vec()));
            return if self.bytes > MOST_BYTES { self.lay_down(path) } else { Ok(()) };
        }
        if !self.is_before(key) {
            self.lay_down(path)?;
        }
        // What is put behind the last is the last.
        self.last = self.last.take().filter(|last| last.as_slice() >= key);
        self.insert(key, value, path)
    }

    pub(super) fn remove(&mut self, key: &[u8], path: &str) -> Result<(), StoreError> {
        if !self.is_before(key) {
            self.lay_down(path)?;
        }
        self.table.remove(key).map(drop).map_err(|error| fault::storage(error, path))
    }

    /// Writes what is kept.
    pub(super) fn lay_down(&mut self, path: &str) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if let Some((last, _)) = rows.last() {
            self.last = Some(last.clone());
        }
        if rows.len() <= ONE_BY_ONE {
            return rows.iter().try_for_each(|(key, value)| self.insert(key, value, path));
        }
        let failed = |error| match error {
            redb::CursorError::Storage(error) => fault::storage(error, path),
            error => StoreError::Corrupt { path: path.to_owned(), what: error.to_string() },
        };
        let end = Bound::<&[u8]>::Unbounded;
        let mut cursor = self.table.upper_bound_mut(end).map_err(|error| fault::storage(error, path))?;
        for (key, value) in &rows {
            cursor.insert_before(key.as_slice(), value.as_slice()).map_err(failed)?;
        }
        cursor.close().map_err(|error| fault::storage(error, path))
    }

    fn insert(&mut self, key: &[u8], value: &[u8], path: &str) -> Result<(), StoreError> {
        self.table.insert(key, value).map(drop).map_err(|error| fault::storage(error, path))
    }

    /// Whether a key stands before all that is kept.
    fn is_before(&self, key: &[u8]) -> bool {
        self.rows.first().is_none_or(|(first, _)| key < first.as_slice())
    }

    /// Whether it stands behind all that is kept and all that the table has.
    fn is_behind(&mut self, key: &[u8], path: &str) -> Result<bool, StoreError> {
        if let Some((kept, _)) = self.rows.last() {
            return Ok(key > kept.as_slice());
        }
        if self.last.is_none() {
            let last = self.table.last().map_err(|error| fault::storage(error, path))?;
            self.last = last.map(|(key, _)| key.value().to_vec());
        }
        Ok(self.last.as_deref().is_none_or(|last| key > last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redb::rows::definition;
    use crate::store::rows::Table;
    use proptest::prelude::*;
    use redb::ReadableDatabase;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Step {
        Put(u8, u8),
        /// So many behind the last that was put.
        Behind(u8),
        Remove(u8),
        Get(u8),
        Range(u8, u8, bool, usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (any::<u8>(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
            4 => (1_u8..20).prop_map(Step::Behind),
            1 => any::<u8>().prop_map(Step::Remove),
            2 => any::<u8>().prop_map(Step::Get),
            1 => (any::<u8>(), any::<u8>(), any::<bool>(), 0_usize..9)
                .prop_map(|(from, until, backwards, limit)| Step::Range(from, until, backwards, limit)),
        ];
        prop::collection::vec(step, 0..60)
    }

    /// A value that fills a part of a page.
    fn value(byte: u8) -> Vec<u8> {
        vec![byte; usize::from(byte) * 5]
    }

    fn check(behind: &mut Behind<'_>, model: &mut BTreeMap<Vec<u8>, Vec<u8>>, step: &Step) {
        match *step {
            Step::Put(key, byte) => {
                behind.put(&[key], &value(byte), "it").expect("puts");
                model.insert(vec![key], value(byte));
            }
            Step::Behind(count) => {
                let last = model.last_key_value().map_or(0, |(key, _)| key[0]);
                for key in (last..=u8::MAX).skip(1).take(usize::from(count)) {
                    behind.put(&[key], &value(key), "it").expect("puts");
                    model.insert(vec![key], value(key));
                }
            }
            Step::Remove(key) => {
                behind.remove(&[key], "it").expect("removes");
                model.remove([key].as_slice());
            }
            Step::Get(key) => {
                assert_eq!(behind.get(&[key], "it").expect("reads").as_ref(), model.get([key].as_slice()));
            }
            Step::Range(from, until, backwards, limit) => {
                let found = behind.range((&[from], &[until]), backwards, limit, "it").expect("reads");
                let of_model = model.iter().filter(|(key, _)| (from..until).contains(&key[0]));
                let mut of_model: Vec<Row> =
                    of_model.map(|(key, value)| (key.clone(), value.clone())).collect();
                if backwards {
                    of_model.reverse();
                }
                of_model.truncate(limit);
                assert_eq!(found, of_model);
            }
        }
    }

    proptest! {
        #[test]
        fn a_table_holds_what_was_put_in_whatever_order(transactions in prop::collection::vec(steps(), 1..4)) {
            let backend = redb::backends::InMemoryBackend::new();
            let database = redb::Database::builder().create_with_backend(backend).expect("a database");
            let mut model = BTreeMap::new();
            for steps in transactions {
                let transaction = database.begin_write().expect("begins");
                let mut behind = Behind::new(transaction.open_table(definition(Table::Runs)).expect("opens"));
                for step in &steps {
                    check(&mut behind, &mut model, step);
                }
                behind.lay_down("it").expect("writes");
                drop(behind);
                transaction.commit().expect("commits");
                let reading = database.begin_read().expect("reads");
                let table = reading.open_table(definition(Table::Runs)).expect("opens");
                let all = range(&table, (&[], &[0xff, 0xff]), false, usize::MAX, "it").expect("reads");
                prop_assert_eq!(all, model.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
