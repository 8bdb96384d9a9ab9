//! The real engine on the real store, without processes: only what durun itself does is measured.

use durun::history::{MessageBody, MessageId, Program, RunId, RunNo, RunStart, ScriptHash, Value};
use durun::store::{Answer, Event, NewMessage, NewRun, Request, SharedStore, Store};
use durun::timer::{Clock, SystemClock};
use durun::worker::{
    Committing, Effects, Finished, Input, Job, JobKey, Observer, Settings, Supply, Wish, Worker, WorkerError,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

struct NoProcesses;
impl Effects for NoProcesses {
    fn start(&mut self, _job: Job) {}
    fn stop(&mut self, _key: JobKey) {}
    fn stop_all(&mut self, _patience: bool) {}
}

/// A store that is open, as a process of durun has it.
pub(crate) struct World {
    pub(crate) store: Arc<SharedStore>,
    next: u64,
    /// Wakes its worker.
    wake: Option<Sender<Input>>,
    /// How many runs of its worker move at a time, where it is not as many as always.
    pub(crate) moving: Option<usize>,
}

/// One script, started many times.
pub(crate) struct Text(pub(crate) String);

impl World {
    pub(crate) fn open(folder: &Path) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Arc::new(SharedStore::open(folder, clock).expect("a store"));
        Self { store, next: 0, wake: None, moving: None }
    }

    /// A worker, and what it hears.
    pub(crate) fn worker(&mut self, observer: Observer) -> (Worker, Receiver<Input>) {
        let (sender, inputs) = channel();
        self.wake = Some(sender.clone());
        self.store.set_events(Arc::new(move |event| drop(sender.send(Input::Store(event)))));
        (self.worker_without_events(observer), inputs)
    }

    fn worker_without_events(&self, observer: Observer) -> Worker {
        let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
        let usual = Settings::seeded(1);
        let moving = self.moving.unwrap_or(usual.moving);
        let settings = Settings { live_strands: 24_000, moving, committing: Committing::Beside, ..usual };
        Worker::new(store, Arc::new(SystemClock), Box::new(NoProcesses), observer, settings)
    }

    /// Starts and drives so many runs to their ends on several threads, each with a worker and a share of the runs for itself.
    pub(crate) fn complete_on(&mut self, threads: u64, text: &Text, runs: u64, in_flight: u64) {
        let (senders, inputs): (Vec<_>, Vec<_>) = (0..threads).map(|_| channel()).unzip();
        let all = senders.clone();
        self.store.set_events(Arc::new(move |event: Event| {
            for sender in &all {
                drop(sender.send(Input::Store(event.clone())));
            }
        }));
        let share = runs / threads;
        std::thread::scope(|scope| {
            for ((place, wake), inputs) in (0..).zip(senders).zip(inputs) {
                let next = self.next + place * share;
                let mut world =
                    Self { store: Arc::clone(&self.store), next, wake: Some(wake), moving: self.moving };
                scope.spawn(move || {
                    let mut worker = world.worker_without_events(Arc::new(|_, _| ()));
                    let done = world.feed_to(&mut worker, &inputs, text, (share, in_flight / threads), false);
                    assert_eq!(done, (share, 0));
                });
            }
        });
        self.next += runs;
    }

    /// Starts so many runs of a script in one call, claimed or not.
    pub(crate) fn start(&mut self, text: &Text, runs: u64, is_claimed: bool) -> Vec<(RunNo, u64)> {
        let requests = (0..runs).map(|_| Request::Start(Box::new(self.new_run(text, is_claimed)))).collect();
        self.store
            .call(requests)
            .into_iter()
            .map(|answer| match answer {
                Ok(Answer::Started { run, epoch }) => (run, epoch),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn new_run(&mut self, Text(text): &Text, is_claimed: bool) -> NewRun {
        self.next += 1;
        let name = format!("run-{}", self.next);
        let new = NewRun::new(
            MessageId::of_key("bench", &name),
            RunId::parse(&name).expect("an id"),
            RunStart {
                program: Program {
                    path: "/bench.rhai".into(),
                    main: ScriptHash::of(text),
                    modules: BTreeMap::new(),
                },
                input: Value::Null,
                directory: "/".into(),
                environment: BTreeMap::new(),
                timeout_ms: None,
                secret: [7; 16],
                patches: durun::history::Patches::default(),
            },
            vec![(ScriptHash::of(text), text.to_owned())],
        );
        let (claim, begins) = (is_claimed.then(|| self.store.claim()), is_claimed.then_some(self.next));
        NewRun { claim, begins, ..new }
    }

    /// Starts and drives so many runs to their ends, never more than `in_flight` at a time.
    pub(crate) fn complete(&mut self, text: &Text, runs: u64, in_flight: u64) {
        let (ended, parked) = self.feed(text, runs, in_flight, false);
        assert_eq!((ended, parked), (runs, 0));
    }

    /// The same with runs that all come to a long sleep, and are put down there to make way for the next.
    pub(crate) fn put_to_sleep(&mut self, text: &Text, runs: u64, in_flight: u64) {
        let (ended, parked) = self.feed(text, runs, in_flight, true);
        assert_eq!((ended, parked), (0, runs));
    }

    fn feed(&mut self, text: &Text, to_start: u64, in_flight: u64, is_to_make_way: bool) -> (u64, u64) {
        let (mut worker, inputs) = self.worker(Arc::new(|_, _| ()));
        self.feed_to(&mut worker, &inputs, text, (to_start, in_flight), is_to_make_way)
    }

    fn feed_to(
        &mut self,
        worker: &mut Worker,
        inputs: &Receiver<Input>,
        text: &Text,
        (to_start, in_flight): (u64, u64),
        is_to_make_way: bool,
    ) -> (u64, u64) {
        let started = if in_flight == 1 {
            Starting::OneByOne(self)
        } else {
            // As those do who start runs from other threads while this one executes them.
            let (places, free) = channel();
            places.send(in_flight).expect("a starter");
            let (give, started) = channel();
            let (wake, text) = (self.wake.clone().expect("a worker"), Text(text.0.clone()));
            let mut other =
                World { store: Arc::clone(&self.store), next: self.next, wake: None, moving: self.moving };
            self.next += to_start;
            std::thread::spawn(move || other.start_as_there_is_place(&text, to_start, &free, &give, &wake));
            Starting::Beside { places, started }
        };
        let mut feed = Feed { starting: started, text, to_start, is_to_make_way, ended: 0, parked: 0 };
        worker.drive_with(inputs, &mut feed).expect("drives");
        (feed.ended, feed.parked)
    }

    fn start_as_there_is_place(
        &mut self,
        text: &Text,
        mut to_start: u64,
        free: &Receiver<u64>,
        give: &Sender<Vec<(RunNo, u64)>>,
        wake: &Sender<Input>,
    ) {
        while to_start > 0 {
            let Ok(first) = free.recv() else { return };
            let now = (first + free.try_iter().sum::<u64>()).min(to_start);
            to_start -= now;
            if give.send(self.start(text, now, true)).is_err() {
                return;
            }
            drop(wake.send(Input::Store(Event::Work { run: None })));
        }
    }

    /// Claims every run that is open and that nobody executes, and drives all to their ends; how many.
    pub(crate) fn recover(&mut self) -> u64 {
        let Ok(Answer::Due(due)) = self.store.ask(Request::Due { thorough: true }) else { panic!("due") };
        let (mut worker, inputs) = self.worker(Arc::new(|_, _| ()));
        let claim = self.store.claim();
        let claims = due.runs.iter().map(|(run, _)| Request::Claim { run: *run, claim }).collect();
        for ((run, _), answer) in due.runs.iter().zip(self.store.call(claims)) {
            let Ok(Answer::Claimed { epoch }) = answer else { panic!("{answer:?}") };
            worker.adopt(*run, epoch).expect("adopts");
        }
        let finished = worker.drive(&inputs).expect("drives");
        assert!(finished.iter().all(|(_, how)| matches!(how, Finished::Ended(_))), "{finished:?}");
        finished.len() as u64
    }

    /// A signal to a run, as a request.
    pub(crate) fn signal(run: RunNo, number: u64) -> Request {
        Request::Deliver(Box::new(NewMessage {
            run,
            id: MessageId::of_key("bench-signal", &format!("{run}-{number}")),
            keyed: false,
            body: MessageBody::Signal { name: "go".to_owned(), payload: Value::Null },
        }))
    }
}

/// Where runs come from.
enum Starting<'a> {
    /// The next is started when the last has left.
    OneByOne(&'a mut World),
    /// Another thread starts as many as there are places.
    Beside { places: Sender<u64>, started: Receiver<Vec<(RunNo, u64)>> },
}

/// Takes up runs as there is place for them.
struct Feed<'a> {
    starting: Starting<'a>,
    text: &'a Text,
    /// So many have not come yet.
    to_start: u64,
    /// Runs that only wait are put down.
    is_to_make_way: bool,
    ended: u64,
    parked: u64,
}

impl Supply for Feed<'_> {
    fn wish(&mut self, held: usize) -> Result<Wish, WorkerError> {
        let adopt = match &mut self.starting {
            Starting::OneByOne(world) if held == 0 && self.to_start > 0 => world.start(self.text, 1, true),
            Starting::OneByOne(_) => Vec::new(),
            Starting::Beside { started, .. } => started.try_iter().flatten().collect(),
        };
        self.to_start -= adopt.len() as u64;
        let make_way = if self.is_to_make_way { held } else { 0 };
        Ok(Wish { adopt, make_way, is_open: self.to_start > 0, ..Wish::default() })
    }

    fn heard(&mut self, _run: Option<RunNo>) {}

    fn left(&mut self, _run: RunNo, how: Finished) {
        match how {
            Finished::Ended(_) => self.ended += 1,
            Finished::Parked => self.parked += 1,
            Finished::Stuck(_) | Finished::Lost => panic!("{how:?}"),
        }
        if let Starting::Beside { places, .. } = &self.starting {
            // Nobody listens when the last was started.
            places.send(1).ok();
        }
    }

    fn refused(&mut self, run: RunNo, why: WorkerError) {
        panic!("{run}: {why}");
    }

    fn patience(&self) -> Duration {
        if matches!(self.starting, Starting::OneByOne(_)) { Duration::ZERO } else { Duration::MAX }
    }
}
