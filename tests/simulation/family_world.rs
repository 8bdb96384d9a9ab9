//! Several runs in one worker, with their children, locks and queues: who may be inside of what at one time is watched.

use crate::witness::{entries, records, view};
use durun::activity::{Done, Failed};
use durun::history::{
    Claim, Fact, Failure, MessageId, Moment, OpId, Program, QueueLimits, RunEnd, RunId, RunNo, RunStart,
    ScriptHash, StoredStatus, Token, Value,
};
use durun::store::{Answer, NewQueue, NewRun, Request, RunFilter, RunView, Store};
use durun::timer::ManualClock;
use durun::worker::{Effects, Input, Job, JobDone, JobKey, News, Settings, Worker};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Runs that have to do with one another.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// What an activity comes to.
    pub(crate) answers: fn(&Job) -> Result<Done, Failed>,
    /// Who is started from outside, in this order.
    pub(crate) cast: &'static [Member],
    pub(crate) limits: QueueLimits,
    /// How many runs may be inside of what: between `activity("enter", what)` and `activity("leave", what)`.
    pub(crate) inside: &'static [(&'static str, usize)],
    /// Of each run, children included, a piece of its end.
    pub(crate) ends: &'static [(&'static str, &'static str)],
    /// In which order the runs of the queue begin.
    pub(crate) order: &'static [&'static str],
}

/// Id, file, input as JSON, and the priority in the queue.
type Member = (&'static str, &'static str, &'static str, Option<i32>);

const DAWN: Moment = Moment(1_800_000_000_000);
const CLAIM: Claim = Claim { token: Token(1), pid: 1 };

/// Who is inside of what, and what has been started.
#[derive(Default)]
pub(crate) struct Ledger {
    caps: BTreeMap<String, usize>,
    inside: BTreeMap<String, BTreeSet<RunNo>>,
    /// Commands that were started as jobs.
    started: Vec<(RunNo, OpId)>,
    wrong: Option<String>,
}

impl Ledger {
    fn step(&mut self, run: RunNo, name: &str, what: &Value) {
        let Value::Text(what) = what else { return };
        let inside = self.inside.entry(what.clone()).or_default();
        match name {
            "enter" => drop(inside.insert(run)),
            "leave" => drop(inside.remove(&run)),
            _ => {}
        }
    }

    /// Whether there are too many inside of something.
    fn check(&self) -> Result<(), String> {
        let full = |what: &str| self.caps.get(what).copied().unwrap_or(usize::MAX);
        match self.inside.iter().find(|(what, inside)| inside.len() > full(what)) {
            Some((what, inside)) => Err(format!("inside of {what} are {inside:?} at once")),
            None => Ok(()),
        }
    }
}

/// What one is given comes back; what is to break breaks.
pub(crate) fn given_back(job: &Job) -> Result<Done, Failed> {
    if job.label.name == "break" {
        let failure = Failure::new("activity", "broken");
        return Err(Failed { failure, permanent: true, retry_after_ms: None });
    }
    Ok(Done { value: job.input.clone(), stderr: String::new() })
}

struct Answers {
    tell: fn(&Job) -> Result<Done, Failed>,
    inputs: Sender<Input>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Effects for Answers {
    fn start(&mut self, job: Job) {
        let mut ledger = self.ledger.lock().expect("ledger");
        ledger.started.push((job.key.run, job.key.op));
        ledger.step(job.key.run, &job.label.name, &job.input);
        let told = ledger.check();
        ledger.wrong = ledger.wrong.take().or(told.err());
        let result = (self.tell)(&job);
        self.inputs.send(Input::News(News::Done(JobDone { key: job.key, result }))).expect("is heard");
    }

    fn stop(&mut self, key: JobKey) {
        let result = Err(Failed::passing(Failure::new("cancelled", "was stopped")));
        self.inputs.send(Input::News(News::Done(JobDone { key, result }))).expect("is heard");
    }

    fn stop_all(&mut self, _: bool) {}
}

/// A store with the family's runs in it, as it stands.
pub(crate) struct FamilyWorld<'f> {
    pub(crate) clock: ManualClock,
    family: &'f Family,
    ledger: Arc<Mutex<Ledger>>,
}

impl<'f> FamilyWorld<'f> {
    pub(crate) fn new(family: &'f Family) -> Self {
        let caps = family.inside.iter().map(|(what, cap)| ((*what).to_owned(), *cap)).collect();
        let ledger = Arc::new(Mutex::new(Ledger { caps, ..Ledger::default() }));
        Self { clock: ManualClock::at(DAWN), family, ledger }
    }

    /// Notes what the histories say: the time, who is inside of what; gives the commands that have their outcome.
    pub(crate) fn read(&mut self, store: &dyn Store) -> Result<BTreeSet<(RunNo, u32, OpId)>, String> {
        let mut settled = BTreeSet::new();
        let mut now = DAWN;
        for view in all(store)? {
            let run = view.row.no;
            let admitted = view.row.queue.and_then(|place| place.admitted_at);
            now = now.max(view.last_at).max(view.row.updated_at).max(admitted.unwrap_or(DAWN));
            let generation = view.row.generation;
            for entry in entries(store, run)? {
                settled.extend(entry.fact.outcome_of().map(|(op, _)| (run, generation, op)));
                if let Fact::ActivityCompleted(done) = &entry.fact {
                    self.ledger.lock().expect("ledger").step(run, &done.label.name, &done.input);
                }
            }
        }
        let ahead = u64::try_from(now.since_ms(DAWN)).unwrap_or(0);
        self.clock.advance(Duration::from_millis(ahead));
        self.ledger.lock().expect("ledger").check()?;
        Ok(settled)
    }

    fn new_run(&self, (id, file, input, priority): Member) -> NewRun {
        let (program, scripts) = program(self.family, Path::new("/").join(file).as_path()).expect("a file");
        let new = NewRun::new(
            MessageId::of_key("start", id),
            RunId::parse(id).expect("an id"),
            RunStart {
                program,
                input: Value::from_json_text(input).expect("input"),
                directory: "/".into(),
                environment: BTreeMap::new(),
                timeout_ms: None,
                secret: [7; 16],
                patches: durun::history::Patches::default(),
            },
            scripts,
        );
        let queue = |priority| NewQueue { name: "reports".into(), priority, limits: self.family.limits };
        NewRun { queue: priority.map(queue), ..new }
    }

    /// Starts whoever is not started yet, and takes up all that is open.
    pub(crate) fn begin<S: Store + 'static>(
        &self,
        store: &Arc<S>,
    ) -> Result<(Worker, Receiver<Input>), String> {
        let (sender, inputs) = channel();
        let events = sender.clone();
        store.set_events(Arc::new(move |event| drop(events.send(Input::Store(event)))));
        let tell = self.family.answers;
        let effects = Answers { tell, inputs: sender, ledger: Arc::clone(&self.ledger) };
        let (files, shared): (_, Arc<dyn Store>) = (self.family.files, Arc::<S>::clone(store));
        let settings = Settings {
            claim: Some(CLAIM),
            programs: Arc::new(move |path| program_of(files, path)),
            ..Settings::seeded(3)
        };
        let clock = Arc::new(self.clock.clone());
        let mut worker =
            Worker::new(Arc::clone(&shared), clock, Box::new(effects), Arc::new(|_, _| ()), settings);
        for member in self.family.cast {
            match shared.ask(Request::Start(Box::new(self.new_run(*member)))) {
                Ok(Answer::Started { .. }) => {}
                other => return Err(format!("{other:?}")),
            }
        }
        for open in all(shared.as_ref())?.iter().rev().filter(|view| !view.status.is_ended()) {
            let run = open.row.no;
            let Ok(Answer::Claimed { epoch }) = shared.ask(Request::Claim { run, claim: CLAIM }) else {
                return Err(format!("run {} cannot be claimed", open.row.id));
            };
            worker.adopt(run, epoch).map_err(|error| error.to_string())?;
        }
        Ok((worker, inputs))
    }

    /// Hears what there is and takes one turn; whether there was anything to do.
    pub(crate) fn turn(&self, worker: &mut Worker, inputs: &Receiver<Input>) -> Result<bool, String> {
        while let Ok(input) = inputs.try_recv() {
            worker.take(input);
        }
        let moved = worker.turn().map_err(|error| error.to_string())?;
        self.ledger.lock().expect("ledger").wrong.take().map_or(Ok(moved), Err)
    }

    /// Begins, and drives until everything has ended.
    pub(crate) fn drive<S: Store + 'static>(&mut self, store: Arc<S>) -> Result<(), String> {
        let (mut worker, inputs) = self.begin(&store)?;
        let shared: Arc<dyn Store> = store;
        for _ in 0..20_000 {
            if self.turn(&mut worker, &inputs)? {
                continue;
            }
            if worker.is_idle() {
                return self.ended(shared.as_ref());
            }
            if worker.next_wake() == Some(Duration::ZERO) {
                return Err("the worker turns without rest and does nothing".to_owned());
            }
            self.clock.advance(worker.patience().max(Duration::from_millis(1)));
        }
        let open: Vec<String> =
            all(shared.as_ref())?.iter().map(|view| format!("{} {}", view.row.id, view.status)).collect();
        Err(format!("it does not come to its end: {open:?}"))
    }

    /// Whether every run has its end, there is no other one, nobody holds a lock, and the queue was served in order.
    fn ended(&self, store: &dyn Store) -> Result<(), String> {
        let views = all(store)?;
        let mut expected: BTreeMap<&str, &str> = self.family.ends.iter().copied().collect();
        let mut parents = BTreeSet::new();
        for view in &views {
            let id = view.row.id.as_str();
            let StoredStatus::Ended(end) = &view.row.status else { return Err(format!("run {id} is open")) };
            let Some(piece) = expected.remove(id) else { return Err(format!("nobody asked for run {id}")) };
            let shown = format!("{end:?}");
            if !shown.contains(piece) {
                return Err(format!("run {id} ended as {shown}"));
            }
            if !view.locks.is_empty() {
                return Err(format!("run {id} has ended and holds {:?}", view.locks));
            }
            if let Some(tie) = &view.row.parent
                && !parents.insert((tie.run, tie.generation, tie.op))
            {
                return Err(format!("run {id} is the second child of one command"));
            }
        }
        if !expected.is_empty() {
            return Err(format!("these are missing: {expected:?}"));
        }
        let mut queued: Vec<(Moment, &str)> = views
            .iter()
            .filter_map(|view| Some((view.row.queue.as_ref()?.admitted_at?, view.row.id.as_str())))
            .collect();
        queued.sort_by_key(|(at, id)| (*at, self.family.order.iter().position(|other| other == id)));
        let order: Vec<&str> = queued.into_iter().map(|(_, id)| id).collect();
        if order == self.family.order {
            Ok(())
        } else {
            Err(format!("the queue was served in this order: {order:?}"))
        }
    }

    /// A command that was started although its outcome was known.
    pub(crate) fn again(
        &self,
        store: &dyn Store,
        settled: &BTreeSet<(RunNo, u32, OpId)>,
    ) -> Result<Option<(RunNo, OpId)>, String> {
        for (run, op) in self.ledger.lock().expect("ledger").started.iter().copied() {
            // The commands of the generations since have the same numbers.
            if settled.contains(&(run, view(store, run)?.row.generation, op)) {
                return Ok(Some((run, op)));
            }
        }
        Ok(None)
    }
}

/// How each run ended, by its id.
pub(crate) fn ends(store: &dyn Store) -> Result<BTreeMap<String, RunEnd>, String> {
    let ended = all(store)?.into_iter().filter_map(|view| match view.row.status {
        StoredStatus::Ended(end) => Some((view.row.id.to_string(), end)),
        StoredStatus::Open | StoredStatus::Stuck(_) => None,
    });
    Ok(ended.collect())
}

/// Two stores with the same fingerprint hold the same runs, entries, pending commands, mail, locks and places in queues.
pub(crate) fn fingerprint(store: &dyn Store) -> Result<u64, String> {
    let mut hasher = std::hash::DefaultHasher::new();
    for view in all(store)? {
        let run = view.row.no;
        let Ok(Answer::Snapshot(snapshot)) = store.ask(Request::Snapshot { run }) else {
            return Err(format!("no snapshot of run {run}"));
        };
        format!("{view:?} {:?} {:?}", snapshot.pending, snapshot.inbox).hash(&mut hasher);
        format!("{:?}", records(store, run)?).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

pub(crate) fn all(store: &dyn Store) -> Result<Vec<RunView>, String> {
    match store.ask(Request::List(RunFilter::default())) {
        Ok(Answer::Views(views)) => Ok(views),
        other => Err(format!("{other:?}")),
    }
}

fn program(family: &Family, path: &Path) -> Result<(Program, Vec<(ScriptHash, String)>), String> {
    program_of(family.files, path)
}

fn program_of(files: &[(&str, &str)], path: &Path) -> Result<(Program, Vec<(ScriptHash, String)>), String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let found = files.iter().find(|(file, _)| *file == name);
    let (_, text) = found.ok_or_else(|| format!("there is no script {}", path.display()))?;
    let hash = ScriptHash::of(text);
    let program = Program { path: path.display().to_string(), main: hash, modules: BTreeMap::new() };
    Ok((program, vec![(hash, (*text).to_owned())]))
}
