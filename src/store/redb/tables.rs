//! The tables in a redb file: reading beside the writer, and the thread that works beside both.

use super::fault;
use super::handle::Handle;
use super::idle::{Due, Idle, Wrote};
use super::left::{self, Left};
use super::open::{open_as_left, open_backend, open_copy, open_existing, open_file, open_unchanged};
use super::opened::Damage;
use super::rows::Reading;
use super::verify::{Copy, Damaged, damaged};
use super::writer::{Answers, Writer, is_failure};
use crate::history::Moment;
use crate::store::rules::{self, Surroundings};
use crate::store::{Answer, Kept, Liveness, Request, StoreError, Tables, Upkeep, audit, reading};
use crate::timer::Clock;
use redb::StorageBackend;
use rustix::fs::{AtFlags, StatxFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The tables in a redb file.
pub struct RedbTables {
    inner: Arc<Inner>,
    idler: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    handle: Handle,
    writer: Writer,
    idle: Idle,
    /// The file, where there is one: on a backend nothing happens on its own.
    file: Option<OwnFile>,
    clock: Arc<dyn Clock>,
    liveness: Arc<dyn Liveness>,
    /// What was wrong with the file when it was opened: then it is only read, and what is missing is not believed to be missing.
    damage: Option<StoreError>,
}

/// The file of a store that this process owns.
struct OwnFile {
    path: PathBuf,
    verified_at: Moment,
}

impl RedbTables {
    /// Opens the file, creating it whole where there is none, and keeps its allocator's state written while nothing else happens.
    ///
    /// # Errors
    /// [`StoreError`]: `Corrupt`, `Newer`, `Busy` after 5 s, `Full`, `Permission`, `Io`.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, liveness: Arc<dyn Liveness>) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let left = left::left(path);
        let known = left.map(|left| left.verified_at).filter(|at| left::is_good(*at, clock.now()));
        if known.is_none()
            && let Some(Damaged { what, bytes }) = damaged(path)
        {
            let damage = StoreError::Corrupt { path: name.clone(), what };
            let copy = move || open_copy(&bytes, &name);
            let handle = Handle::new(path.display().to_string(), copy()?, Box::new(copy));
            return Ok(Self::over(handle, None, clock, liveness, Some(damage)));
        }
        let verified_at = known.unwrap_or_else(|| clock.now());
        let opened = match left {
            Some(left) => open_as_left(path, left.records, clock.as_ref()),
            None => open_file(path, clock.as_ref()),
        };
        let opened = match opened {
            Err(damage @ StoreError::Corrupt { .. }) => return Self::damaged(path, damage, clock, liveness),
            opened => opened?,
        };
        let (file, opening_clock) = (path.to_owned(), Arc::clone(&clock));
        let again = Box::new(move || open_existing(&file, opening_clock.as_ref()));
        let handle = Handle::new(name, opened, again);
        let file = OwnFile { path: path.to_owned(), verified_at };
        Ok(Self::over(handle, Some(file), clock, liveness, None))
    }

    /// What can be read of a file that does not open as it should; the damage where that is nothing.
    fn damaged(
        path: &Path,
        damage: StoreError,
        clock: Arc<dyn Clock>,
        liveness: Arc<dyn Liveness>,
    ) -> Result<Self, StoreError> {
        let file = path.to_owned();
        let again = Box::new(move || open_unchanged(&file, Damage::Read));
        let Ok(opened) = again() else { return Err(damage) };
        let handle = Handle::new(path.display().to_string(), opened, again);
        Ok(Self::over(handle, None, clock, liveness, Some(damage)))
    }

    /// Opens a file that must be there to look at it: not a byte of it changes, whatever is asked.
    ///
    /// # Errors
    /// [`StoreError`] where the file is no store that this version reads.
    pub(in crate::store) fn look_at(
        path: &Path,
        clock: Arc<dyn Clock>,
        liveness: Arc<dyn Liveness>,
    ) -> Result<Self, StoreError> {
        let file = path.to_owned();
        let again = Box::new(move || open_unchanged(&file, Damage::Refused));
        let opened = match again() {
            Err(damage @ StoreError::Corrupt { .. }) => return Self::damaged(path, damage, clock, liveness),
            opened => opened?,
        };
        let handle = Handle::new(path.display().to_string(), opened, again);
        Ok(Self::over(handle, None, clock, liveness, None))
    }

    /// Opens, or makes, a store on a backend; nothing happens on its own. For simulations. Clones of the backend share
    /// its bytes: after a failure one is opened anew.
    ///
    /// # Errors
    /// [`StoreError`] where the bytes are no store.
    pub fn with_backend(
        backend: impl StorageBackend + Clone,
        clock: Arc<dyn Clock>,
        liveness: Arc<dyn Liveness>,
    ) -> Result<Self, StoreError> {
        let opened = open_backend(backend.clone(), clock.now())?;
        let opening_clock = Arc::clone(&clock);
        let again = Box::new(move || open_backend(backend.clone(), opening_clock.now()));
        let handle = Handle::new(fault::FILE.to_owned(), opened, again);
        Ok(Self::over(handle, None, clock, liveness, None))
    }

    fn over(
        handle: Handle,
        file: Option<OwnFile>,
        clock: Arc<dyn Clock>,
        liveness: Arc<dyn Liveness>,
        damage: Option<StoreError>,
    ) -> Self {
        let (writer, idle) = (Writer::default(), Idle::default());
        let inner = Inner { handle, writer, idle, file, clock, liveness, damage };
        Self { inner: Arc::new(inner), idler: Mutex::default() }
    }

    /// The store's own id: 16 hexadecimal digits.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    pub fn store_id(&self) -> Result<String, StoreError> {
        self.inner.reading(|rows| Ok(format!("{:016x}", reading::meta_u64(rows, rules::STORE_ID)?)))
    }

    /// Writes the allocator's state now, if anything was written since it last was: an opening after a kill then has
    /// nothing to repair.
    ///
    /// # Errors
    /// [`StoreError`] where the commit fails.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.inner.settle()
    }

    /// Brings the rows that wait for it into the pages; with a file a thread does that.
    ///
    /// # Errors
    /// [`StoreError`] where the commit fails; what was acknowledged counts still.
    #[doc(hidden)]
    pub fn lay_frozen(&self) -> Result<(), StoreError> {
        self.inner.lay_frozen()
    }

    /// How many calls wait for the writer.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.inner.writer.queued()
    }

    /// What in the tables does not agree, a sentence each; reads everything.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    pub fn audit(&self) -> Result<Vec<String>, StoreError> {
        self.inner.reading(|rows| audit::audit(rows))
    }

    /// A number that changes whenever anything stored does.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    #[doc(hidden)]
    pub fn digest(&self) -> Result<u64, StoreError> {
        self.inner.reading(|rows| audit::digest(rows))
    }

    /// Closes the file, and tells what dropping would hide.
    ///
    /// # Errors
    /// [`StoreError`] where the last writes fail; all that was acknowledged is on disk nevertheless.
    pub fn close(self) -> Result<(), StoreError> {
        self.stop_idling();
        self.inner.close().map_err(|error| fault::opening(error, &self.inner.handle.path))
    }

    /// The thread begins with the first commit after which there may be something to do: most processes of durun never need one.
    fn keep_idling(&self) {
        if self.inner.file.is_none() || !self.inner.idle.is_wanted() {
            return;
        }
        let mut idler = self.idler.lock().unwrap_or_else(PoisonError::into_inner);
        if idler.is_none() {
            let inner = Arc::clone(&self.inner);
            // Without the thread the writer does its work, and the next opening may have to repair: slower, and nothing is lost.
            *idler = std::thread::Builder::new()
                .name("store-pages".to_owned())
                .spawn(move || inner.keep_settled())
                .ok();
        }
    }

    fn stop_idling(&self) {
        self.inner.idle.close();
        let idler = self.idler.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A panic of that thread was an idle commit less.
        drop(idler.map(JoinHandle::join));
    }
}

impl Tables for RedbTables {
    fn apply(&self, requests: Vec<Request>) -> Answers {
        let mut answers = self.answer(requests);
        // What reads rows does not know the file.
        for answer in &mut answers {
            if let Err(StoreError::Corrupt { path, .. }) = answer {
                path.clone_from(&self.inner.handle.path);
            }
        }
        answers
    }

    fn damage(&self) -> Option<StoreError> {
        self.inner.damage.clone()
    }
}

impl RedbTables {
    fn answer(&self, requests: Vec<Request>) -> Answers {
        let inner = &self.inner;
        if let Some(damage) = &inner.damage {
            return inner.read_damaged(&requests, damage);
        }
        if !requests.iter().any(rules::writes) {
            let mut answers = inner.read(&requests);
            for (request, answer) in requests.iter().zip(&mut answers) {
                if matches!(request, Request::Upkeep(what) if **what == Upkeep::Audit) {
                    inner.verify(answer);
                }
            }
            return answers;
        }
        let around = || Surroundings { now: inner.clock.now(), liveness: inner.liveness.as_ref() };
        let compacts = requests
            .iter()
            .any(|request| matches!(request, Request::Upkeep(what) if **what == Upkeep::Compact));
        let mut answers = inner.writer.submit(&inner.handle, &around, requests);
        if compacts && let Err(error) = inner.handle.compact() {
            answers = answers.into_iter().map(|answer| answer.and(Err(error.clone()))).collect();
        }
        self.inner.wrote();
        self.keep_idling();
        answers
    }
}

impl Drop for RedbTables {
    fn drop(&mut self) {
        self.stop_idling();
        // A clean close leaves nothing to repair; one that fails has lost nothing that was acknowledged.
        drop(self.inner.close());
    }
}

impl Inner {
    fn close(&self) -> Result<(), redb::DatabaseError> {
        if let (Some(records), Some(OwnFile { path, verified_at })) = (self.handle.close()?, &self.file) {
            // Where that fails, the next opening takes a little longer.
            drop(left::leave(path, Left { verified_at: *verified_at, records }));
        }
        Ok(())
    }

    fn reading<T>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let path = &self.handle.path;
        self.handle.with(|opened| work(&opened.read(path)?))
    }

    fn read(&self, requests: &[Request]) -> Answers {
        let now = self.clock.now();
        let answers = self.reading(|rows| {
            let read = |request| reading::read(rows, now, self.liveness.as_ref(), request);
            Ok(requests.iter().map(read).collect())
        });
        let answers: Answers = answers.unwrap_or_else(|error| vec![Err(error); requests.len()]);
        if answers.iter().any(|answer| answer.as_ref().is_err_and(is_failure)) {
            self.handle.give_up();
        }
        answers
    }

    /// Only reading, and only what is there: what is not found may have been lost.
    fn read_damaged(&self, requests: &[Request], damage: &StoreError) -> Answers {
        let one = |request: &Request| {
            let changes =
                rules::writes(request) || matches!(request, Request::Watch { .. } | Request::Attend);
            let answer = if changes { None } else { self.read(std::slice::from_ref(request)).pop() };
            match answer {
                Some(Ok(Answer::Runs(runs))) if runs.is_empty() => Err(damage.clone()),
                Some(Err(StoreError::NoRun { .. } | StoreError::NoScript { .. })) | None => {
                    Err(damage.clone())
                }
                Some(answer) => answer,
            }
        };
        requests.iter().map(one).collect()
    }

    /// Adds to an audit whether each page of the file is as it was written. That is looked for in a copy.
    fn verify(&self, audited: &mut Result<Answer, StoreError>) {
        let (Some(file), Ok(Answer::Kept(kept))) = (&self.file, &mut *audited) else { return };
        let Kept::Wrong(wrong) = kept.as_mut() else { return };
        match Copy::of(&file.path, |copy| self.handle.frozen(copy)).map(|copy| copy.damage()) {
            Ok(damage) => {
                wrong.extend(damage.map(|what| format!("{}: {what}", self.handle.path)));
            }
            Err(error) => *audited = Err(fault::of_io(&error, &self.handle.path)),
        }
    }

    fn wrote(&self) {
        let file_bytes = self.file.as_ref().and_then(|file| length(&file.path)).unwrap_or_default();
        self.idle.wrote(Wrote {
            at: self.clock.monotonic(),
            file_bytes,
            has_frozen: self.handle.has_frozen(),
        });
    }

    fn lay_frozen(&self) -> Result<(), StoreError> {
        let laid = self.handle.with(|opened| opened.lay_frozen(&self.handle.path));
        laid.inspect_err(|_| self.handle.give_up())
    }

    fn settle(&self) -> Result<(), StoreError> {
        if self.idle.take_dirty() { self.writer.settle(&self.handle) } else { Ok(()) }
    }

    fn keep_settled(&self) {
        while let Some(due) = self.idle.wait(|| self.clock.monotonic()) {
            // A failure closes the handle; the next request opens it anew and tells.
            drop(match due {
                Due::LayFrozen => self.lay_frozen(),
                Due::Settle => self.settle(),
            });
        }
    }
}

/// The length of a file in bytes, and nothing else of it. Where the times of a file were asked for, Linux (6.13 and later: "Multigrain
/// Timestamps" of its documentation) gives the next write a finer time, which goes to disk with the next sync: that took half as
/// long again.
fn length(path: &Path) -> Option<u64> {
    let asked = rustix::fs::statx(rustix::fs::CWD, path, AtFlags::empty(), StatxFlags::SIZE);
    asked.ok().map(|facts| facts.stx_size)
}
