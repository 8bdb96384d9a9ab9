//! Opening and creating the file: never half-made, never for others to read, never silently new.

use super::fault;
use super::guard::guarded;
use super::handle::contradiction;
use super::held::Held;
use super::known::Known;
use super::layer::Layers;
use super::layout::{self, LogPart, Whole};
use super::opened::{Damage, Durably, Opened};
use super::overlay::Overlay;
use super::rows::{Reading, Snapshot, definition};
use super::verify::copy_of;
use crate::history::Moment;
use crate::store::reading::meta_u64;
use crate::store::rows::Table;
use crate::store::{StoreError, rules};
use crate::timer::Clock;
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, StorageBackend};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
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
pub(super) fn open_file(path: &Path, clock: &dyn Clock) -> Result<Opened, StoreError> {
    if !path.exists() {
        create(path, &path.display().to_string(), clock.now())?;
    }
    open_existing(path, clock)
}

/// Opens a file that must be there: one that was lost is told, never replaced by an empty store.
pub(super) fn open_existing(path: &Path, clock: &dyn Clock) -> Result<Opened, StoreError> {
    patiently(path, clock, |name| {
        let whole: Whole = Arc::new(file_of(path)?);
        open_whole(&whole, Some(Arc::new(file_of(path)?)), None, Damage::Refused, name)
    })
}

/// Opens a file that is as durun closed it, with so many records: nothing in its pages changes before something is to come into them.
pub(super) fn open_as_left(path: &Path, records: u32, clock: &dyn Clock) -> Result<Opened, StoreError> {
    patiently(path, clock, |name| {
        let held = Arc::new(Held::over(file_of(path)?, path)?);
        let whole: Whole = Arc::<Held>::clone(&held);
        open_whole(&whole, Some(Arc::new(file_of(path)?)), Some((held, records)), Damage::Refused, name)
    })
}

/// The file, opened for itself. The log and the pages have one each: where what was written does not reach the disk, Linux tells each open file
/// of it once (`errseq_t` of its documentation), so that a sync of the one does not take from the other what it has to know.
fn file_of(path: &Path) -> Result<FileBackend, redb::DatabaseError> {
    FileBackend::new(OpenOptions::new().read(true).write(true).open(path)?)
}

/// Opens a file to be written, and tries again while another program has it open.
fn patiently(
    path: &Path,
    clock: &dyn Clock,
    open: impl Fn(&str) -> Result<Result<Opened, StoreError>, redb::DatabaseError>,
) -> Result<Opened, StoreError> {
    let name = path.display().to_string();
    let began = clock.monotonic();
    let open = || Ok(open(&name)?.and_then(|opened| raise_schema(&opened, &name).map(|()| opened)));
    loop {
        match guarded(open) {
            Some(Ok(opened)) => return opened,
            Some(Err(redb::DatabaseError::DatabaseAlreadyOpen)) if clock.monotonic() < began + BUSY => {
                clock.pause(Duration::from_millis(20));
            }
            Some(Err(error)) => return Err(fault::opening(error, &name)),
            None => return Err(contradiction(&name)),
        }
    }
}

/// Opens a copy of damaged bytes, to read what can be read of them.
pub(super) fn open_copy(bytes: &[u8], name: &str) -> Result<Opened, StoreError> {
    let copy: Whole = Arc::new(copy_of(bytes).map_err(|error| fault::of_io(&error, name))?);
    open_to_read(&copy, Damage::Read, name)
}

/// Opens a file that must be there without changing a byte of it.
pub(super) fn open_unchanged(path: &Path, damage: Damage) -> Result<Opened, StoreError> {
    let name = path.display().to_string();
    let overlay: Whole = Arc::new(Overlay::over(path).map_err(|error| fault::of_io(&error, &name))?);
    open_to_read(&overlay, damage, &name)
}

fn open_to_read(whole: &Whole, damage: Damage, name: &str) -> Result<Opened, StoreError> {
    let opened = guarded(|| open_whole(whole, None, None, damage, name));
    opened.ok_or_else(|| contradiction(name))?.map_err(|error| fault::opening(error, name))?
}

/// Opens, or makes, a store on a backend: for simulations.
pub(super) fn open_backend(backend: impl StorageBackend, now: Moment) -> Result<Opened, StoreError> {
    let whole: Whole = Arc::new(backend);
    let io = |error: io::Error| fault::of_io(&error, fault::FILE);
    if whole.len().map_err(io)? == 0 {
        make_whole(&whole, layout::SMALL_LOG_END, fault::FILE, now)?;
    }
    let opened = open_whole(&whole, None, None, Damage::Refused, fault::FILE);
    let opened = opened.map_err(|error| fault::opening(error, fault::FILE))??;
    raise_schema(&opened, fault::FILE)?;
    Ok(opened)
}

/// Opens what these bytes hold, where it is a store that this version reads; `log_file` are the same bytes, for the log alone.
fn open_whole(
    whole: &Whole,
    log_file: Option<Whole>,
    held: Option<(Arc<Held>, u32)>,
    damage: Damage,
    name: &str,
) -> Result<Result<Opened, StoreError>, redb::DatabaseError> {
    let (pages, mut log) = layout::parts(whole)?;
    if let (Some(log), Some(file)) = (&mut log, log_file) {
        log.whole = file;
    }
    if pages.len()? == 0 {
        // redb would take it for a store that is to be made.
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its end is missing").into());
    }
    let database = builder().create_with_backend(pages)?;
    Ok(open_database(database, log, held, damage, name))
}

fn open_database(
    database: Database,
    log: Option<LogPart>,
    held: Option<(Arc<Held>, u32)>,
    damage: Damage,
    name: &str,
) -> Result<Opened, StoreError> {
    check_schema(&database, name)?;
    let opened = Opened::new(database, log, held, damage, name)?;
    add_tables(&opened, name)?;
    Ok(opened)
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
    let whole: Whole = Arc::new(backend);
    make_whole(&whole, layout::LOG_END, name, now)?;
    fs::rename(&temporary, path).map_err(io)?;
    if let Some(directory) = path.parent() {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)?;
    }
    Ok(())
}

/// Lays the bytes out, makes the tables, and closes what was made.
fn make_whole(whole: &Whole, log_end: u64, name: &str, now: Moment) -> Result<(), StoreError> {
    let io = |error: io::Error| fault::of_io(&error, name);
    layout::make(whole, log_end).map_err(io)?;
    let (pages, _) = layout::parts(whole).map_err(io)?;
    let database = builder().create_with_backend(pages).map_err(|error| fault::opening(error, name))?;
    make_tables(&database, name)?;
    let opened = Opened::new(database, None, None, Damage::Refused, name)?;
    let mut rows = opened.write(Known::default(), name)?;
    rules::first_facts(&mut rows, store_id(name)?, now)?;
    opened.commit(rows, name)?;
    opened.close().map(drop).map_err(|error| fault::opening(error, name))
}

fn store_id(name: &str) -> Result<u64, StoreError> {
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| StoreError::Io {
        path: name.to_owned(),
        message: format!("the system gives no random bytes: {error}"),
    })?;
    Ok(u64::from_be_bytes(id))
}

fn make_tables(database: &Database, name: &str) -> Result<(), StoreError> {
    let writing = database.begin_write().map_err(|error| fault::transaction(error, name))?;
    for table in Table::ALL {
        writing.open_table(definition(table)).map_err(|error| fault::table(error, name))?;
    }
    writing.commit().map_err(|error| fault::commit(error, name))
}

/// Refuses what is no store that this version reads.
fn check_schema(database: &Database, name: &str) -> Result<(), StoreError> {
    let foreign = |what: &str| StoreError::Corrupt { path: name.to_owned(), what: what.to_owned() };
    let transaction = database.begin_read().map_err(|error| fault::transaction(error, name))?;
    if transaction.open_table(definition(Table::Meta)).is_err() {
        return Err(foreign("it is a redb file, but not one of durun's"));
    }
    let rows = Reading::new(Snapshot::new(transaction, 0), Layers::default(), name);
    let schema = meta_u64(&rows, rules::SCHEMA_KEY).map_err(|_| foreign("it names no schema"))?;
    let found = u32::try_from(schema).unwrap_or(u32::MAX);
    if found > rules::SCHEMA {
        return Err(StoreError::Newer { found, known: rules::SCHEMA });
    }
    Ok(())
}

/// From now on rows are written that the versions before cannot read: they are to say so.
fn raise_schema(opened: &Opened, name: &str) -> Result<(), StoreError> {
    let mut rows = opened.write(Known::default(), name)?;
    if meta_u64(&rows, rules::SCHEMA_KEY)? >= u64::from(rules::SCHEMA) {
        return Ok(());
    }
    rules::raise_schema(&mut rows)?;
    // They look for it in the pages.
    opened.lay_down(rows.finish().changes, Durably::Synced, name)
}

/// An older version may have made the store: tables that came later are added, which it does not mind.
fn add_tables(opened: &Opened, name: &str) -> Result<(), StoreError> {
    let reading = opened.database.begin_read().map_err(|error| fault::transaction(error, name))?;
    let is_missing = |table: &&Table| {
        matches!(reading.open_table(definition(**table)), Err(redb::TableError::TableDoesNotExist(_)))
    };
    let missing: Vec<Table> = Table::ALL.iter().filter(is_missing).copied().collect();
    drop(reading);
    if missing.is_empty() {
        return Ok(());
    }
    let writing = opened.begin(name)?;
    for table in missing {
        writing.open_table(definition(table)).map_err(|error| fault::table(error, name))?;
    }
    writing.commit().map_err(|error| fault::commit(error, name))
}
