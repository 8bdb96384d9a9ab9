//! Durable steps a second, of one run and of many at once, beside the floor of the same run of the benchmark.
//!
//! The floor is the price that no durable step can go below: a 4 KiB overwrite and one `fdatasync`. Machines differ and are noisy, so what is
//! to be compared is the ratio. Each figure is the median of several rounds, and rounds of all kinds take turns.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark"
)]

use durun::history::{Claim, MessageId, Program, RunId, RunNo, RunStart, ScriptHash, Token, Value};
use durun::store::{Answer, Liveness, LocalSession, NewRun, RedbTables, Request, Store};
use durun::timer::{Clock, SystemClock};
use durun::worker::{Effects, Finished, Job, JobKey, Settings, Worker};
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

const ROUNDS: usize = 7;
const LONE_STEPS: u64 = 300;
const MANY_STEPS: u64 = 50;

struct NoProcesses;
impl Effects for NoProcesses {
    fn start(&mut self, _job: Job) {}
    fn stop(&mut self, _key: JobKey) {}
    fn stop_all(&mut self, _patience: bool) {}
}

struct NobodyElse;
impl Liveness for NobodyElse {
    fn is_alive(&self, _token: Token) -> bool {
        false
    }
}

/// Seconds of one call.
fn timed(work: impl FnOnce()) -> f64 {
    let began = SystemClock.monotonic();
    work();
    SystemClock.monotonic().saturating_sub(began).as_secs_f64()
}

/// One overwrite of 4 KiB and one fdatasync, in seconds.
fn floor(place: &Path) -> f64 {
    const TIMES: u64 = 300;
    let file = std::fs::File::create(place.join("floor")).expect("a file");
    file.write_all_at(&vec![1; 1 << 20], 0).expect("written");
    file.sync_all().expect("synced");
    let seconds = timed(|| {
        for turn in 0..TIMES {
            file.write_all_at(&[2; 4096], (turn % 256) * 4096).expect("written");
            file.sync_data().expect("synced");
        }
    });
    seconds / TIMES as f64
}

/// One redb commit of one 200-byte row, in seconds.
fn bare_commit(place: &Path) -> f64 {
    const TIMES: u64 = 300;
    let path = place.join("bare.redb");
    drop(std::fs::remove_file(&path));
    let database = redb::Database::create(&path).expect("a file");
    let table: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("rows");
    let mut row = 0;
    let mut commit = || {
        let writing = database.begin_write().expect("begins");
        writing.open_table(table).expect("opens").insert(row, [7; 200].as_slice()).expect("inserts");
        writing.commit().expect("commits");
        row += 1;
    };
    commit();
    let seconds = timed(|| (0..TIMES).for_each(|_| commit()));
    seconds / TIMES as f64
}

/// `runs` runs of `steps` steps each, driven by one worker; seconds a step.
fn engine(place: &Path, runs: u64, steps: u64, round: usize) -> f64 {
    let path = place.join(format!("{runs}-{round}.redb"));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tables = RedbTables::open(&path, Arc::clone(&clock), Arc::new(NobodyElse)).expect("a store");
    let store: Arc<dyn Store> = Arc::new(LocalSession::alone(Arc::new(tables), Arc::clone(&clock)));
    let text = format!("for n in 0..{steps} {{ step(\"s\", || n); }}");
    let begun: Vec<(RunNo, u64)> = (0..runs).map(|run| start(store.as_ref(), &text, run)).collect();
    let (_sender, inputs) = channel();
    let settings = Settings { live_strands: 24_000, ..Settings::seeded(1) };
    let mut worker =
        Worker::new(Arc::clone(&store), clock, Box::new(NoProcesses), Arc::new(|_, _| ()), settings);
    for (run, epoch) in begun {
        worker.adopt(run, epoch).expect("adopts");
    }
    let mut finished = Vec::new();
    let seconds = timed(|| finished = worker.drive(&inputs).expect("drives"));
    assert!(finished.iter().all(|(_, how)| matches!(how, Finished::Ended(_))), "{finished:?}");
    assert_eq!(finished.len() as u64, runs);
    drop((worker, store));
    drop(std::fs::remove_file(path));
    seconds / (runs * steps) as f64
}

fn start(store: &dyn Store, text: &str, number: u64) -> (RunNo, u64) {
    let new = NewRun {
        nonce: MessageId::of_key("bench", &number.to_string()),
        id: RunId::parse(&format!("run-{number}")).expect("an id"),
        start: RunStart {
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
        },
        scripts: vec![(ScriptHash::of(text), text.to_owned())],
        claim: Some(Claim { token: Token(1), pid: 1 }),
        queue: None,
        parent: None,
        overlap: None,
        origin: None,
    };
    match store.ask(Request::Start(Box::new(new))) {
        Ok(Answer::Started { run, epoch }) => (run, epoch),
        other => panic!("{other:?}"),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn main() {
    let place = tempfile::tempdir_in(".").expect("a directory on the disk that is to be measured");
    let mut rounds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..ROUNDS {
        rounds.entry("floor").or_default().push(floor(place.path()));
        rounds.entry("bare redb commit").or_default().push(bare_commit(place.path()));
        rounds.entry("1 run").or_default().push(engine(place.path(), 1, LONE_STEPS, round));
        rounds.entry("64 runs").or_default().push(engine(place.path(), 64, MANY_STEPS, round));
        rounds.entry("1000 runs").or_default().push(engine(place.path(), 1000, MANY_STEPS / 5, round));
    }
    let medians: BTreeMap<&str, f64> =
        rounds.into_iter().map(|(name, values)| (name, median(values))).collect();
    let of = |name: &str| medians.get(name).copied().unwrap_or(f64::NAN);
    for name in ["floor", "bare redb commit", "1 run", "64 runs", "1000 runs"] {
        let seconds = of(name);
        println!(
            "{{\"bench\": \"durable_steps\", \"what\": \"{name}\", \"per_second\": {:.0}, \"us\": {:.1}, \"times_floor\": {:.3}, \"times_bare_commit\": {:.3}}}",
            1.0 / seconds,
            Duration::from_secs_f64(seconds).as_secs_f64() * 1e6,
            seconds / of("floor"),
            seconds / of("bare redb commit"),
        );
    }
}
