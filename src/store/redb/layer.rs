//! Rows that the log has and the pages have not: what was written and removed since rows came into the pages last. Clones share what they
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
use std::sync::{Arc, OnceLock};

/// What became of the rows of a table.
pub(super) type ChangedTable = OrdMap<Vec<u8>, Change>;

/// The rows, by table.
#[derive(Clone, Default)]
pub(super) struct Layer {
    tables: BTreeMap<Table, ChangedTable>,
}

impl Layer {
    fn get(&self, table: Table, key: &[u8]) -> Option<&Change> {
        self.tables.get(&table)?.get(key)
    }

    fn range<'l>(
        &'l self,
        table: Table,
        (from, until): (&[u8], &[u8]),
    ) -> impl DoubleEndedIterator<Item = Changed> + 'l {
        let bounds = (Bound::Included(from), Bound::Excluded(until));
        let rows = self.tables.get(&table).map(|rows| rows.range::<_, [u8]>(bounds));
        rows.into_iter().flatten().map(|(key, change)| (key.clone(), change.clone()))
    }

    fn is_silent_of(&self, table: Table) -> bool {
        self.tables.get(&table).is_none_or(OrdMap::is_empty)
    }

    pub(super) fn note(&mut self, table: Table, (key, change): Changed) {
        self.tables.entry(table).or_default().insert(key, change);
    }

    /// The row is as what lies below has it.
    pub(super) fn forget(&mut self, table: Table, key: &[u8]) {
        if let Some(rows) = self.tables.get_mut(&table) {
            rows.remove(key);
        }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (Table, &ChangedTable)> {
        self.tables.iter().map(|(table, rows)| (*table, rows))
    }
}

/// All that lies over the pages.
#[derive(Clone, Default)]
pub(super) struct Layers {
    /// What is written now.
    pub(super) recent: Arc<Layer>,
    /// Below it, what comes into the pages meanwhile.
    pub(super) frozen: Option<Frozen>,
    /// How many times rows came into the pages since the file was opened.
    pub(super) laid: u64,
    /// From this number on runs were started since then: of these the pages have no row.
    fresh_from: Arc<OnceLock<u64>>,
}

/// Rows that do not change any more, on their way into the pages.
#[derive(Clone)]
pub(super) struct Frozen {
    pub(super) rows: Arc<Layer>,
    /// The generation of the log from which on the pages lack rows when they have these.
    pub(super) generation: u64,
}

impl Layers {
    pub(super) fn over(recent: Layer) -> Self {
        Self { recent: Arc::new(recent), ..Self::default() }
    }

    /// Those that there are, what lies lowest first.
    pub(super) fn each(&self) -> impl Iterator<Item = &Layer> {
        self.frozen.iter().map(|frozen| frozen.rows.as_ref()).chain([self.recent.as_ref()])
    }

    /// What is written from now on lies over what was written before, which changes no more.
    pub(super) fn freeze(&mut self, generation: u64) {
        self.frozen = Some(Frozen { rows: std::mem::take(&mut self.recent), generation });
    }

    /// What was frozen has come into the pages.
    pub(super) fn lay_frozen(&mut self) {
        *self = Self { recent: std::mem::take(&mut self.recent), laid: self.laid + 1, ..Self::default() };
    }

    /// All has come into the pages.
    pub(super) fn lay_all(&mut self) {
        *self = Self { laid: self.laid + 1, ..Self::default() };
    }

    /// What they say of a row; nothing where that is as the pages have it.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<&Change> {
        self.recent.get(table, key).or_else(|| self.of_frozen(table, key))
    }

    /// What is frozen of a row.
    pub(super) fn of_frozen(&self, table: Table, key: &[u8]) -> Option<&Change> {
        self.frozen.as_ref()?.rows.get(table, key)
    }

    /// What they say of the rows between two keys, in order.
    pub(super) fn range<'l>(
        &'l self,
        table: Table,
        keys: (&[u8], &[u8]),
        backwards: bool,
    ) -> impl Iterator<Item = Read> + 'l {
        let over = directed(self.recent.range(table, keys), backwards);
        let frozen = self.frozen.as_ref().map(|frozen| directed(frozen.rows.range(table, keys), backwards));
        Layered::new(over.map(Ok), frozen.into_iter().flatten().map(Ok), backwards)
    }

    /// Whether only they can have rows behind this key, before that of the next run: the run was started since rows came into the pages.
    /// `runs_end` tells what number is behind all that the pages know, with or without what is frozen; nothing where that cannot be told.
    pub(super) fn is_fresh(&self, table: Table, key: &[u8], runs_end: impl FnOnce() -> Option<u64>) -> bool {
        let is_run = |run: &RunNo| table.is_by_run() && !run.is_of_later_generation();
        let Some(run) = keys::head_run(key).filter(is_run) else { return false };
        let is_any = self.frozen.is_some() || !self.recent.tables.is_empty();
        is_any && run.0 >= *self.fresh_from.get_or_init(|| runs_end().unwrap_or(u64::MAX))
    }

    /// Whether they say nothing of a table.
    pub(super) fn are_silent_of(&self, table: Table) -> bool {
        self.each().all(|layer| layer.is_silent_of(table))
    }
}

/// Rows in the order that is asked for.
pub(super) fn directed(
    mut rows: impl DoubleEndedIterator<Item = Changed>,
    backwards: bool,
) -> impl Iterator<Item = Changed> {
    std::iter::from_fn(move || if backwards { rows.next_back() } else { rows.next() })
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
