//! An open file: redb's pages, and the log in front of them.

use super::changes::{Changes, changes};
use super::fault;
use super::held::Held;
use super::layout::LogPart;
use super::log::Log;
use super::rows::{Bytes, definition};
use crate::store::StoreError;
use crate::store::rows::Table;
use redb::{Database, Durability, ReadableDatabase, TableDefinition, WriteTransaction};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The generation of the log, in the pages: only records of it count.
const GENERATION: TableDefinition<'static, (), u64> = TableDefinition::new("log_generation");

/// An open file.
pub(super) struct Opened {
    pub(super) database: Database,
    /// A file of a version that had no log has none: each commit syncs its pages.
    log: Option<Mutex<Log>>,
    /// What holds back the writes of an opening, where the file was as durun left it.
    held: Option<Arc<Held>>,
}

/// What is done where a record of the log is damaged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// The file is not opened.
    Refused,
    /// What lies before it counts: the file is only read.
    Read,
}

impl Opened {
    /// What redb has opened, with what the log holds beside it: nothing where the file is held, which was closed with all in its pages.
    ///
    /// # Errors
    /// [`StoreError`]: `Corrupt` where a record is damaged, or the storage's.
    pub(super) fn new(
        database: Database,
        part: Option<LogPart>,
        held: Option<Arc<Held>>,
        damage: Damage,
        path: &str,
    ) -> Result<Self, StoreError> {
        let Some(part) = part else { return Ok(Self { database, log: None, held }) };
        let log = Mutex::new(Log::new(part, generation(&database, path)?));
        let opened = Self { database, log: Some(log), held };
        if opened.held.is_none() {
            opened.recover(damage, path)?;
        }
        Ok(opened)
    }

    /// Tells redb what the log holds, in memory: on a full disk, too, all that was acknowledged can be read.
    fn recover(&self, damage: Damage, path: &str) -> Result<(), StoreError> {
        let Some(mut log) = self.log() else { return Ok(()) };
        let kept = log.take_up().map_err(|error| fault::of_io(&error, path))?;
        drop(log);
        let damaged = || StoreError::Corrupt {
            path: path.to_owned(),
            what: "what its log has acknowledged is not all there".to_owned(),
        };
        if kept.is_damaged && damage == Damage::Refused {
            return Err(damaged());
        }
        if kept.records.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin(path)?;
        for record in &kept.records {
            for (table, key, value) in changes(record).ok_or_else(damaged)? {
                apply(&transaction, table, key, value, path)?;
            }
        }
        in_memory(&mut transaction, path)?;
        transaction.commit().map_err(|error| fault::commit(error, path))
    }

    pub(super) fn begin(&self, path: &str) -> Result<WriteTransaction, StoreError> {
        if let Some(held) = &self.held {
            held.let_go().map_err(|error| fault::of_io(&error, path))?;
        }
        self.database.begin_write().map_err(|error| fault::transaction(error, path))
    }

    /// Commits: when this returns, it is on disk.
    ///
    /// # Errors
    /// [`StoreError`]: nobody knows then whether it is.
    pub(super) fn commit(
        &self,
        mut transaction: WriteTransaction,
        changes: &Changes,
        path: &str,
    ) -> Result<(), StoreError> {
        let Some(mut log) = self.log() else {
            return transaction.commit().map_err(|error| fault::commit(error, path));
        };
        let is_logged = log.append(changes).map_err(|error| fault::of_io(&error, path))?;
        drop(log);
        if !is_logged {
            // A log is full once in many commits; what is too large for it may be every commit.
            return self.sync(transaction, !changes.is_too_large(), path);
        }
        in_memory(&mut transaction, path)?;
        transaction.commit().map_err(|error| fault::commit(error, path))
    }

    /// Commits into the pages, with all that was committed before, and begins the log anew; where it settles, an opening
    /// after a kill has nothing to repair.
    pub(super) fn sync(
        &self,
        mut transaction: WriteTransaction,
        settles: bool,
        path: &str,
    ) -> Result<(), StoreError> {
        transaction.set_quick_repair(settles);
        let generation = self.log().map(|log| log.generation + 1);
        if let Some(generation) = generation {
            name_generation(&transaction, generation, path)?;
        }
        transaction.commit().map_err(|error| fault::commit(error, path))?;
        if let (Some(generation), Some(mut log)) = (generation, self.log()) {
            return log.begin(generation).map_err(|error| fault::of_io(&error, path));
        }
        Ok(())
    }

    /// Closes the file: all is in the pages, and the next opening has nothing to repair. Whether it was written, and its log has nothing
    /// that counts.
    pub(super) fn close(self) -> Result<bool, redb::DatabaseError> {
        let is_untouched = self.held.as_ref().is_some_and(|held| held.holds());
        let records = self.log().filter(|log| !log.is_empty()).map(|log| log.generation);
        // Where that fails, the records count still, and are applied at the next opening.
        let is_begun = records.is_none_or(|generation| {
            let begun = self.begin("").and_then(|mut transaction| {
                name_generation(&transaction, generation + 1, "")?;
                in_memory(&mut transaction, "")?;
                transaction.commit().map_err(|error| fault::commit(error, ""))
            });
            begun.is_ok()
        });
        self.database.close()?;
        Ok(is_begun && !is_untouched)
    }

    fn log(&self) -> Option<MutexGuard<'_, Log>> {
        self.log.as_ref().map(|log| log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The commit of a transaction syncs nothing.
fn in_memory(transaction: &mut WriteTransaction, path: &str) -> Result<(), StoreError> {
    transaction
        .set_durability(Durability::None)
        .map_err(|error| StoreError::Io { path: path.to_owned(), message: error.to_string() })
}

fn generation(database: &Database, path: &str) -> Result<u64, StoreError> {
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

fn apply(
    transaction: &WriteTransaction,
    table: &str,
    key: &[u8],
    value: Option<&[u8]>,
    path: &str,
) -> Result<(), StoreError> {
    let unknown =
        || StoreError::Corrupt { path: path.to_owned(), what: format!("its log names a table {table:?}") };
    let known = Table::ALL.into_iter().find(|known| known.name() == table).ok_or_else(unknown)?;
    let mut table: redb::Table<'_, Bytes, Bytes> =
        transaction.open_table(definition(known)).map_err(|error| fault::table(error, path))?;
    let done = match value {
        Some(value) => table.insert(key, value).map(drop),
        None => table.remove(key).map(drop),
    };
    done.map_err(|error| fault::storage(error, path))
}
