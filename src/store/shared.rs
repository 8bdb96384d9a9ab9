//! A store shared by processes: whoever takes the kernel's lock owns the file and serves the others; when it goes, one of them
//! takes over, and what was not answered is sent again.

use super::directory;
use super::holder::unserved;
use super::hub::Hub;
use super::local::{LocalSession, Outlet};
use super::mark::Mark;
use super::mutex::locked;
use super::ours::Ours;
use super::owning::Owning;
use super::redb::of_io;
use super::remote::{NoConnection, Remote};
use super::socket::SocketPlace;
use super::stopped::{Forbearance, Patience};
use super::workers::{OwnLock, Workers};
use super::{Answer, Event, EventSink, RedbTables, Request, Store, StoreError, Tables};
use crate::history::{Claim, RunStatus, Token};
use crate::timer::Clock;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak};
use std::time::Duration;

/// The longest pause between two tries to become owner or find one.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// How long neither is possible before it is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that whoever stops this process waits for an election in it.
const HASTE: Duration = Duration::from_secs(1);
/// Between two looks at what ends soon.
const BREATH: Duration = Duration::from_millis(1);

/// This process's session with a store that other processes may use at the same time.
pub struct SharedStore {
    inner: Arc<Inner>,
}

/// A process that is stopped keeps nobody from the store, where it could see that coming.
pub struct Aside(Weak<Inner>);

struct Inner {
    directory: PathBuf,
    place: SocketPlace,
    workers: Workers,
    own: OwnLock,
    clock: Arc<dyn Clock>,
    outlet: Outlet,
    forbearance: Forbearance,
    role: Mutex<Option<Arc<Role>>>,
    electing: Mutex<()>,
    ours: Mutex<Ours>,
    closed: Mutex<bool>,
}

enum Role {
    Owner(Box<Owning>),
    Client(Remote),
}

impl SharedStore {
    /// Opens the store in a directory, made where there is none.
    ///
    /// # Errors
    /// [`StoreError`]: what is wrong with the directory or the file, or who keeps it busy.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let directory = directory::prepare(directory)?;
        let name = directory.display().to_string();
        let io = |error: std::io::Error| of_io(&error, &name);
        let workers = Workers::at(&directory);
        let own = workers.enter()?;
        let inner = Arc::new(Inner {
            place: SocketPlace::at(&directory).map_err(io)?,
            directory,
            workers,
            own,
            clock,
            outlet: Outlet::default(),
            forbearance: Forbearance::default(),
            role: Mutex::default(),
            electing: Mutex::default(),
            ours: Mutex::default(),
            closed: Mutex::default(),
        });
        inner.role()?;
        Ok(Self { inner })
    }

    /// This process as it claims runs.
    pub fn claim(&self) -> Claim {
        Claim { token: self.token(), pid: std::process::id() }
    }

    /// This process's token.
    pub fn token(&self) -> Token {
        self.inner.own.token
    }

    /// How this process steps aside when it is about to be stopped.
    pub fn aside(&self) -> Aside {
        Aside(Arc::downgrade(&self.inner))
    }

    /// The store's directory.
    pub fn directory(&self) -> &Path {
        &self.inner.directory
    }

    /// Where the pids of children are noted.
    pub fn children(&self) -> PathBuf {
        self.inner.directory.join("children")
    }
}

impl Drop for SharedStore {
    fn drop(&mut self) {
        *locked(&self.inner.closed) = true;
        // An owner hands over: it answers what it has begun, unlinks the socket, closes the file, and only then gives the lock up.
        let role = locked(&self.inner.role).take();
        drop(role);
    }
}

impl Store for SharedStore {
    fn damage(&self) -> Option<StoreError> {
        match locked(&self.inner.role).as_deref() {
            Some(Role::Owner(owning)) => owning.damage(),
            Some(Role::Client(_)) | None => None,
        }
    }

    fn owner(&self) -> Option<u32> {
        Some(match locked(&self.inner.role).as_deref()? {
            Role::Owner(_) => std::process::id(),
            Role::Client(remote) => remote.owner(),
        })
    }

    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        self.inner.call(requests)
    }

    fn set_events(&self, sink: EventSink) {
        self.inner.outlet.set(sink);
    }

    fn set_patience(&self, patience: Patience) {
        self.inner.forbearance.set(patience);
    }
}

impl Inner {
    fn call(self: &Arc<Self>, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let marks: Vec<Mark> = requests.iter().map(Mark::of).collect();
        let role = self.role();
        let answers = match role.as_deref() {
            // It goes when this process does: nobody else is to be asked the same again.
            Ok(Role::Owner(owning)) => owning.call(requests),
            Ok(Role::Client(_)) | Err(_) => self.call_others(&requests),
        };
        drop(role);
        locked(&self.ours).remember(&marks, &answers);
        answers
    }

    /// Asks the owner, and the next one where it goes meanwhile.
    fn call_others(self: &Arc<Self>, requests: &[Request]) -> Vec<Result<Answer, StoreError>> {
        let mut answers: Vec<Option<Result<Answer, StoreError>>> = requests.iter().map(|_| None).collect();
        let mut sent_before = false;
        loop {
            let open: Vec<usize> = answers
                .iter()
                .enumerate()
                .filter(|(_, answer)| answer.is_none())
                .map(|(place, _)| place)
                .collect();
            if open.is_empty() {
                break;
            }
            let again: Vec<Request> = open.iter().filter_map(|place| requests.get(*place).cloned()).collect();
            let given = match self.role() {
                Ok(role) => match role.as_ref() {
                    Role::Owner(owning) => owning.call(again),
                    Role::Client(remote) => remote.call(again),
                },
                Err(error) => again.iter().map(|_| Err(error.clone())).collect(),
            };
            let mut lost = false;
            for (place, answer) in open.into_iter().zip(given) {
                if answer == Err(StoreError::OwnerGone) {
                    lost = true;
                } else if let Some(slot) = answers.get_mut(place) {
                    let request = requests.get(place);
                    *slot = Some(match answer {
                        Err(error) if sent_before => as_done_before(request, error),
                        answer => answer,
                    });
                }
            }
            if lost {
                sent_before = true;
                self.forget_role();
            }
        }
        answers.into_iter().flatten().collect()
    }

    /// A client whose owner is gone has no role.
    fn forget_role(&self) {
        let mut role = locked(&self.role);
        if role.as_ref().is_some_and(|role| matches!(role.as_ref(), Role::Client(_))) {
            role.take();
        }
    }

    /// The role of this process: the one it has, or the one it gets now.
    fn role(self: &Arc<Self>) -> Result<Arc<Role>, StoreError> {
        if let Some(role) = locked(&self.role).as_ref() {
            return Ok(Arc::clone(role));
        }
        let _one_at_a_time = locked(&self.electing);
        if let Some(role) = locked(&self.role).as_ref() {
            return Ok(Arc::clone(role));
        }
        let role = Arc::new(self.elect()?);
        *locked(&self.role) = Some(Arc::clone(&role));
        // What came while there was no owner that knew us is looked for.
        let (executing, _, attending) = locked(&self.ours).told();
        for run in executing {
            self.outlet.tell(Event::Changed { run });
        }
        if attending {
            self.outlet.tell(Event::Work { run: None });
        }
        Ok(role)
    }

    fn elect(self: &Arc<Self>) -> Result<Role, StoreError> {
        let began = self.clock.monotonic();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = self.try_lock()? {
                return self.own(lock).map(|owning| Role::Owner(Box::new(owning)));
            }
            let told = locked(&self.ours).told();
            let weak = Arc::downgrade(self);
            let gone = move || look_for_an_owner(&weak);
            let heard = (self.outlet.clone(), self.forbearance.clone());
            match Remote::connect(&self.place, self.own.token, told, heard, gone) {
                Ok(remote) => return Ok(Role::Client(remote)),
                Err(NoConnection::Refused(error)) => return Err(error),
                Err(NoConnection::NoOwner) => {}
            }
            if self.clock.monotonic().saturating_sub(began) > PATIENCE {
                return Err(unserved(&self.directory));
            }
            self.clock.pause(pause + self.jitter(pause));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Up to half as much again, other for each process.
    fn jitter(&self, pause: Duration) -> Duration {
        let share = u32::try_from(self.own.token.0 % 64).unwrap_or_default();
        pause * share / 128
    }

    fn try_lock(&self) -> Result<Option<File>, StoreError> {
        let path = self.directory.join("owner.lock");
        let io = |error: std::io::Error| of_io(&error, &path.display().to_string());
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(io(error)),
        }
    }

    fn own(&self, lock: File) -> Result<Owning, StoreError> {
        let io = |error: std::io::Error| of_io(&error, &self.directory.display().to_string());
        let file = self.directory.join("store.redb");
        let liveness = Arc::new(self.workers.clone());
        let tables: Arc<dyn Tables> = Arc::new(RedbTables::open(&file, Arc::clone(&self.clock), liveness)?);
        self.workers.sweep();
        let (executing, watching, attending) = locked(&self.ours).told();
        let mut watching: Vec<Request> = watching.into_iter().map(|run| Request::Watch { run }).collect();
        watching.extend(attending.then_some(Request::Attend));
        let hub = Arc::new(Hub::new(tables, Arc::clone(&self.clock)));
        let told = (self.own.token, executing.as_slice());
        let session = LocalSession::join(Arc::clone(&hub), self.outlet.clone(), told);
        session.call(watching);
        let place = SocketPlace::at(&self.directory).map_err(io)?;
        Owning::begin(session, hub, place, lock, Arc::clone(&self.clock)).map_err(io)
    }

    /// Gives up what an owner has, once nobody in this process is using it any more.
    fn hand_over(&self) {
        let role = {
            let mut role = locked(&self.role);
            role.take_if(|role| matches!(role.as_ref(), Role::Owner(_)))
        };
        let Some(mut role) = role else { return };
        while let Err(used) = Arc::try_unwrap(role) {
            role = used;
            self.clock.pause(BREATH);
        }
    }

    /// Keeps this process from becoming owner for as long as it is held; nothing where it is about to become one, or to find one,
    /// and that takes long.
    fn elect_nobody(&self) -> Option<MutexGuard<'_, ()>> {
        let began = self.clock.monotonic();
        loop {
            match self.electing.try_lock() {
                Ok(held) => return Some(held),
                Err(TryLockError::Poisoned(held)) => return Some(held.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
            if self.clock.monotonic().saturating_sub(began) > HASTE {
                return None;
            }
            self.clock.pause(BREATH);
        }
    }
}

impl Aside {
    /// Does what stops this process, with the store in the hands of others: closed and handed over before, where it was ours, and taken
    /// up again afterwards, by whoever owns it then.
    pub fn while_others_go_on(&self, stop: impl FnOnce()) {
        let Some(inner) = self.0.upgrade() else { return stop() };
        let held = inner.elect_nobody();
        if held.is_some() {
            inner.hand_over();
        }
        stop();
        drop(held);
        drop(inner);
        look_for_an_owner(&self.0);
    }
}

/// The answer to a request that an owner may have done before it went: a run that is found terminated was terminated by it, or
/// by somebody who wanted the same.
fn as_done_before(request: Option<&Request>, error: StoreError) -> Result<Answer, StoreError> {
    match (request, error) {
        (Some(Request::Terminate { .. }), StoreError::Ended { status: RunStatus::Terminated, .. }) => {
            Ok(Answer::Done)
        }
        (_, error) => Err(error),
    }
}

/// The owner went away: somebody has to be owner, even while nobody here asks anything.
fn look_for_an_owner(inner: &Weak<Inner>) {
    let Some(inner) = inner.upgrade() else { return };
    if *locked(&inner.closed) {
        return;
    }
    inner.forget_role();
    // An error is told to the next who asks.
    drop(inner.role());
}
