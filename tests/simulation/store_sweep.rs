//! The store crashed at every write, change of length, sync and acknowledgement, compared with a model each time.

use crate::workload::{DAWN, calls};
use durun::history::{RunNo, RunStart, Value};
use durun::store::conformance::{Living, new_run};
use durun::store::crash::{CrashDisk, Faults};
use durun::store::{Answer, CarriedRow, Kept, MemoryTables, NewRun, RedbTables, Request, Tables, Upkeep};
use durun::timer::ManualClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A workload that was done on a recording disk, and what the store held after each call, by the model.
struct Recording {
    disk: CrashDisk,
    calls: Vec<Vec<Request>>,
    digests: Vec<u64>,
}

#[derive(Debug, Default)]
struct Swept {
    points: usize,
    images: usize,
}

fn open(disk: CrashDisk, clock: &ManualClock) -> Result<RedbTables, String> {
    RedbTables::with_backend(disk, Arc::new(clock.clone()), Arc::new(Living::default()))
        .map_err(|error| error.to_string())
}

/// When rows come into the pages.
#[derive(Clone, Copy, PartialEq)]
enum Laid {
    /// After each third call.
    Between,
    /// While the calls are made, from a thread of its own.
    Meanwhile,
}

fn record(faults: Faults, calls: Vec<Vec<Request>>) -> Recording {
    record_with(faults, calls, Laid::Between)
}

fn record_with(faults: Faults, calls: Vec<Vec<Request>>, laid: Laid) -> Recording {
    let clock = ManualClock::at(DAWN);
    let disk = CrashDisk::default();
    let model = MemoryTables::new(Arc::new(clock.clone()), Arc::new(Living::default()));
    // Made and closed before the recording: a file takes its name only when it is whole.
    open(disk.clone(), &clock).and_then(|new| new.close().map_err(|error| error.to_string())).expect("makes");
    disk.record(faults);
    let tables = open(disk.clone(), &clock).expect("opens");
    let mut digests = vec![model.digest().expect("digests")];
    let is_done = AtomicBool::new(false);
    let lay = || tables.lay_frozen().expect("comes into the pages");
    std::thread::scope(|scope| {
        if laid == Laid::Meanwhile {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    lay();
                    std::thread::yield_now();
                }
            });
        }
        for (call, number) in calls.iter().zip(1..) {
            clock.advance(Duration::from_millis(10));
            disk.announce(number);
            let answers = tables.apply(call.clone());
            disk.acknowledge();
            if laid == Laid::Between && number % 3 == 0 {
                lay();
            }
            assert_eq!(answers, model.apply(call.clone()), "call {number}");
            assert!(answers.iter().all(Result::is_ok), "call {number}: {answers:?}");
            assert_eq!(model.audit(), Ok(Vec::new()), "call {number}");
            digests.push(model.digest().expect("digests"));
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert_eq!(tables.digest(), model.digest(), "the two kinds of tables hold the same rows");
    assert_eq!(tables.audit(), Ok(Vec::new()));
    Recording { disk, calls, digests }
}

/// Opens every image that a crash could leave, on two threads.
fn sweep(recording: &Recording, seed: u64) -> Result<Swept, String> {
    std::thread::scope(|scope| {
        let even = scope.spawn(|| sweep_half(recording, seed, 0));
        let odd = sweep_half(recording, seed, 1)?;
        let even = even.join().map_err(|_| "a panic".to_owned())??;
        Ok(Swept { points: even.points + odd.points, images: even.images + odd.images })
    })
}

/// What was acknowledged is there, and at most the one call in flight besides.
fn sweep_half(recording: &Recording, seed: u64, half: usize) -> Result<Swept, String> {
    let clock = ManualClock::at(DAWN.plus_ms(1_000_000));
    let mut swept = Swept::default();
    for crash in recording.disk.crashes(seed).filter(|crash| crash.point % 2 == half) {
        swept.points += 1;
        let acknowledged = usize::try_from(crash.acknowledged.unwrap_or(0)).expect("few");
        for image in crash.images {
            swept.images += 1;
            let place = format!("seed {seed}, crash {}, call {acknowledged}", crash.point);
            let tables =
                open(CrashDisk::holding(image), &clock).map_err(|error| format!("{place}: {error}"))?;
            let digest = tables.digest().map_err(|error| format!("{place}: {error}"))?;
            let found =
                (acknowledged..=acknowledged + 1).find(|at| recording.digests.get(*at) == Some(&digest));
            let Some(found) = found else {
                let earlier = recording.digests.iter().position(|known| *known == digest);
                return Err(format!("{place}: the store is as after call {earlier:?}"));
            };
            if swept.images.is_multiple_of(50) {
                go_on(&tables, &recording.calls, found).map_err(|error| format!("{place}: {error}"))?;
            }
        }
    }
    Ok(swept)
}

/// The rest of the workload can be done, and all tables agree.
fn go_on(tables: &RedbTables, calls: &[Vec<Request>], done: usize) -> Result<(), String> {
    for call in calls.iter().skip(done).take(3) {
        for answer in tables.apply(call.clone()) {
            answer.map_err(|error| error.to_string())?;
        }
    }
    let wrong = tables.audit().map_err(|error| error.to_string())?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn seed() -> u64 {
    1
}

#[test]
fn no_crash_loses_what_was_acknowledged_or_keeps_a_part_of_a_call() {
    let recording = record(Faults::default(), calls(seed(), 200));
    let swept = sweep(&recording, seed()).expect("every image is as after a call");
    assert!(swept.points > 1500 && swept.images > 5000, "{swept:?}");
}

#[test]
fn no_crash_loses_what_was_acknowledged_while_rows_come_into_the_pages() {
    let recording = record_with(Faults::default(), calls(seed(), 100), Laid::Meanwhile);
    let swept = sweep(&recording, seed()).expect("every image is as after a call");
    assert!(swept.points > 700 && swept.images > 2000, "{swept:?}");
}

#[test]
fn a_disk_that_ignores_every_tenth_sync_is_caught() {
    let faults = Faults { ignore_each_sync: Some(10), ..Faults::default() };
    let caught = sweep(&record(faults, calls(seed(), 40)), seed());
    assert!(caught.is_err(), "{caught:?}");
}

#[test]
fn an_acknowledgement_before_the_sync_is_caught() {
    let faults = Faults { acknowledge_early: true, ..Faults::default() };
    let caught = sweep(&record(faults, calls(seed(), 40)), seed());
    assert!(caught.is_err(), "{caught:?}");
}

#[test]
fn an_import_that_was_cut_off_is_there_whole_or_not_at_all() {
    let clock = ManualClock::at(DAWN);
    let model = MemoryTables::new(Arc::new(clock.clone()), Arc::new(Living::default()));
    for call in calls(seed(), 120) {
        model.apply(call);
    }
    let export = |run| {
        let export = Request::Upkeep(Box::new(Upkeep::Export { run, place: None }));
        match model.apply(vec![export]).pop() {
            Some(Ok(Answer::Kept(kept))) => match *kept {
                Kept::Rows(rows, None) => Some(rows),
                _ => None,
            },
            _ => None,
        }
    };
    let long = |rows: &Vec<CarriedRow>| rows.len() > 20;
    let runs: Vec<Vec<CarriedRow>> = (1..40).map(RunNo).filter_map(export).filter(long).collect();
    assert!(runs.len() > 2, "{}", runs.len());
    let import = |rows: Vec<CarriedRow>| vec![Request::Upkeep(Box::new(Upkeep::Import(rows)))];
    let recording = record(Faults::default(), runs.into_iter().map(import).collect());
    let swept = sweep(&recording, seed()).expect("every image is as after a call");
    assert!(swept.points > 20, "{swept:?}");
}

/// etcd #14685.
#[test]
fn peer_bug_a_crash_while_the_file_is_compacted_loses_what_is_in_it() {
    let start = |id: &str, bytes: usize| {
        let new = new_run(id);
        let start = RunStart { input: Value::Bytes(vec![7; bytes]), ..new.start.clone() };
        Request::Start(Box::new(NewRun { start, ..new }))
    };
    let upkeep = |what| Request::Upkeep(Box::new(what));
    let large: Vec<RunNo> = (1..7).map(RunNo).collect();
    let mut calls = vec![large.iter().map(|run| start(&format!("large-{run}"), 200_000)).collect::<Vec<_>>()];
    // Behind them, so that the end of the file is not free.
    calls.push(vec![start("stays", 200_000)]);
    calls.extend((0..6).map(|n| vec![start(&format!("small-{n}"), 500)]));
    calls.push(large.iter().map(|run| Request::Terminate { run: *run, reason: String::new() }).collect());
    calls.push(vec![upkeep(Upkeep::Prune { runs: large, before: DAWN.plus_ms(1_000_000) })]);
    calls.extend((0..4).map(|_| vec![upkeep(Upkeep::Sweep { texts_after_ms: 0 })]));
    let before = record(Faults::default(), calls.clone()).disk.bytes().len();
    calls.push(vec![upkeep(Upkeep::Compact)]);
    calls.push(vec![start("last", 500)]);
    let recording = record(Faults::default(), calls);
    let after = recording.disk.bytes().len();
    assert!(after * 2 < before, "{before} bytes, and then {after}");
    let swept = sweep(&recording, seed()).expect("every image is as after a call");
    assert!(swept.points > 100 && swept.images > 200, "{swept:?}");
}
