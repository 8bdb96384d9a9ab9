//! Rows that the log has and the pages have not: what was written and removed since the pages came to disk last. Clones share what they
//! have alike, so a reader keeps what it saw while the writer goes on.

use super::changes::{Change, Changed};
use crate::history::RunNo;
use crate::store::StoreError;
use crate::store::keys;
use crate::store::rows::Table;
use imbl::OrdMap;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::OnceLock;

/// What became of the rows of a table.
pub(super) type ChangedTable = OrdMap<Vec<u8>, Change>;

/// The rows, by table.
#[derive(Clone, Default)]
pub(super) struct Layer {
    tables: BTreeMap<Table, ChangedTable>,
    /// From this number on runs were started since the pages came to disk: these have no row of theirs.
    fresh_from: OnceLock<u64>,
}

impl Layer {
    /// What it says of a row; nothing where that is as the pages have it.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<&Change> {
        self.tables.get(&table)?.get(key)
    }

    /// What it says of the rows between two keys, in order.
    pub(super) fn range<'l>(
        &'l self,
        table: Table,
        (from, until): (&[u8], &[u8]),
    ) -> impl DoubleEndedIterator<Item = Changed> + 'l {
        let bounds = (Bound::Included(from), Bound::Excluded(until));
        let rows = self.tables.get(&table).map(|rows| rows.range::<_, [u8]>(bounds));
        rows.into_iter().flatten().map(|(key, change)| (key.clone(), change.clone()))
    }

    /// Whether only it can have rows behind this key, before that of the next run: the run was started since the pages came to disk. `runs_end`
    /// tells what number is behind all that these know; nothing where that cannot be told.
    pub(super) fn is_fresh(&self, table: Table, key: &[u8], runs_end: impl FnOnce() -> Option<u64>) -> bool {
        let is_run = |run: &RunNo| table.is_by_run() && !run.is_of_later_generation();
        let Some(run) = keys::head_run(key).filter(is_run) else { return false };
        !self.tables.is_empty() && run.0 >= *self.fresh_from.get_or_init(|| runs_end().unwrap_or(u64::MAX))
    }

    /// Whether it says nothing of a table.
    pub(super) fn is_silent_of(&self, table: Table) -> bool {
        self.tables.get(&table).is_none_or(OrdMap::is_empty)
    }

    pub(super) fn note(&mut self, table: Table, (key, change): Changed) {
        self.tables.entry(table).or_default().insert(key, change);
    }

    /// The row is as the pages have it.
    pub(super) fn forget(&mut self, table: Table, key: &[u8]) {
        if let Some(rows) = self.tables.get_mut(&table) {
            rows.remove(key);
        }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (Table, &ChangedTable)> {
        self.tables.iter().map(|(table, rows)| (*table, rows))
    }
}

/// Rows over others, both in the same order: where both have a key, what lies over counts.
pub(super) struct Layered<O: Iterator, U: Iterator> {
    over: Peekable<O>,
    under: Peekable<U>,
    backwards: bool,
}

/// A row that was read, or that it was removed; or that reading failed.
pub(super) type Read = Result<Changed, StoreError>;

impl<O: Iterator<Item = Read>, U: Iterator<Item = Read>> Layered<O, U> {
    pub(super) fn new(over: O, under: U, backwards: bool) -> Self {
        Self { over: over.peekable(), under: under.peekable(), backwards }
    }
}

impl<O: Iterator<Item = Read>, U: Iterator<Item = Read>> Iterator for Layered<O, U> {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        let order = match (self.over.peek(), self.under.peek()) {
            (None, _) | (_, Some(Err(_))) => Ordering::Greater,
            (_, None) | (Some(Err(_)), _) => Ordering::Less,
            (Some(Ok((over, _))), Some(Ok((under, _)))) if self.backwards => under.cmp(over),
            (Some(Ok((over, _))), Some(Ok((under, _)))) => over.cmp(under),
        };
        match order {
            Ordering::Less => self.over.next(),
            Ordering::Greater => self.under.next(),
            Ordering::Equal => {
                self.under.next();
                self.over.next()
            }
        }
    }
}
