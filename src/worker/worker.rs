//! The worker: one loop over one closed enum of inputs.

use super::beginning::MOVING;
use super::children::Programs;
use super::effects::{Effects, News};
use super::eviction::Room;
use super::executing::Phase;
use super::pipeline::{Committing, Pipeline};
use super::progress::{Observer, Progress};
use super::runs::Runs;
use super::slots::Slots;
use super::supply::{NoMore, Supply};
use crate::config::{ConfigError, Configs, Limits};
use crate::history::{Claim, Moment, RunEnd, RunId, RunNo, Stuck};
use crate::script::Interpreter;
use crate::store::{Event, Store, StoreError};
use crate::timer::Clock;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often the worker looks up when nothing is told: the wall clock may have jumped.
const LOOK_UP: Duration = Duration::from_secs(1);

/// All that can happen to a worker.
#[derive(Debug)]
pub enum Input {
    /// A job has its result, or lives.
    News(News),
    /// The store tells something.
    Store(Event),
    /// Put everything down; without patience, without waiting for children.
    Stop {
        /// Whether children get their time.
        patience: bool,
    },
}

/// How a run left the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// It ended.
    Ended(RunEnd),
    /// Its script cannot go on.
    Stuck(Box<Stuck>),
    /// It was put down and can be continued.
    Parked,
    /// Another process has it now.
    Lost,
}

/// Why a worker gave up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorkerError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run could not be loaded.
    #[error(transparent)]
    Load(#[from] super::recovery::LoadError),
    /// What `durun.toml` says cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its script calls functions of the program that started it, which this process does not have.
    #[error(
        "run {id} calls functions of the program that started it, which this one does not have: {}",
        activities.join(", ")
    )]
    Foreign {
        /// The run's name.
        id: RunId,
        /// The activities.
        activities: Vec<String>,
    },
    /// An entry could not be encoded.
    #[error("an entry {0}")]
    Record(#[from] crate::history::RecordError),
}

/// What a worker is told once.
#[derive(Clone)]
pub struct Settings {
    /// Seeds jitter and the seeds of new runs.
    pub seed: u64,
    /// The most strands alive at once; waiting runs are evicted above it.
    pub live_strands: usize,
    /// So many runs move at a time; others begin when these wait, or end.
    pub moving: usize,
    /// What `durun.toml` says, by script.
    pub configs: Arc<Configs>,
    /// In whose name child runs are claimed; without it they are recorded for others to execute.
    pub claim: Option<Claim>,
    /// Where the scripts of child runs are read.
    pub programs: Programs,
    /// How long a run may only wait before it is put down; for ever where nothing is said.
    pub park_after: Option<Duration>,
    /// Where the appends of its runs are committed.
    pub committing: Committing,
    /// What stands behind `durun` in commands that others are told, so that they mean this store: ` --store DIR`, or nothing.
    pub aim: Arc<str>,
}

impl Settings {
    /// The usual settings; no script has a configuration, and no child run one.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            live_strands: usize::MAX,
            moving: MOVING,
            configs: Arc::new(Configs::none()),
            claim: None,
            park_after: None,
            committing: Committing::AtOnce,
            aim: Arc::from(""),
            programs: Arc::new(|path| Err(format!("there is no script {}", path.display()))),
        }
    }
}

/// A worker and its runs.
pub struct Worker {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) interpreter: Interpreter,
    pub(super) runs: Runs,
    pub(super) finished: Vec<(RunNo, Finished)>,
    pub(super) pipeline: Pipeline,
    pub(super) effects: Box<dyn Effects>,
    pub(super) observer: Observer,
    pub(super) settings: Settings,
    pub(super) chance: u64,
    pub(super) serial: u64,
    pub(super) stopping: Option<bool>,
    /// What could not be kept beside a job, until the next turn tells it.
    unkept: Option<StoreError>,
    pub(super) slots: Slots,
    /// What it may keep in memory.
    pub(super) room: Room,
    /// When those that wait for a slot ask again although none was given back, on the monotonic clock.
    pub(super) ask_slots_at: Option<Duration>,
    /// Nothing more is begun.
    pub(super) finishing: bool,
}

impl Worker {
    /// A worker without runs.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        effects: Box<dyn Effects>,
        observer: Observer,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            clock,
            interpreter: Interpreter::new(),
            runs: Runs::default(),
            finished: Vec::new(),
            pipeline: Pipeline::new(settings.committing),
            effects,
            observer,
            chance: settings.seed,
            slots: Slots::new(Limits::default().activities),
            room: Room::of(Limits::default()),
            ask_slots_at: None,
            settings,
            serial: 0,
            stopping: None,
            unkept: None,
            finishing: false,
        }
    }

    /// Drives all its runs until each has ended, is stuck, was lost, or everything is put down.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails; nothing recorded is lost.
    pub fn drive(&mut self, inputs: &Receiver<Input>) -> Result<Vec<(RunNo, Finished)>, WorkerError> {
        let mut none = NoMore::default();
        self.drive_with(inputs, &mut none)?;
        Ok(none.finished)
    }

    /// The same with whatever the supply gives on the way; it is told how each run left.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails; nothing recorded is lost.
    pub fn drive_with(
        &mut self,
        inputs: &Receiver<Input>,
        supply: &mut dyn Supply,
    ) -> Result<(), WorkerError> {
        let mut looked_up = self.clock.monotonic();
        loop {
            while let Ok(input) = inputs.try_recv() {
                self.hear(input, supply);
            }
            if let Some(patience) = self.stopping {
                self.stop_effects(patience, inputs)?;
                self.put_down(patience)?;
                break;
            }
            let is_open = self.take_in(supply)?;
            if self.runs.is_empty() && !is_open {
                break;
            }
            if self.turn()? {
                continue;
            }
            if !is_open && self.has_only_hooks_that_wait() {
                // Nobody waits for that: whoever goes on with runs tries them again.
                self.put_down(true)?;
                break;
            }
            // Nobody sleeps longer than that, whatever else goes wrong.
            let now = self.clock.monotonic();
            if now.saturating_sub(looked_up) >= LOOK_UP {
                self.runs.wake_all();
                looked_up = now;
            }
            match inputs.recv_timeout(self.patience().min(supply.patience()).min(LOOK_UP)) {
                Ok(input) => self.hear(input, supply),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
        self.tell_left(supply);
        Ok(())
    }

    fn hear(&mut self, input: Input, supply: &mut dyn Supply) {
        match input {
            Input::Store(Event::Work { run }) => supply.heard(run),
            Input::News(_) | Input::Store(_) | Input::Stop { .. } => self.take(input),
        }
    }

    /// One round: every run that can, takes one step. False where nothing could be done.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails.
    pub fn turn(&mut self) -> Result<bool, WorkerError> {
        if let Some(error) = self.unkept.take() {
            return Err(error.into());
        }
        self.runs.wake_due(self.clock.now(), self.clock.monotonic());
        let begun = self.begin_next();
        let advanced = self.advance()?;
        let sliced = self.go_on_with_sliced();
        let dispatched = self.dispatch()?;
        let attempted = self.advance_attempts();
        let flushed = self.flush_lazy()?;
        if self.is_crowded() {
            self.make_room();
        }
        self.runs.settle(self.around());
        Ok(begun
            || advanced
            || sliced
            || dispatched
            || attempted
            || flushed
            || self.runs.awake().next().is_some())
    }

    /// Takes an input in.
    pub fn take(&mut self, input: Input) {
        match input {
            Input::News(News::Done(done)) => self.job_done(done),
            Input::News(News::Wrote { key, attempt, stream, end }) => self.wrote(key, attempt, stream, &end),
            Input::News(News::Writes { key, last }) => self.writes(key, last),
            Input::News(News::Heartbeat { key, details }) => self.heartbeat(key, details),
            Input::News(News::Unkept(error)) => self.unkept = Some(error),
            Input::Store(Event::Message { run, message }) => self.take_message(run, message),
            Input::Store(Event::Changed { run }) => self.look_again(run),
            Input::Store(Event::RetryNow { run }) => self.retry_now(run),
            Input::Store(Event::Work { .. }) => {}
            Input::Stop { patience } => self.stopping = Some(patience),
        }
    }

    /// Whether it has runs.
    pub fn is_idle(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs that have left it since this was last asked.
    pub fn take_finished(&mut self) -> Vec<(RunNo, Finished)> {
        std::mem::take(&mut self.finished)
    }

    /// How long it may wait for an input: until the next timer, attempt, time-out or lazy record.
    pub fn patience(&self) -> Duration {
        self.next_wake().unwrap_or(LOOK_UP)
    }

    /// The same where there is anything to wait for but inputs.
    pub fn next_wake(&self) -> Option<Duration> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let until = |at: Moment| Duration::from_millis(u64::try_from(at.since_ms(now)).unwrap_or(0));
        let after = |at: Duration| at.saturating_sub(monotonic);
        self.runs
            .awake()
            .map(|run| run.next_alarm(self.finishing))
            .chain(std::iter::once(self.runs.first_alarm()))
            .flat_map(|alarm| alarm.due.map(until).into_iter().chain(alarm.limit.map(after)))
            .chain(self.ask_slots_at.map(after))
            .chain(self.next_put_down().map(after))
            .min()
    }

    /// A run leaves the worker.
    pub(super) fn leave(&mut self, no: RunNo, how: Finished) {
        let Some(mut run) = self.runs.remove(no) else { return };
        for attempt in std::mem::take(&mut run.attempts).into_values() {
            if let Some(key) = attempt.job() {
                self.effects.stop(key);
            }
        }
        match &how {
            Finished::Ended(end) => self.tell(no, Progress::Ended(end.clone())),
            Finished::Stuck(stuck) => self.tell(no, Progress::Stuck((**stuck).clone())),
            Finished::Parked | Finished::Lost => self.tell(no, Progress::Parked),
        }
        self.finished.push((no, how));
    }

    pub(super) fn tell(&self, run: RunNo, progress: Progress) {
        (self.observer)(run, progress);
    }

    /// The next number for jitter and seeds.
    pub(super) fn next_chance(&mut self) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.chance ^ (self.chance >> 33)
    }

    fn go_on_with_sliced(&mut self) -> bool {
        let sliced: Vec<RunNo> =
            self.runs.awake().filter(|run| matches!(run.phase, Phase::Sliced)).map(|run| run.no).collect();
        for no in &sliced {
            if let Some(stepped) =
                self.runs.get_mut(*no).and_then(|run| run.run.as_mut()).map(crate::run::Run::go_on)
            {
                self.stepped(*no, stepped);
            }
        }
        !sliced.is_empty()
    }
}
