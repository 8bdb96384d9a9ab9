//! What the writer knows of the runs that are appended to, without reading it again: their rows, where their histories end,
//! and what the last start had alike with others.
//!
//! It is a copy of what is on disk, for this file has one writer: a row that is written or removed is forgotten, and so is all
//! of it where a transaction does not commit.

use crate::history::{Checksum, RunNo, RunRow, Seq};
use crate::store::alike::Alike;
use crate::store::rows::Table;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most runs that are kept; a row takes some hundred bytes.
const MOST: usize = 16_384;

/// The copy.
#[derive(Default)]
pub(super) struct Known {
    rows: BTreeMap<u64, Arc<RunRow>>,
    tails: BTreeMap<u64, (Seq, Checksum)>,
    alike: Option<Alike>,
}

impl Known {
    /// A row of a table was written or removed.
    pub(super) fn forget(&mut self, table: Table, key: &[u8]) {
        if matches!(table, Table::Recipes | Table::Scripts) {
            self.alike = None;
        }
        let Some(no) = key.first_chunk().copied().map(u64::from_be_bytes) else { return };
        match table {
            Table::Runs => drop(self.rows.remove(&no)),
            Table::History => drop(self.tails.remove(&no)),
            _ => {}
        }
    }

    pub(super) fn alike(&self) -> Option<&Alike> {
        self.alike.as_ref()
    }

    pub(super) fn know_alike(&mut self, alike: Alike) {
        self.alike = Some(alike);
    }

    pub(super) fn row(&self, no: RunNo) -> Option<Arc<RunRow>> {
        self.rows.get(&no.0).cloned()
    }

    pub(super) fn know_row(&mut self, row: Arc<RunRow>) {
        if self.rows.len() >= MOST {
            self.rows.clear();
        }
        self.rows.insert(row.no.0, row);
    }

    pub(super) fn tail(&self, history: RunNo) -> Option<(Seq, Checksum)> {
        self.tails.get(&history.0).copied()
    }

    pub(super) fn know_tail(&mut self, history: RunNo, tail: (Seq, Checksum)) {
        if self.tails.len() >= MOST {
            self.tails.clear();
        }
        self.tails.insert(history.0, tail);
    }
}
