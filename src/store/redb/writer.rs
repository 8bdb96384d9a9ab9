//! The writer: a mutex with a queue. Who finds it free commits its own requests and all that is queued; who does not, waits.

use super::fault;
use super::open::{open_backend, open_file};
use super::rows::{Reading, Writing};
use crate::history::Moment;
use crate::store::rules::{self, Surroundings};
use crate::store::{Answer, Liveness, Request, StoreError, Tables, reading};
use crate::timer::Clock;
use redb::{Database, ReadableDatabase, StorageBackend};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// The most rows that one commit changes before it takes no further requests.
const BATCH_CHANGES: usize = 4096;
/// The most bytes that one commit writes before it takes no further requests.
const BATCH_BYTES: usize = 1024 * 1024;
/// How long without a request until the allocator's state is written, so that the next open needs no repair.
const IDLE: Duration = Duration::from_millis(50);
/// At most one such commit in this time.
const IDLE_EVERY: Duration = Duration::from_secs(1);
/// Below this size of the file a repair takes less than ten milliseconds: such a commit would cost more than it saves.
const SMALL_FILE: u64 = 8 * 1024 * 1024;
/// How often old ids are forgotten, in milliseconds.
const FORGET_EVERY_MS: i64 = 3_600_000;

type Answers = Vec<Result<Answer, StoreError>>;

/// The tables in a redb file.
pub struct RedbTables {
    inner: Arc<Inner>,
}

struct Inner {
    path: String,
    reopen: Option<PathBuf>,
    database: Mutex<Option<Arc<Database>>>,
    queue: Mutex<Vec<Arc<Ticket>>>,
    writer: Mutex<Writer>,
    idle: Condvar,
    idle_state: Mutex<IdleState>,
    clock: Arc<dyn Clock>,
    liveness: Arc<dyn Liveness>,
}

#[derive(Default)]
struct Writer {
    forgot_at: Option<Moment>,
}

#[derive(Default)]
struct IdleState {
    dirty: bool,
    last_request: Duration,
    last_idle: Option<Duration>,
    closed: bool,
}

/// Requests that wait for the writer.
struct Ticket {
    requests: Mutex<Option<Vec<Request>>>,
    answers: Mutex<Option<Answers>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RedbTables {
    /// Opens the file, creating it whole where there is none, and keeps its allocator's state written while nothing else happens.
    ///
    /// # Errors
    /// [`StoreError`]: `Corrupt`, `Newer`, `Busy` after 5 s, `Full`, `Permission`, `Io`.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, liveness: Arc<dyn Liveness>) -> Result<Self, StoreError> {
        let database = open_file(path, clock.as_ref())?;
        let name = path.display().to_string();
        let tables = Self::over(database, name, Some(path.to_owned()), clock, liveness);
        let inner = Arc::downgrade(&tables.inner);
        std::thread::Builder::new()
            .name("store-idle".to_owned())
            .spawn(move || keep_idle(&inner))
            .map_err(|error| fault::of_io(&error, &path.display().to_string()))?;
        Ok(tables)
    }

    /// Opens, or makes, a store on a backend; nothing happens on its own. For simulations.
    ///
    /// # Errors
    /// [`StoreError`] where the bytes are no store.
    pub fn with_backend(
        backend: impl StorageBackend,
        clock: Arc<dyn Clock>,
        liveness: Arc<dyn Liveness>,
    ) -> Result<Self, StoreError> {
        let database = open_backend(backend)?;
        Ok(Self::over(database, fault::FILE.to_owned(), None, clock, liveness))
    }

    fn over(
        database: Database,
        path: String,
        reopen: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        liveness: Arc<dyn Liveness>,
    ) -> Self {
        let inner = Inner {
            path,
            reopen,
            database: Mutex::new(Some(Arc::new(database))),
            queue: Mutex::default(),
            writer: Mutex::default(),
            idle: Condvar::new(),
            idle_state: Mutex::default(),
            clock,
            liveness,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The store's own id: 16 hexadecimal digits.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    pub fn store_id(&self) -> Result<String, StoreError> {
        let database = self.inner.handle()?;
        let transaction = self.inner.begin_read(&database)?;
        let rows = Reading::new(&transaction, &self.inner.path);
        Ok(format!("{:016x}", reading::meta_u64(&rows, "store_id")?.unwrap_or_default()))
    }

    /// Writes the allocator's state now, if anything was written since it last was.
    ///
    /// # Errors
    /// [`StoreError`] where the commit fails.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.inner.settle()
    }
}

impl Tables for RedbTables {
    fn apply(&self, requests: Vec<Request>) -> Answers {
        if requests.iter().any(rules::writes) {
            self.inner.submit(requests)
        } else {
            self.inner.read(&requests)
        }
    }
}

impl Drop for RedbTables {
    fn drop(&mut self) {
        locked(&self.inner.idle_state).closed = true;
        self.inner.idle.notify_all();
        // The last handle closes the file; a clean close leaves nothing to repair.
        locked(&self.inner.database).take();
    }
}

impl Inner {
    /// The open file; opened again where a failed commit has closed it.
    fn handle(&self) -> Result<Arc<Database>, StoreError> {
        let mut database = locked(&self.database);
        if let Some(open) = database.as_ref() {
            return Ok(Arc::clone(open));
        }
        let Some(path) = &self.reopen else {
            return Err(StoreError::Io {
                path: self.path.clone(),
                message: "closed after a failed write".to_owned(),
            });
        };
        let opened = Arc::new(open_file(path, self.clock.as_ref())?);
        *database = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn begin_read(&self, database: &Database) -> Result<redb::ReadTransaction, StoreError> {
        database.begin_read().map_err(|error| fault::transaction(error, &self.path))
    }

    fn read(&self, requests: &[Request]) -> Answers {
        let begun = self.handle().and_then(|database| self.begin_read(&database));
        match begun {
            Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
            Ok(transaction) => {
                let rows = Reading::new(&transaction, &self.path);
                let now = self.clock.now();
                requests
                    .iter()
                    .map(|request| reading::read(&rows, now, self.liveness.as_ref(), request))
                    .collect()
            }
        }
    }

    fn submit(&self, requests: Vec<Request>) -> Answers {
        let count = requests.len();
        let ticket = Arc::new(Ticket { requests: Mutex::new(Some(requests)), answers: Mutex::default() });
        locked(&self.queue).push(Arc::clone(&ticket));
        let mut writer = locked(&self.writer);
        // Whoever had the writer before may have answered this ticket already.
        while locked(&ticket.answers).is_none() {
            self.commit_queued(&mut writer);
        }
        drop(writer);
        let lost = || Err(StoreError::Protocol { message: "the writer gave no answer".to_owned() });
        locked(&ticket.answers).take().unwrap_or_else(|| (0..count).map(|_| lost()).collect())
    }

    /// Commits what is queued, in order, up to the size of a batch.
    fn commit_queued(&self, writer: &mut Writer) {
        let mut waiting = std::mem::take(&mut *locked(&self.queue)).into_iter();
        let mut done: Vec<(Arc<Ticket>, Answers)> = Vec::new();
        let result = self.transact(writer, &mut waiting, &mut done);
        // What did not fit goes first in the next batch.
        let mut queue = locked(&self.queue);
        let rest: Vec<Arc<Ticket>> = waiting.chain(std::mem::take(&mut *queue)).collect();
        *queue = rest;
        drop(queue);
        for (ticket, answers) in done {
            let answers = match &result {
                Ok(()) => answers,
                Err(error) => answers.iter().map(|_| Err(error.clone())).collect(),
            };
            *locked(&ticket.answers) = Some(answers);
        }
    }

    fn transact(
        &self,
        writer: &mut Writer,
        waiting: &mut impl Iterator<Item = Arc<Ticket>>,
        done: &mut Vec<(Arc<Ticket>, Answers)>,
    ) -> Result<(), StoreError> {
        let begun = self.handle().and_then(|database| {
            database.begin_write().map_err(|error| fault::transaction(error, &self.path))
        });
        let transaction = match begun {
            Ok(transaction) => transaction,
            Err(error) => {
                let refused = waiting.map(|ticket| {
                    let count = locked(&ticket.requests).take().map_or(0, |requests| requests.len());
                    (ticket, (0..count).map(|_| Err(error.clone())).collect())
                });
                done.extend(refused);
                return self.give_up_on(error);
            }
        };
        let now = self.clock.now();
        let around = Surroundings { now, liveness: self.liveness.as_ref() };
        let mut broken = None;
        {
            let mut rows = Writing::new(&transaction, &self.path);
            for ticket in waiting.by_ref() {
                let requests = locked(&ticket.requests).take().unwrap_or_default();
                let answers = self.answer(&mut rows, &around, requests, &mut broken);
                done.push((ticket, answers));
                if broken.is_some() || rows.changes >= BATCH_CHANGES || rows.bytes >= BATCH_BYTES {
                    break;
                }
            }
            if broken.is_none() && writer.forgot_at.is_none_or(|at| now.since_ms(at) > FORGET_EVERY_MS) {
                rules::forget_old(&mut rows, now)?;
                writer.forgot_at = Some(now);
            }
        }
        if let Some(error) = broken {
            drop(transaction.abort());
            return self.give_up_on(error);
        }
        match transaction.commit() {
            Ok(()) => {
                let mut idle = locked(&self.idle_state);
                idle.dirty = true;
                idle.last_request = self.clock.monotonic();
                self.idle.notify_one();
                Ok(())
            }
            Err(error) => self.give_up_on(fault::commit(error, &self.path)),
        }
    }

    fn answer(
        &self,
        rows: &mut Writing<'_>,
        around: &Surroundings<'_>,
        requests: Vec<Request>,
        broken: &mut Option<StoreError>,
    ) -> Answers {
        requests
            .into_iter()
            .map(|request| {
                if let Some(error) = broken {
                    return Err(error.clone());
                }
                let answer = if rules::writes(&request) {
                    rules::write(rows, around, request)
                } else {
                    reading::read(rows, around.now, self.liveness.as_ref(), &request)
                };
                if let Err(error) = &answer
                    && breaks_the_batch(error)
                {
                    *broken = Some(error.clone());
                }
                answer
            })
            .collect()
    }

    /// After a failed write the handle is of no use and the outcome unknown: it is closed, and opened anew for the next request.
    fn give_up_on(&self, error: StoreError) -> Result<(), StoreError> {
        if self.reopen.is_some() {
            locked(&self.database).take();
        }
        Err(error)
    }

    fn settle(&self) -> Result<(), StoreError> {
        let _writer = locked(&self.writer);
        if !std::mem::take(&mut locked(&self.idle_state).dirty) {
            return Ok(());
        }
        let database = self.handle()?;
        let mut transaction =
            database.begin_write().map_err(|error| fault::transaction(error, &self.path))?;
        transaction.set_quick_repair(true);
        transaction
            .commit()
            .map_err(|error| fault::commit(error, &self.path))
            .or_else(|error| self.give_up_on(error))
    }

    fn is_small(&self) -> bool {
        self.reopen.as_ref().and_then(|path| path.metadata().ok()).is_none_or(|file| file.len() < SMALL_FILE)
    }

    /// How long until the idle commit is to be made; nothing where it is to be made now.
    fn until_idle(&self, state: &IdleState) -> Option<Duration> {
        let now = self.clock.monotonic();
        let quiet = (state.last_request + IDLE).saturating_sub(now);
        let paced = state.last_idle.map_or(Duration::ZERO, |last| (last + IDLE_EVERY).saturating_sub(now));
        let wait = quiet.max(paced);
        (!wait.is_zero()).then_some(wait)
    }
}

/// Whether the transaction cannot be trusted after this error: a failure below, not a refusal.
fn breaks_the_batch(error: &StoreError) -> bool {
    match error {
        StoreError::Corrupt { .. }
        | StoreError::Full { .. }
        | StoreError::Io { .. }
        | StoreError::Permission { .. }
        | StoreError::Busy { .. } => true,
        StoreError::NoRun { .. }
        | StoreError::NoScript { .. }
        | StoreError::Ended { .. }
        | StoreError::Held { .. }
        | StoreError::Fenced { .. }
        | StoreError::Differs { .. }
        | StoreError::Gap { .. }
        | StoreError::Newer { .. }
        | StoreError::OtherVersion { .. }
        | StoreError::Protocol { .. }
        | StoreError::OwnerGone => false,
    }
}

/// The one clock of the store: makes the idle commit when nothing was asked for a while.
fn keep_idle(inner: &Weak<Inner>) {
    const LOOK: Duration = Duration::from_millis(500);
    loop {
        let Some(inner) = inner.upgrade() else { return };
        let mut state = locked(&inner.idle_state);
        if state.closed {
            return;
        }
        let wait = if state.dirty && !inner.is_small() { inner.until_idle(&state) } else { Some(LOOK) };
        if let Some(wait) = wait {
            drop(inner.idle.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner));
        } else {
            state.last_idle = Some(inner.clock.monotonic());
            drop(state);
            // A failure closes the handle; the next request opens it anew and tells.
            drop(inner.settle());
        }
    }
}
