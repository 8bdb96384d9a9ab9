//! A store in memory: the same rules over maps, for tests and simulations.

use super::rows::{Row, Rows, RowsMut, Table};
use super::rules::{self, Surroundings};
use super::{Answer, Liveness, Request, StoreError, Tables, reading};
use crate::timer::Clock;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

/// Tables that live as long as the process.
pub struct MemoryTables {
    maps: Mutex<Maps>,
    clock: Arc<dyn Clock>,
    liveness: Arc<dyn Liveness>,
}

#[derive(Default)]
struct Maps(BTreeMap<(Table, Vec<u8>), Vec<u8>>);

impl MemoryTables {
    /// Empty tables.
    pub fn new(clock: Arc<dyn Clock>, liveness: Arc<dyn Liveness>) -> Self {
        Self { maps: Mutex::default(), clock, liveness }
    }
}

impl Tables for MemoryTables {
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        requests
            .into_iter()
            .map(|request| {
                if rules::writes(&request) {
                    let around = Surroundings { now, liveness: self.liveness.as_ref() };
                    rules::write(&mut *maps, &around, request)
                } else {
                    reading::read(&*maps, now, self.liveness.as_ref(), &request)
                }
            })
            .collect()
    }
}

impl Rows for Maps {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
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
        let bounds = (Bound::Included((table, from.to_vec())), Bound::Excluded((table, until.to_vec())));
        let rows = self.0.range(bounds).map(|((_, key), value)| (key.clone(), value.clone()));
        Ok(if backwards { rows.rev().take(limit).collect() } else { rows.take(limit).collect() })
    }
}

impl RowsMut for Maps {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.0.insert((table, key.to_vec()), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.0.remove(&(table, key.to_vec()));
        Ok(())
    }
}
