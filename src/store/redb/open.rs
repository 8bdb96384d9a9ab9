//! Opening and creating the file: never half-made, never for others to read, never silently new.

use super::fault;
use super::rows::definition;
use crate::store::StoreError;
use crate::store::rows::Table;
use crate::timer::Clock;
use redb::{Builder, Database, ReadableDatabase, StorageBackend};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// The schema that this version reads and writes.
pub(super) const SCHEMA: u32 = 1;
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
    let name = path.display().to_string();
    if !path.exists() {
        create(path, &name)?;
    }
    let began = clock.monotonic();
    let database = loop {
        // redb can panic on damaged bytes: that is told as damage, too.
        let opened = std::panic::catch_unwind(|| builder().open(path));
        match opened {
            Ok(Ok(database)) => break database,
            Ok(Err(redb::DatabaseError::DatabaseAlreadyOpen))
                if clock.monotonic().saturating_sub(began) < BUSY =>
            {
                clock.pause(Duration::from_millis(20));
            }
            Ok(Err(error)) => return Err(fault::opening(error, &name)),
            Err(_) => {
                return Err(StoreError::Corrupt {
                    path: name,
                    what: "its pages contradict each other".to_owned(),
                });
            }
        }
    };
    check_schema(&database, &name)?;
    Ok(database)
}

/// Opens, or makes, a store on a backend: for simulations.
pub(super) fn open_backend(backend: impl StorageBackend) -> Result<Database, StoreError> {
    let database =
        builder().create_with_backend(backend).map_err(|error| fault::opening(error, fault::FILE))?;
    let is_new = {
        let reading = database.begin_read().map_err(|error| fault::transaction(error, fault::FILE))?;
        reading.open_table(definition(Table::Meta)).is_err()
    };
    if is_new {
        make_tables(&database, fault::FILE)?;
    }
    check_schema(&database, fault::FILE)?;
    Ok(database)
}

/// A temporary file beside it, complete and on disk, takes the name at last.
fn create(path: &Path, name: &str) -> Result<(), StoreError> {
    let io = |error: std::io::Error| fault::of_io(&error, name);
    let temporary = path.with_extension("redb.new");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(io)?;
    let database = builder()
        .create_with_backend(
            redb::backends::FileBackend::new(file).map_err(|error| fault::opening(error, name))?,
        )
        .map_err(|error| fault::opening(error, name))?;
    make_tables(&database, name)?;
    drop(database);
    std::fs::rename(&temporary, path).map_err(io)?;
    if let Some(directory) = path.parent() {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)?;
    }
    Ok(())
}

/// All tables, and the facts of the store, in the first transaction.
fn make_tables(database: &Database, name: &str) -> Result<(), StoreError> {
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| StoreError::Io {
        path: name.to_owned(),
        message: format!("the system gives no random bytes: {error}"),
    })?;
    let writing = database.begin_write().map_err(|error| fault::transaction(error, name))?;
    for table in Table::ALL {
        let mut opened = writing.open_table(definition(table)).map_err(|error| fault::table(error, name))?;
        if table == Table::Meta {
            let facts: [(&str, Vec<u8>); 3] = [
                ("schema", u64::from(SCHEMA).to_be_bytes().to_vec()),
                ("next_run", 1_u64.to_be_bytes().to_vec()),
                ("store_id", id.to_vec()),
            ];
            for (key, value) in facts {
                opened
                    .insert(key.as_bytes(), value.as_slice())
                    .map_err(|error| fault::storage(error, name))?;
            }
        }
    }
    writing.commit().map_err(|error| fault::commit(error, name))
}

fn check_schema(database: &Database, name: &str) -> Result<(), StoreError> {
    let foreign = |what: &str| StoreError::Corrupt { path: name.to_owned(), what: what.to_owned() };
    let reading = database.begin_read().map_err(|error| fault::transaction(error, name))?;
    let meta = reading
        .open_table(definition(Table::Meta))
        .map_err(|_| foreign("it is a redb file, but not one of durun's"))?;
    let schema = redb::ReadableTable::get(&meta, "schema".as_bytes())
        .map_err(|error| fault::storage(error, name))?
        .and_then(|value| value.value().first_chunk().copied())
        .map(u64::from_be_bytes)
        .ok_or_else(|| foreign("it names no schema"))?;
    let schema = u32::try_from(schema).unwrap_or(u32::MAX);
    if schema > SCHEMA {
        return Err(StoreError::Newer { found: schema, known: SCHEMA });
    }
    Ok(())
}
