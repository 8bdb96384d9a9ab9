//! A store in memory: the same rules over maps, for tests and simulations.

use super::rows::{Row, Rows, RowsMut, Table};
use super::rules::{self, Surroundings};
use super::{Answer, Liveness, Request, StoreError, Tables, audit, reading};
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
pub(super) struct Maps(BTreeMap<(Table, Vec<u8>), Vec<u8>>);

impl MemoryTables {
    /// Empty tables.
    pub fn new(clock: Arc<dyn Clock>, liveness: Arc<dyn Liveness>) -> Self {
        let mut maps = Maps::default();
        // Maps refuse nothing.
        drop(rules::first_facts(&mut maps, 0, clock.now()));
        Self { maps: Mutex::new(maps), clock, liveness }
    }

    /// What in the tables does not agree, a sentence each.
    ///
    /// # Errors
    /// [`StoreError`] where a row does not decode.
    #[doc(hidden)]
    pub fn audit(&self) -> Result<Vec<String>, StoreError> {
        audit::audit(&*self.maps.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many rows there are.
    #[doc(hidden)]
    pub fn rows(&self) -> usize {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner).0.len()
    }

    /// A number that changes whenever anything stored does.
    ///
    /// # Errors
    /// None; rows in memory can be read.
    #[doc(hidden)]
    pub fn digest(&self) -> Result<u64, StoreError> {
        audit::digest(&*self.maps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tables for MemoryTables {
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if requests.iter().any(rules::writes)
            && let Err(error) = rules::forget_old(&mut *maps, now)
        {
            return requests.iter().map(|_| Err(error.clone())).collect();
        }
        requests
            .iter()
            .map(|request| {
                if rules::writes(request) {
                    let around = Surroundings { now, liveness: self.liveness.as_ref() };
                    rules::write(&mut *maps, &around, request)
                } else {
                    reading::read(&*maps, now, self.liveness.as_ref(), request)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::conformance;

    #[test]
    fn tables_in_memory_keep_every_rule_of_the_store() {
        let checks = conformance(&|clock, liveness| {
            let tables = MemoryTables::new(clock, liveness);
            Box::new(move |requests| tables.apply(requests))
        });
        assert!(checks > 40, "{checks}");
    }
}
