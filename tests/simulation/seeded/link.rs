//! What processes have of the store: sessions with whoever owns it, which can be killed, or lose its owner, at any call.

use super::ledger::{Found, Ledger};
use crate::beside::Beside;
use durun::history::{MessageId, Moment, OpId, RunNo, Seq, StoredStatus, Token};
use durun::store::conformance::Living;
use durun::store::crash::CrashDisk;
use durun::store::{Answer, Event, EventSink, LocalSession, RedbTables, Request, Rewind, Store, StoreError};
use durun::timer::{Clock, ManualClock};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// The store, and who is connected to it.
pub(super) struct Cluster {
    pub(super) clock: ManualClock,
    pub(super) living: Arc<Living>,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    pub(super) disk: Mutex<CrashDisk>,
    root: Mutex<Arc<LocalSession>>,
    links: Mutex<Vec<Weak<Link>>>,
    /// The process that owns the file.
    pub(super) owner: Mutex<usize>,
    /// The latest that the clock has shown.
    latest: Mutex<Moment>,
}

/// At which call something happens to a process, counted from now.
#[derive(Clone, Copy)]
pub(super) struct Fuse {
    pub(super) calls: usize,
    pub(super) what: Blow,
}

/// What happens.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Blow {
    /// The process is killed before the call is done.
    KilledBefore,
    /// It is killed when the call is done and not answered.
    KilledAfter,
    /// The owner is killed before the call is done; the call is sent again to the next.
    OwnerGoneBefore,
    /// The owner is killed when the call is done and not answered; it is sent again to the next.
    OwnerGoneAfter,
}

/// A process's session.
pub(super) struct Link {
    pub(super) process: usize,
    cluster: Arc<Cluster>,
    session: Mutex<Arc<LocalSession>>,
    sink: Mutex<Option<EventSink>>,
    pub(super) executing: Mutex<BTreeSet<RunNo>>,
    pub(super) fuse: Mutex<Option<Fuse>>,
    pub(super) dead: AtomicBool,
}

fn root_of(disk: &CrashDisk, clock: &ManualClock, living: &Arc<Living>) -> Arc<LocalSession> {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let tables = RedbTables::with_backend(disk.clone(), Arc::clone(&clock), Arc::<Living>::clone(living));
    let tables = Beside::from(tables.expect("the store opens after every crash"));
    Arc::new(LocalSession::alone(Arc::new(tables), clock))
}

impl Cluster {
    pub(super) fn new(clock: ManualClock) -> Arc<Self> {
        let (disk, living) = (CrashDisk::default(), Arc::new(Living::default()));
        let root = Mutex::new(root_of(&disk, &clock, &living));
        let (links, owner, ledger) = (Mutex::default(), Mutex::new(0), Arc::default());
        let latest = Mutex::new(clock.now());
        Arc::new(Self { clock, living, ledger, disk: Mutex::new(disk), root, links, owner, latest })
    }

    pub(super) fn connect(self: &Arc<Self>, process: usize) -> Arc<Link> {
        let session = Mutex::new(Arc::new(self.root.lock().expect("root").another()));
        let link = Arc::new(Link {
            process,
            cluster: Arc::clone(self),
            session,
            sink: Mutex::default(),
            executing: Mutex::default(),
            fuse: Mutex::default(),
            dead: AtomicBool::new(false),
        });
        self.links.lock().expect("links").push(Arc::downgrade(&link));
        link
    }

    /// A session of nobody, for looking.
    pub(super) fn root(&self) -> Arc<LocalSession> {
        Arc::clone(&self.root.lock().expect("root"))
    }

    pub(super) fn note_time(&self) {
        let mut latest = self.latest.lock().expect("latest");
        *latest = latest.max(self.clock.now());
    }

    pub(super) fn latest(&self) -> Moment {
        *self.latest.lock().expect("latest")
    }

    /// Compares what the store holds of a run with what was acknowledged.
    pub(super) fn look_at(&self, run: RunNo) {
        let found = self.found(run);
        self.note_time();
        let mut ledger = self.ledger.lock().expect("ledger");
        match found {
            Ok(found) => ledger.check(run, &found, self.latest()),
            // A start that was not acknowledged when the machine went down.
            Err(StoreError::NoRun { .. }) if !ledger.is_started(run) => {}
            Err(error) => ledger.violates(format!("run {run} cannot be read: {error:?}")),
        }
    }

    fn found(&self, run: RunNo) -> Result<Found, StoreError> {
        let root = self.root();
        let records = |request: Request| match root.ask(request)? {
            Answer::Records(records) => Ok(records),
            other => Err(StoreError::Protocol { message: format!("{other:?}") }),
        };
        let row = match root.ask(Request::View { run })? {
            Answer::View(view) => view.row,
            other => return Err(StoreError::Protocol { message: format!("{other:?}") }),
        };
        let (from, until) = (Seq(0), Seq(u32::MAX));
        let past = if row.past.is_some() { records(Request::Past { run, from, until })? } else { Vec::new() };
        let aside = (0..).zip(&row.branches).map(|(number, branch)| {
            records(Request::Branch { run, number, from: branch.from, until: branch.until })
        });
        let aside = aside.collect::<Result<_, _>>()?;
        Ok(Found { present: records(Request::History { run, from, until })?, row, past, aside })
    }

    /// Compares the text that the store has for a run, and what it began with, with what was acknowledged.
    pub(super) fn look_at_text(&self, run: RunNo) {
        let read = self.root().ask(Request::Snapshot { run });
        let mut ledger = self.ledger.lock().expect("ledger");
        match read {
            Ok(Answer::Snapshot(snapshot)) => ledger.check_text(run, &snapshot),
            // As for its history.
            Err(StoreError::NoRun { .. }) => ledger.forget_text(run),
            other => ledger.violates(format!("the text of run {run} cannot be read: {other:?}")),
        }
    }

    /// Whoever was started by a command that is set aside has ended, or is ended with it.
    fn look_at_children(&self, rewind: &Rewind) {
        let children = self.ledger.lock().expect("ledger").children_over(rewind);
        for child in children {
            self.look_at(child);
            let mut ledger = self.ledger.lock().expect("ledger");
            if !ledger.has_ended(child) {
                ledger.violates(format!(
                    "run {} was rewound to before child {child}, which goes on",
                    rewind.run
                ));
            }
        }
    }

    /// A run begins what it does under the lock: whoever was there before has done it, or was asked to end.
    pub(super) fn goes_inside(&self, run: RunNo, op: OpId) {
        let inside = self.ledger.lock().expect("ledger").inside;
        if let Some((other, _)) = inside.filter(|(other, _)| *other != run) {
            self.look_at(other);
        }
        self.ledger.lock().expect("ledger").goes_inside(run, op);
    }

    fn links(&self) -> Vec<Arc<Link>> {
        let links = self.links.lock().expect("links");
        links.iter().filter_map(Weak::upgrade).filter(|link| !link.dead.load(Ordering::SeqCst)).collect()
    }

    /// The owner was killed: the system keeps what it wrote. Another opens the file, and all who live connect to it.
    pub(super) fn take_over(&self) {
        let owner = *self.owner.lock().expect("owner");
        for link in self.links().iter().filter(|link| link.process == owner) {
            link.dead.store(true, Ordering::SeqCst);
        }
        // Nothing is synced by a death: a power loss may still take what the owner had only written.
        let disk = self.disk.lock().expect("disk").orphaned();
        self.reopen(disk);
        if let Some(next) = self.links().first() {
            *self.owner.lock().expect("owner") = next.process;
        }
    }

    /// Somebody opens the file, and all who live connect to him.
    pub(super) fn reopen(&self, disk: CrashDisk) {
        let root = root_of(&disk, &self.clock, &self.living);
        for link in self.links() {
            let executing: Vec<RunNo> = link.executing.lock().expect("runs").iter().copied().collect();
            let token = Token(u64::try_from(link.process).expect("small"));
            let session = Arc::new(root.another_that_executes(token, &executing));
            let sink = link.sink.lock().expect("sink").clone();
            if let Some(sink) = sink {
                session.set_events(Arc::clone(&sink));
                *link.session.lock().expect("session") = session;
                // What came while no owner knew the process is looked for.
                for run in executing {
                    sink(Event::Changed { run });
                }
            }
        }
        *self.root.lock().expect("root") = root;
        *self.disk.lock().expect("disk") = disk;
    }
}

impl Link {
    fn blow(&self) -> Option<Blow> {
        let mut fuse = self.fuse.lock().expect("fuse");
        let burning = fuse.as_mut()?;
        if burning.calls > 0 {
            burning.calls -= 1;
            return None;
        }
        fuse.take().map(|fuse| fuse.what)
    }

    fn done(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let session = Arc::clone(&self.session.lock().expect("session"));
        session.call(requests)
    }

    fn remember(&self, request: &Request, answer: &Answer) {
        let mut executing = self.executing.lock().expect("runs");
        match (request, answer) {
            (Request::Start(_), Answer::Started { run, epoch: 1.. }) | (Request::Claim { run, .. }, _) => {
                executing.insert(*run);
            }
            (Request::Release { run, .. }, _) => {
                executing.remove(run);
            }
            (Request::Append(append), _) if matches!(append.row.status, Some(StoredStatus::Ended(_))) => {
                executing.remove(&append.run);
            }
            _ => {}
        }
    }
}

impl Store for Link {
    fn call(&self, mut requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let killed = |count: usize| {
            let error =
                StoreError::Io { path: "store".to_owned(), message: "this process is dead".to_owned() };
            vec![Err(error); count]
        };
        let count = requests.len();
        // What is written by a call that nobody hears the answer of was decided now, too.
        self.cluster.note_time();
        let ledger = &self.cluster.ledger;
        ledger.lock().expect("ledger").asked(&requests, self.cluster.clock.now());
        let blow = self.blow();
        let is_owner = *self.cluster.owner.lock().expect("owner") == self.process;
        let kills_us =
            matches!(blow, Some(Blow::KilledBefore | Blow::KilledAfter)) || (blow.is_some() && is_owner);
        if self.dead.load(Ordering::SeqCst) {
            return killed(count);
        }
        for request in &mut requests {
            let run = match request {
                Request::Upgrade(upgrade) => upgrade.run,
                Request::Rewind(rewind) => rewind.run,
                _ => continue,
            };
            self.cluster.look_at(run);
            self.cluster.look_at_text(run);
            if let Request::Rewind(rewind) = request {
                let mut ledger = ledger.lock().expect("ledger");
                // Real chance would make another world of the same seed.
                ledger.rewinds_asked += 1;
                rewind.nonce = MessageId::of_key("rewind", &ledger.rewinds_asked.to_string());
                ledger.check_wish(rewind);
            }
        }
        if matches!(blow, Some(Blow::KilledAfter | Blow::OwnerGoneAfter)) {
            ledger.lock().expect("ledger").unsure(&requests);
            drop(self.done(requests.clone()));
        }
        if kills_us {
            self.dead.store(true, Ordering::SeqCst);
            return killed(count);
        }
        if blow.is_some() {
            self.cluster.take_over();
        }
        let disk = self.cluster.disk.lock().expect("disk").clone();
        let call = {
            let mut ledger = ledger.lock().expect("ledger");
            ledger.calls += 1;
            ledger.calls
        };
        disk.announce(call);
        let answers = self.done(requests.clone());
        disk.acknowledge();
        // What was decided before the clock was set back may be committed after it.
        self.cluster.note_time();
        let latest = self.cluster.latest();
        let mut ledger = ledger.lock().expect("ledger");
        for (request, answer) in requests.iter().zip(&answers) {
            if let Ok(answer) = answer {
                ledger.answered(self.process, request, answer, latest);
                self.remember(request, answer);
            }
        }
        drop(ledger);
        for (request, answer) in requests.iter().zip(&answers) {
            if let (Request::Rewind(rewind), Ok(_)) = (request, answer) {
                self.cluster.look_at_children(rewind);
            }
        }
        answers
    }

    fn set_events(&self, sink: EventSink) {
        *self.sink.lock().expect("sink") = Some(Arc::clone(&sink));
        self.session.lock().expect("session").set_events(sink);
    }
}
