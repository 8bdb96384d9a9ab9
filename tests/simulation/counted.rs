//! What work costs, counted and not timed: syncs and bytes of the disk. Whoever makes a step dearer sees it here.
//!
//! Where the file grows, redb syncs once more; the bounds leave room for that.

use crate::engine_sweep::open;
use durun::history::{Claim, MessageBody, MessageId, Program, RunNo, ScriptHash, Token, Value};
use durun::store::conformance::{Living, new_run};
use durun::store::crash::{CrashDisk, Spent};
use durun::store::{
    Answer, LocalSession, MemoryTables, NewMessage, NewRun, RedbTables, Request, Store, Tables,
};
use durun::timer::ManualClock;
use durun::worker::{Effects, Finished, Job, JobKey, Settings, Worker};
use std::collections::BTreeMap;
use std::sync::Arc;

const CLAIM: Claim = Claim { token: Token(1), pid: 1 };

struct NoProcesses;
impl Effects for NoProcesses {
    fn start(&mut self, _job: Job) {}
    fn stop(&mut self, _key: JobKey) {}
    fn stop_all(&mut self, _patience: bool) {}
}

/// A store on a disk that counts, made already.
pub(crate) struct Counted {
    disk: CrashDisk,
    clock: ManualClock,
    store: Arc<LocalSession>,
    started: usize,
}

impl Counted {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::default();
        // Laid out as a file is, not as a small disk of a simulation.
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.redb");
        let tables = RedbTables::open(&path, Arc::new(clock.clone()), Arc::new(Living::default()));
        tables.expect("makes").close().expect("closes");
        let disk = CrashDisk::holding(std::fs::read(&path).expect("reads"));
        let store = Arc::new(open(&disk, &clock).expect("opens"));
        Self { disk, clock, store, started: 0 }
    }

    /// What that costs.
    fn costs(&mut self, work: impl FnOnce(&mut Self)) -> Spent {
        let before = self.disk.spent();
        work(self);
        let after = self.disk.spent();
        Spent { syncs: after.syncs - before.syncs, bytes: after.bytes - before.bytes }
    }

    /// Records runs of a script in one call.
    fn start(&mut self, text: &str, runs: usize) -> Vec<(RunNo, u64)> {
        let requests = starts(text, self.started, runs);
        self.started += runs;
        let told = |answer| match answer {
            Ok(Answer::Started { run, epoch }) => (run, epoch),
            other => panic!("{other:?}"),
        };
        self.store.call(requests).into_iter().map(told).collect()
    }

    /// Records runs and drives them until nothing more can be done.
    fn execute(&mut self, text: &str, runs: usize) -> Vec<(RunNo, Finished)> {
        let started = self.start(text, runs);
        let settings = Settings { live_strands: 24_000, ..Settings::seeded(1) };
        let store: Arc<dyn Store> = self.store.clone();
        let clock = Arc::new(self.clock.clone());
        let mut worker = Worker::new(store, clock, Box::new(NoProcesses), Arc::new(|_, _| ()), settings);
        for (run, epoch) in started {
            worker.adopt(run, epoch).expect("adopts");
        }
        while worker.turn().expect("turns") {}
        worker.take_finished()
    }

    /// The same with runs that end.
    pub(crate) fn complete(&mut self, text: &str, runs: usize) {
        let finished = self.execute(text, runs);
        assert_eq!(finished.len(), runs);
        assert!(finished.iter().all(|(_, how)| matches!(how, Finished::Ended(_))), "{finished:?}");
    }
}

/// Starts of one script, alike but for their ids.
fn starts(text: &str, behind: usize, runs: usize) -> Vec<Request> {
    let main = ScriptHash::of(text);
    let start = |number: usize| {
        let new = new_run(&format!("run-{number}"));
        let program = Program { path: "/counted.rhai".into(), main, modules: BTreeMap::new() };
        let start = durun::history::RunStart { program, timeout_ms: None, ..new.start.clone() };
        let scripts = vec![(main, text.to_owned())];
        let (claim, begins) = (Some(CLAIM), Some(1));
        Request::Start(Box::new(NewRun { start, scripts, claim, begins, ..new }))
    };
    (behind + 1..=behind + runs).map(start).collect()
}

fn steps(number: u64) -> String {
    format!("for n in 0..{number} {{ step(\"s\", || n); }}")
}

/// What a run of so many steps costs.
fn run_of(number: u64) -> Spent {
    Counted::new().costs(|world| world.complete(&steps(number), 1))
}

#[test]
fn a_run_costs_a_sync_for_its_start_one_for_each_step_and_one_for_its_end() {
    for (number, grows) in [(1, 1), (2, 1), (100_u64, 2)] {
        let expected = number + 2;
        let syncs = run_of(number).syncs;
        assert!((expected..=expected + grows).contains(&syncs), "{number} steps: {syncs} syncs");
    }
}

#[test]
fn runs_that_are_executed_together_share_their_syncs() {
    let cost = Counted::new().costs(|world| world.complete(&steps(10), 128));
    assert!((12..=16).contains(&cost.syncs), "{} syncs for 1,280 steps", cost.syncs);
}

#[test]
fn signals_that_come_together_share_a_sync() {
    let mut world = Counted::new();
    let text = "wait_signal(\"go\");";
    let new = world.start(text, 1);
    world.store.ask(Request::Release { run: new[0].0, epoch: 1 }).expect("released");
    let cost = world.costs(|world| {
        let signal = |number: u32| NewMessage {
            run: new[0].0,
            id: MessageId::of_key("signal", &number.to_string()),
            keyed: false,
            body: MessageBody::Signal { name: "go".to_owned(), payload: Value::Null },
        };
        let all = (0..1_000).map(|number| Request::Deliver(Box::new(signal(number)))).collect();
        assert!(world.store.call(all).iter().all(Result::is_ok));
    });
    assert!((1..=3).contains(&cost.syncs), "{} syncs for 1,000 signals", cost.syncs);
}

#[test]
fn a_step_writes_no_more_however_long_its_history_is() {
    // So many fill the log once: all pay for the pages that come to disk then.
    let steps = 2_032;
    let early = run_of(100 + steps).bytes - run_of(100).bytes;
    let late = run_of(4_100 + steps).bytes - run_of(4_100).bytes;
    assert!(late * 10 <= early * 16, "{steps} steps write {early} bytes at first and {late} later");
    assert!(late < steps * 700, "a step writes {} bytes", late / steps);
}

#[test]
fn a_thousand_sleepers_are_small() {
    let mut world = Counted::new();
    let before = world.disk.bytes().len();
    let finished = world.execute("sleep(\"1h\");", 4_000);
    assert!(finished.is_empty(), "{finished:?}");
    let each = (world.disk.bytes().len() - before) / 4_000;
    // Input, ids and rows that were just written over among them; the file grows in steps.
    assert!(each <= 600, "{each} bytes each");
}

#[test]
fn a_start_writes_a_row_in_five_tables_and_what_runs_have_alike_once() {
    let clock = Arc::new(ManualClock::default());
    let tables = MemoryTables::new(clock, Arc::new(Living::default()));
    let before = tables.rows();
    assert!(tables.apply(starts("sleep(\"1h\");", 0, 100)).iter().all(Result::is_ok));
    // The run, its id, its start, that it is open, its first entry; the text and the recipe.
    assert_eq!(tables.rows() - before, 100 * 5 + 2);
}
