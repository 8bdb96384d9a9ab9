//! The worker over a store in memory, with a clock moved by hand and effects that answer as told.

mod author;
mod beginnings;
mod bodies;
mod children;
mod dispatches;
mod evictions;
mod functions;
mod generated;
mod generations;
mod inputs;
mod intents;
mod limits;
mod locks;
mod once;
mod polls;
mod queues;
mod rulings;
mod slots;
mod stops;
mod waiting;

use super::*;
use crate::activity::{Done, Failed};
use crate::history::*;
use crate::store::*;
use crate::timer::{Clock, ManualClock};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Script = Arc<dyn Fn(&Job) -> Option<Result<Done, Failed>> + Send + Sync>;

/// Effects that answer at once, or never.
struct Told {
    script: Script,
    inputs: Sender<Input>,
    jobs: Arc<Mutex<Vec<String>>>,
    keys: Arc<Mutex<Vec<JobKey>>>,
}

impl Effects for Told {
    fn start(&mut self, job: Job) {
        self.keys.lock().expect("keys").push(job.key);
        self.jobs.lock().expect("jobs").push(format!("{} {}", job.label, job.idempotency_key));
        if let Some(result) = (self.script)(&job) {
            self.inputs.send(Input::News(News::Done(JobDone { key: job.key, result }))).expect("is heard");
        }
    }
    fn stop(&mut self, key: JobKey) {
        self.jobs.lock().expect("jobs").push(format!("stop {}", key.op));
        let failure = Failure::new(kind::CANCELLED, "was stopped");
        let result = Err(Failed::passing(failure));
        self.inputs.send(Input::News(News::Done(JobDone { key, result }))).expect("is heard");
    }
    fn stop_all(&mut self, _: bool) {}
}

/// The processes that live.
#[derive(Default)]
pub(super) struct Living(Mutex<Vec<Token>>);
impl Liveness for Living {
    fn is_alive(&self, token: Token) -> bool {
        self.0.lock().expect("living").contains(&token)
    }
}

pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) store: Arc<LocalSession>,
    tables: Arc<MemoryTables>,
    pub(super) jobs: Arc<Mutex<Vec<String>>>,
    pub(super) told: Arc<Mutex<Vec<Progress>>>,
    keys: Arc<Mutex<Vec<JobKey>>>,
    living: Arc<Living>,
    script: Script,
    /// The scripts of children, by path.
    files: &'static [(&'static str, &'static str)],
    /// Where its workers commit.
    pub(super) committing: Committing,
    /// How many of their runs move at a time.
    pub(super) moving: usize,
}

#[expect(clippy::unnecessary_wraps, reason = "an answer that comes")]
pub(super) fn ok(value: Value) -> Option<Result<Done, Failed>> {
    Some(Ok(Done { value, stderr: String::new() }))
}

impl World {
    pub(super) fn new(script: impl Fn(&Job) -> Option<Result<Done, Failed>> + Send + Sync + 'static) -> Self {
        let clock = ManualClock::at(Moment(1_000_000));
        let living = Arc::new(Living::default());
        let tables = Arc::new(MemoryTables::new(Arc::new(clock.clone()), Arc::<Living>::clone(&living)));
        let store =
            Arc::new(LocalSession::alone(Arc::<MemoryTables>::clone(&tables), Arc::new(clock.clone())));
        Self {
            clock,
            store,
            tables,
            jobs: Arc::default(),
            told: Arc::default(),
            keys: Arc::default(),
            living,
            script: Arc::new(script),
            files: &[],
            committing: Committing::AtOnce,
            moving: usize::MAX,
        }
    }

    pub(super) fn start(&self, id: &str, text: &str) -> RunNo {
        self.start_of(id, text, &[])
    }

    /// A run of a program that has these functions.
    pub(super) fn start_of(&self, id: &str, text: &str, functions: &[&str]) -> RunNo {
        self.record(Self::new_run(id, text, functions))
    }

    /// A run in a queue for one at a time.
    pub(super) fn queued(&self, id: &str, text: &str) -> RunNo {
        let limits = QueueLimits { max_concurrent: Some(1), rate: None };
        let queue = Some(NewQueue { name: "q".to_owned(), priority: 0, limits });
        self.record(NewRun { queue, ..Self::new_run(id, text, &[]) })
    }

    pub(super) fn new_run(id: &str, text: &str, functions: &[&str]) -> NewRun {
        let program =
            Program { path: "/w/s.rhai".into(), main: ScriptHash::of(text), modules: BTreeMap::new() };
        NewRun::new(
            MessageId::of_key("start", id),
            RunId::parse(id).expect("an id"),
            RunStart {
                program,
                input: Value::Null,
                directory: "/".into(),
                environment: BTreeMap::from([(FUNCTIONS.to_owned(), functions.join(" "))]),
                timeout_ms: None,
                secret: [7; 16],
                patches: crate::history::Patches::default(),
            },
            vec![(ScriptHash::of(text), text.to_owned())],
        )
    }

    fn record(&self, new: NewRun) -> RunNo {
        let Ok(Answer::Started { run, .. }) = self.store.ask(Request::Start(Box::new(new))) else {
            panic!("starts")
        };
        run
    }

    /// Sets aside what a run did from that entry on.
    pub(super) fn rewind(&self, run: RunNo, from: Seq) {
        let Ok(Answer::View(view)) = self.store.ask(Request::View { run }) else { panic!("views") };
        let rewind = Rewind {
            run,
            nonce: MessageId([5; 16]),
            seen: (view.row.epoch, view.row.generation, view.entries),
            from,
            records: Vec::new(),
            again: None,
            asked: Vec::new(),
            pending: Vec::new(),
            held: Vec::new(),
            heard: Vec::new(),
            unread: Vec::new(),
            cancel_requested_at: None,
            timeout_ms: None,
            program: None,
            patches: Patches::default(),
        };
        assert_eq!(self.store.ask(Request::Rewind(Box::new(rewind))), Ok(Answer::Done));
    }

    /// How many rows there are, after an audit of them.
    pub(super) fn rows(&self) -> usize {
        assert_eq!(self.tables.audit(), Ok(Vec::new()));
        self.tables.rows()
    }

    /// The process of all workers is known to live.
    pub(super) fn lives(&self) {
        self.living.0.lock().expect("living").push(Token(1));
    }

    /// It is gone.
    pub(super) fn dies(&self) {
        self.living.0.lock().expect("living").clear();
    }

    /// What the jobs were, and which were stopped.
    pub(super) fn jobs(&self) -> Vec<String> {
        let word = |line: &String| {
            line.rsplit_once(' ')
                .filter(|_| !line.starts_with("stop"))
                .map_or(line.clone(), |(job, _)| job.to_owned())
        };
        self.jobs.lock().expect("jobs").iter().map(word).collect()
    }

    /// The pending rows of a run, as others see them.
    pub(super) fn pending(&self, run: RunNo) -> Vec<Pending> {
        let Ok(Answer::View(view)) = self.store.ask(Request::View { run }) else { panic!("views") };
        view.pending
    }

    /// A worker as a new process would have it.
    pub(super) fn worker(&self, runs: &[RunNo]) -> (Worker, Receiver<Input>) {
        let (sender, inputs) = channel();
        let store = Arc::new(self.store.another());
        let events = sender.clone();
        store.set_events(Arc::new(move |event| drop(events.send(Input::Store(event)))));
        let effects = Told {
            script: Arc::clone(&self.script),
            inputs: sender,
            jobs: Arc::clone(&self.jobs),
            keys: Arc::clone(&self.keys),
        };
        let told = Arc::clone(&self.told);
        let observer: Observer = Arc::new(move |_, progress| told.lock().expect("told").push(progress));
        let files = self.files;
        let programs = Arc::new(move |path: &std::path::Path| {
            let found = files.iter().find(|(name, _)| std::path::Path::new(name) == path);
            let (name, text) = found.ok_or_else(|| format!("no {}", path.display()))?;
            let main = ScriptHash::of(text);
            let program = Program { path: (*name).to_owned(), main, modules: BTreeMap::new() };
            Ok((program, vec![(main, (*text).to_owned())]))
        });
        let claim = Some(Claim { token: Token(1), pid: 1 });
        let settings = Settings {
            live_strands: 24_000,
            claim,
            programs,
            committing: self.committing,
            moving: self.moving,
            ..Settings::seeded(1)
        };
        let mut worker =
            Worker::new(store.clone(), Arc::new(self.clock.clone()), Box::new(effects), observer, settings);
        for run in runs {
            let claim = Claim { token: Token(1), pid: 1 };
            let Ok(Answer::Claimed { epoch }) = store.ask(Request::Claim { run: *run, claim }) else {
                panic!("claims")
            };
            worker.adopt(*run, epoch).expect("adopts");
        }
        (worker, inputs)
    }

    /// Turns until nothing can be done, then lets time pass to what is next, at most `most` times.
    pub(super) fn drive(
        &self,
        worker: &mut Worker,
        inputs: &Receiver<Input>,
        most: usize,
    ) -> Vec<(RunNo, Finished)> {
        for _ in 0..most {
            loop {
                while let Ok(input) = inputs.try_recv() {
                    worker.take(input);
                }
                if !worker.turn().expect("turns") {
                    break;
                }
            }
            if worker.is_idle() {
                break;
            }
            assert_ne!(worker.next_wake(), Some(Duration::ZERO), "it would turn without rest and do nothing");
            self.clock.advance(worker.patience().max(Duration::from_millis(1)));
        }
        worker.take_finished()
    }

    /// Turns until nothing can be done without time passing.
    #[expect(clippy::unused_self, reason = "it is the world that turns")]
    pub(super) fn turns(&self, worker: &mut Worker, inputs: &Receiver<Input>) {
        loop {
            while let Ok(input) = inputs.try_recv() {
                worker.take(input);
            }
            if !worker.turn().expect("turns") {
                break;
            }
        }
    }

    /// Sends a signal as another process does; its id is made of run and name.
    pub(super) fn deliver(&self, run: RunNo, name: &str, payload: Value) {
        let body = MessageBody::Signal { name: name.to_owned(), payload };
        let message = NewMessage { run, id: MessageId::of_key("test", name), keyed: true, body };
        self.store.another().ask(Request::Deliver(Box::new(message))).expect("is accepted");
    }

    /// The job that was started last.
    pub(super) fn last_job(&self) -> JobKey {
        *self.keys.lock().expect("keys").last().expect("a job")
    }

    pub(super) fn history(&self, run: RunNo) -> Vec<Entry> {
        let Ok(Answer::View(view)) = self.store.ask(Request::View { run }) else { panic!("views") };
        load_history(self.store.as_ref(), &view.row, view.entries).expect("loads").0
    }
}

#[test]
fn a_run_goes_through_and_its_history_is_one_entry_a_step() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start("r", "let a = activity(\"one\", 1); sleep(\"1h\"); activity(\"two\", a + 1)");
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10_000);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(2) }))]);
    let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
    assert_eq!(words, ["RunBegan", "ActivityCompleted", "TimerFired", "ActivityCompleted", "RunCompleted"]);
    assert!(world.clock.now().since_ms(Moment(1_000_000)) >= 3_600_000);
}

#[test]
fn a_worker_that_vanishes_at_any_turn_repeats_nothing_recorded() {
    let text = r#"
        fn body(n) { n * 2 }
        let sum = 0;
        for n in 0..5 { sum += activity("outside", n); sum += activity("body", n); sum += step("s", || n); }
        sum
    "#;
    for turns in 0..40 {
        let world = World::new(|job| ok(job.input.clone()));
        let run = world.start("r", text);
        let (mut worker, inputs) = world.worker(&[run]);
        for _ in 0..turns {
            while let Ok(input) = inputs.try_recv() {
                worker.take(input);
            }
            worker.turn().expect("turns");
        }
        drop((worker, inputs));
        let recorded = world.history(run).len();
        if recorded < 17 {
            let (mut worker, inputs) = world.worker(&[run]);
            let finished = world.drive(&mut worker, &inputs, 10_000);
            assert_eq!(
                finished,
                [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(40) }))],
                "{turns}"
            );
        }
        let mut jobs = world.jobs.lock().expect("jobs").clone();
        let all = jobs.len();
        jobs.dedup();
        assert!(all <= jobs.len() + 1, "at most the step under way runs again, with its key: {jobs:?}");
        assert_eq!(jobs.len(), 5);
    }
}

#[test]
fn ruling_20_retries_count_failures_and_wait() {
    let failures = Arc::new(Mutex::new(0));
    let count = Arc::clone(&failures);
    let world = World::new(move |_| {
        let mut count = count.lock().expect("count");
        *count += 1;
        if *count < 4 {
            let failure = Failure::new("exec", "down");
            return Some(Err(Failed { failure, permanent: false, retry_after_ms: None }));
        }
        ok(Value::Bool(true))
    });
    let run = world.start("r", "exec([\"x\"], #{ retry: #{ first: \"10s\", jitter: 0 } })");
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10_000);
    assert!(matches!(finished.as_slice(), [(_, Finished::Ended(RunEnd::Completed { .. }))]), "{finished:?}");
    assert!(world.clock.now().since_ms(Moment(1_000_000)) >= 70_000, "10 + 20 + 40 seconds of waits");
    let Fact::ActivityCompleted(done) = &world.history(run)[1].fact else { panic!("completed") };
    assert_eq!(done.attempts, 4);
    let keys: Vec<String> = world.jobs.lock().expect("jobs").clone();
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "one key for all attempts");
}
