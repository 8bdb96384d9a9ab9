//! Opening and creating the file: never half-made, never for others to read, never silently new.

use super::fault;
use super::guard::guarded;
use super::handle::contradiction;
use super::known::Known;
use super::overlay::Overlay;
use super::rows::{Reading, Writing, definition};
use super::verify::copy_of;
use crate::history::Moment;
use crate::store::reading::meta_u64;
use crate::store::rows::Table;
use crate::store::{StoreError, rules};
use crate::timer::Clock;
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, StorageBackend};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// redb's page cache in bytes; its own default is 1 GiB.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// How long a file that another program has open is tried again.
const BUSY: Duration = Duration::from_secs(5);

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Opens the file, creating it whole where there is none.
///
/// # Errors
/// [`StoreError`]: `Corrupt`, `Newer`, `Busy` after 5 s, `Full`, `Permission`, `Io`.
pub fn open_file(path: &Path, clock: &dyn Clock) -> Result<Database, StoreError> {
    if !path.exists() {
        create(path, &path.display().to_string(), clock.now())?;
    }
    open_existing(path, clock)
}

/// Opens a file that must be there: one that was lost is told, never replaced by an empty store.
pub(super) fn open_existing(path: &Path, clock: &dyn Clock) -> Result<Database, StoreError> {
    let name = path.display().to_string();
    let began = clock.monotonic();
    loop {
        let opened = guarded(|| builder().open(path).map(|it| raise_schema(check_schema(it, &name)?, &name)));
        match opened {
            Some(Ok(checked)) => return checked,
            Some(Err(redb::DatabaseError::DatabaseAlreadyOpen)) if clock.monotonic() < began + BUSY => {
                clock.pause(Duration::from_millis(20));
            }
            Some(Err(error)) => return Err(fault::opening(error, &name)),
            None => return Err(contradiction(&name)),
        }
    }
}

/// Opens a copy of damaged bytes, to read what can be read of them.
pub(super) fn open_copy(bytes: &[u8], name: &str) -> Result<Database, StoreError> {
    let copy = copy_of(bytes).map_err(|error| fault::of_io(&error, name))?;
    let opened = guarded(|| builder().create_with_backend(copy).map(|it| check_schema(it, name)));
    opened.ok_or_else(|| contradiction(name))?.map_err(|error| fault::opening(error, name))?
}

/// Opens a file that must be there without changing a byte of it.
pub(super) fn open_unchanged(path: &Path) -> Result<Database, StoreError> {
    let name = path.display().to_string();
    let overlay = Overlay::over(path).map_err(|error| fault::of_io(&error, &name))?;
    let opened = guarded(|| builder().create_with_backend(overlay).map(|it| check_schema(it, &name)));
    opened.ok_or_else(|| contradiction(&name))?.map_err(|error| fault::opening(error, &name))?
}

/// Opens, or makes, a store on a backend: for simulations.
pub(super) fn open_backend(backend: impl StorageBackend, now: Moment) -> Result<Database, StoreError> {
    let database =
        builder().create_with_backend(backend).map_err(|error| fault::opening(error, fault::FILE))?;
    let transaction = database.begin_read().map_err(|error| fault::transaction(error, fault::FILE))?;
    let meta = transaction.open_table(definition(Table::Meta));
    drop(transaction);
    if matches!(meta, Err(redb::TableError::TableDoesNotExist(_))) {
        make_tables(&database, fault::FILE, now)?;
    }
    raise_schema(check_schema(database, fault::FILE)?, fault::FILE)
}

/// A temporary file beside it, complete and on disk, takes the name at last.
fn create(path: &Path, name: &str, now: Moment) -> Result<(), StoreError> {
    let io = |error: std::io::Error| fault::of_io(&error, name);
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
    }
    let temporary = path.with_extension("redb.new");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(io)?;
    let backend = FileBackend::new(file).map_err(|error| fault::opening(error, name))?;
    let database = builder().create_with_backend(backend).map_err(|error| fault::opening(error, name))?;
    make_tables(&database, name, now)?;
    database.close().map_err(|error| fault::opening(error, name))?;
    fs::rename(&temporary, path).map_err(io)?;
    if let Some(directory) = path.parent() {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)?;
    }
    Ok(())
}

/// All tables, and the facts of the store, in the first transaction.
fn make_tables(database: &Database, name: &str, now: Moment) -> Result<(), StoreError> {
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| StoreError::Io {
        path: name.to_owned(),
        message: format!("the system gives no random bytes: {error}"),
    })?;
    let writing = database.begin_write().map_err(|error| fault::transaction(error, name))?;
    for table in Table::ALL {
        writing.open_table(definition(table)).map_err(|error| fault::table(error, name))?;
    }
    let mut rows = Writing::new(&writing, name, Known::default());
    rules::first_facts(&mut rows, u64::from_be_bytes(id), now)?;
    rows.finish()?;
    writing.commit().map_err(|error| fault::commit(error, name))
}

/// Hands the database on where it is a store that this version reads.
fn check_schema(database: Database, name: &str) -> Result<Database, StoreError> {
    let foreign = |what: &str| StoreError::Corrupt { path: name.to_owned(), what: what.to_owned() };
    let transaction = database.begin_read().map_err(|error| fault::transaction(error, name))?;
    if transaction.open_table(definition(Table::Meta)).is_err() {
        return Err(foreign("it is a redb file, but not one of durun's"));
    }
    let schema = meta_u64(&Reading::new(&transaction, name), rules::SCHEMA_KEY)
        .map_err(|_| foreign("it names no schema"))?;
    let found = u32::try_from(schema).unwrap_or(u32::MAX);
    if found > rules::SCHEMA {
        return Err(StoreError::Newer { found, known: rules::SCHEMA });
    }
    drop(transaction);
    add_tables(&database, name)?;
    Ok(database)
}

/// From now on rows are written that the versions before cannot read: they are to say so.
fn raise_schema(database: Database, name: &str) -> Result<Database, StoreError> {
    let reading = database.begin_read().map_err(|error| fault::transaction(error, name))?;
    let found = meta_u64(&Reading::new(&reading, name), rules::SCHEMA_KEY)?;
    drop(reading);
    if found < u64::from(rules::SCHEMA) {
        let writing = database.begin_write().map_err(|error| fault::transaction(error, name))?;
        let mut rows = Writing::new(&writing, name, Known::default());
        rules::raise_schema(&mut rows)?;
        rows.finish()?;
        writing.commit().map_err(|error| fault::commit(error, name))?;
    }
    Ok(database)
}

/// An older version may have made the store: tables that came later are added, which it does not mind.
fn add_tables(database: &Database, name: &str) -> Result<(), StoreError> {
    let reading = database.begin_read().map_err(|error| fault::transaction(error, name))?;
    let is_missing = |table: &&Table| {
        matches!(reading.open_table(definition(**table)), Err(redb::TableError::TableDoesNotExist(_)))
    };
    let missing: Vec<Table> = Table::ALL.iter().filter(is_missing).copied().collect();
    drop(reading);
    if missing.is_empty() {
        return Ok(());
    }
    let writing = database.begin_write().map_err(|error| fault::transaction(error, name))?;
    for table in missing {
        writing.open_table(definition(table)).map_err(|error| fault::table(error, name))?;
    }
    writing.commit().map_err(|error| fault::commit(error, name))
}
