//! An open file: redb's pages, the log in front of them, and in memory the rows that the log has and the pages have not.

use super::behind::lay_down;
use super::changes::{Change, Changes, changes};
use super::fault;
use super::held::Held;
use super::kept::Kept;
use super::known::Known;
use super::layer::{Frozen, Layer, Layers};
use super::layout::LogPart;
use super::log::Log;
use super::rows::{Reading, Snapshot, Writing, Written, definition};
use crate::store::StoreError;
use crate::store::mutex::locked;
use crate::store::rows::Table;
use redb::{Database, Durability, ReadableDatabase, TableDefinition, WriteTransaction};
use std::sync::{Arc, Mutex, MutexGuard};

/// The generation of the log, in the pages: only records of it count.
const GENERATION: TableDefinition<'static, (), u64> = TableDefinition::new("log_generation");
/// A log of so many bytes is left as it is when the file is closed: to read it costs the next opening less than to lay its rows down.
const LEFT_BYTES: u64 = 64 * 1024;

/// An open file.
pub(super) struct Opened {
    pub(super) database: Database,
    /// A file of a version that had no log has none: each commit syncs its pages.
    log: Option<Mutex<Log>>,
    /// What holds back the writes of redb, where the file was as durun left it.
    held: Option<Arc<Held>>,
    /// What the log has and the pages have not.
    over: Mutex<Layers>,
    /// The pages as the writer saw them last: they stay as they are until rows are laid down.
    snapshot: Mutex<Option<Snapshot>>,
    /// Whoever has it brings rows into the pages.
    laying: Mutex<()>,
}

/// How rows come into the pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durably {
    /// They are on disk; an opening after a kill may have to repair.
    Synced,
    /// They are on disk, and an opening after a kill has nothing to repair.
    Settled,
    /// They come to disk when the file is closed.
    Closing,
}

/// What is done where a record of the log is damaged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// The file is not opened.
    Refused,
    /// What is whole counts: the file is only read.
    Read,
}

impl Opened {
    /// What redb has opened, with what the log holds over it: as many records as were left, where the file is held.
    ///
    /// # Errors
    /// [`StoreError`]: `Corrupt` where a record is damaged, or the storage's.
    pub(super) fn new(
        database: Database,
        part: Option<LogPart>,
        held: Option<(Arc<Held>, u32)>,
        damage: Damage,
        path: &str,
    ) -> Result<Self, StoreError> {
        let (mut log, mut recent) = (None, Layer::default());
        if let Some(part) = part {
            let mut found = Log::new(part, generation(&database, path)?);
            let kept = match &held {
                Some((_, records)) => found.as_left(*records),
                None => found.take_up(),
            };
            recent = layer(&kept.map_err(|error| fault::of_io(&error, path))?, damage, path)?;
            log = Some(Mutex::new(found));
        }
        let over = Mutex::new(Layers::over(recent));
        let held = held.map(|(held, _)| held);
        Ok(Self { database, log, held, over, snapshot: Mutex::default(), laying: Mutex::default() })
    }

    /// A transaction that reads: what was committed before it began, and nothing of what is later.
    ///
    /// # Errors
    /// The storage's.
    pub(super) fn read<'p>(&self, path: &'p str) -> Result<Reading<'p>, StoreError> {
        // Held while the snapshot is taken: rows do not leave for the pages in between.
        let over = locked(&self.over);
        let snapshot = self.database.begin_read().map_err(|error| fault::transaction(error, path))?;
        Ok(Reading::new(Snapshot::new(snapshot, over.laid), over.clone(), path))
    }

    /// A transaction that writes; there is one at a time.
    ///
    /// # Errors
    /// The storage's.
    pub(super) fn write<'p>(&self, known: Known, path: &'p str) -> Result<Writing<'p>, StoreError> {
        let over = locked(&self.over).clone();
        let snapshot = locked(&self.snapshot).take().filter(|snapshot| snapshot.laid == over.laid);
        let below = match snapshot {
            Some(snapshot) => Reading::new(snapshot, over, path),
            None => self.read(path)?,
        };
        Ok(Writing::new(below, known))
    }

    /// Commits: when this returns, it is on disk. Gives what need not be read again.
    ///
    /// # Errors
    /// [`StoreError`]: nobody knows then whether it is.
    pub(super) fn commit(&self, writing: Writing<'_>, path: &str) -> Result<Known, StoreError> {
        let Written { changes, known, snapshot } = writing.finish();
        let record = if changes.is_empty() { None } else { self.log.as_ref().and_then(|_| changes.record()) };
        let is_kept = match &record {
            Some(record) => self.keep(record, path)?,
            None => changes.is_empty(),
        };
        if is_kept {
            self.note(changes, &snapshot, path);
            *locked(&self.snapshot) = Some(snapshot);
        } else {
            drop(snapshot);
            // A log has no room once in many commits; what is too large for it may be every commit.
            let how = if record.is_some() { Durably::Settled } else { Durably::Synced };
            self.lay_down(changes, how, path)?;
        }
        Ok(known)
    }

    /// Writes a record into the log; where that is full, into its other half, and the rows of this one can come into the pages meanwhile. False
    /// where there is no room for it.
    fn keep(&self, record: &[u8], path: &str) -> Result<bool, StoreError> {
        let io = |error| fault::of_io(&error, path);
        let Some(shared) = &self.log else { return Ok(false) };
        let mut log = locked(shared);
        if log.append(record).map_err(io)? {
            return Ok(true);
        }
        if !log.has_room_beside(record.len()) {
            return Ok(false);
        }
        drop(log);
        // Those of the other half: mostly they have come there long since.
        self.lay_frozen(path)?;
        let mut log = locked(shared);
        let generation = log.following(false);
        locked(&self.over).freeze(generation);
        log.begin(generation).map_err(io)?;
        log.append(record).map_err(io)
    }

    /// What was committed lies over the pages.
    fn note(&self, changes: Changes, snapshot: &Snapshot, path: &str) {
        let mut over = locked(&self.over);
        for (table, (key, change)) in changes.into_rows() {
            // What came and went since the pages came to disk is nothing to them.
            let is_nothing = matches!(change, Change::Removed) && !snapshot.has(table, &key, &over, path);
            let recent = Arc::make_mut(&mut over.recent);
            if is_nothing {
                recent.forget(table, &key);
            } else {
                recent.note(table, (key, change));
            }
        }
    }

    /// Whether there are rows that only wait to come into the pages.
    pub(super) fn has_frozen(&self) -> bool {
        locked(&self.over).frozen.is_some()
    }

    /// Brings the rows that wait for it into the pages, while others read and write.
    ///
    /// # Errors
    /// [`StoreError`]: what was committed counts still.
    pub(super) fn lay_frozen(&self, path: &str) -> Result<(), StoreError> {
        let _laying = locked(&self.laying);
        let Some(Frozen { rows, generation }) = locked(&self.over).frozen.clone() else { return Ok(()) };
        let mut transaction = self.begin(path)?;
        lay_layer(&transaction, &rows, path)?;
        transaction.set_quick_repair(true);
        name_generation(&transaction, generation, path)?;
        // Whoever begins to read before they are known to be there sees the same rows twice.
        transaction.commit().map_err(|error| fault::commit(error, path))?;
        locked(&self.over).lay_frozen();
        Ok(())
    }

    /// Brings all rows into the pages, and begins the log anew.
    ///
    /// # Errors
    /// [`StoreError`]: what was committed before counts still.
    pub(super) fn lay_down(&self, changes: Changes, how: Durably, path: &str) -> Result<(), StoreError> {
        let _laying = locked(&self.laying);
        // Nobody reads the pages as they were any more: redb can use them again.
        drop(locked(&self.snapshot).take());
        let mut layers = locked(&self.over).clone();
        let generation = self.log().map(|log| log.following(!changes.is_empty()));
        let recent = Arc::make_mut(&mut layers.recent);
        changes.into_rows().for_each(|(table, row)| recent.note(table, row));
        let mut transaction = self.begin(path)?;
        for layer in layers.each() {
            lay_layer(&transaction, layer, path)?;
        }
        transaction.set_quick_repair(how == Durably::Settled);
        if how == Durably::Closing {
            in_memory(&mut transaction, path)?;
        }
        if let Some(generation) = generation {
            name_generation(&transaction, generation, path)?;
        }
        let mut over = locked(&self.over);
        transaction.commit().map_err(|error| fault::commit(error, path))?;
        over.lay_all();
        drop(over);
        match (generation, self.log()) {
            // What is marked is on disk.
            (Some(generation), Some(mut log)) if how != Durably::Closing => {
                log.begin(generation).map_err(|error| fault::of_io(&error, path))
            }
            _ => Ok(()),
        }
    }

    /// A transaction of redb's own.
    pub(super) fn begin(&self, path: &str) -> Result<WriteTransaction, StoreError> {
        if let Some(held) = &self.held {
            held.let_go().map_err(|error| fault::of_io(&error, path))?;
        }
        self.database.begin_write().map_err(|error| fault::transaction(error, path))
    }

    /// Closes the file, so that the next opening has nothing to repair and little to read. How many records its log is left with, where it
    /// was written and all else is in its pages.
    pub(super) fn close(self) -> Result<Option<u32>, redb::DatabaseError> {
        let (mut is_written, mut left) = (self.held.is_none(), Some(0));
        if let Some(log) = self.log() {
            let few = log.records().filter(|_| log.bytes() <= LEFT_BYTES && !self.has_frozen());
            (is_written, left) = (is_written || log.is_written(), few);
        }
        let mut is_well = true;
        if left.is_none() {
            // Where that fails, the records count still, and are read at the next opening.
            is_well = self.lay_down(Changes::default(), Durably::Closing, "").is_ok();
        } else if let Some(log) = self.log().filter(|log| log.is_written()) {
            is_well = log.end().is_ok();
        }
        is_written |= self.held.as_ref().is_some_and(|held| !held.holds());
        drop(locked(&self.snapshot).take());
        self.database.close()?;
        Ok((is_well && is_written).then_some(left.unwrap_or(0)))
    }

    fn log(&self) -> Option<MutexGuard<'_, Log>> {
        self.log.as_ref().map(locked)
    }
}

/// The rows that a log holds; where it is damaged, those that are whole.
fn layer(kept: &Kept, damage: Damage, path: &str) -> Result<Layer, StoreError> {
    let damaged = |what: String| StoreError::Corrupt { path: path.to_owned(), what };
    let not_there = || damaged("what its log has acknowledged is not all there".to_owned());
    if kept.is_damaged && damage == Damage::Refused {
        return Err(not_there());
    }
    let mut layer = Layer::default();
    for record in kept.records.iter().chain(&kept.behind) {
        for (name, key, value) in changes(record).ok_or_else(not_there)? {
            let known = Table::ALL.into_iter().find(|known| known.name() == name);
            let table = known.ok_or_else(|| damaged(format!("its log names a table {name:?}")))?;
            layer.note(table, (key.to_vec(), Change::of(value)));
        }
    }
    Ok(layer)
}

fn lay_layer(transaction: &WriteTransaction, layer: &Layer, path: &str) -> Result<(), StoreError> {
    for (table, rows) in layer.tables() {
        let opened = transaction.open_table(definition(table));
        lay_down(&mut opened.map_err(|error| fault::table(error, path))?, rows, path)?;
    }
    Ok(())
}

/// The commit of a transaction syncs nothing.
fn in_memory(transaction: &mut WriteTransaction, path: &str) -> Result<(), StoreError> {
    transaction
        .set_durability(Durability::None)
        .map_err(|error| StoreError::Io { path: path.to_owned(), message: error.to_string() })
}

pub(super) fn generation(database: &Database, path: &str) -> Result<u64, StoreError> {
    let reading = database.begin_read().map_err(|error| fault::transaction(error, path))?;
    match reading.open_table(GENERATION) {
        Ok(table) => {
            let found = redb::ReadableTable::get(&table, ()).map_err(|error| fault::storage(error, path))?;
            Ok(found.map_or(0, |found| found.value()))
        }
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(fault::table(error, path)),
    }
}

fn name_generation(transaction: &WriteTransaction, generation: u64, path: &str) -> Result<(), StoreError> {
    let mut table = transaction.open_table(GENERATION).map_err(|error| fault::table(error, path))?;
    table.insert((), generation).map(drop).map_err(|error| fault::storage(error, path))
}
