//! The whole engine crashed at every write, change of length, sync and acknowledgement, for each sample script.
//!
//! After each crash: what was acknowledged is there, entry by entry; the run is taken up by another worker and comes to the
//! same end; and no effect whose outcome was acknowledged happens again.

use crate::beside::Beside;
use crate::sample_world::{Sample, SampleWorld, samples};
use crate::witness::{Acknowledged, Kept, Promise, Witness};
use durun::history::{Fact, OpId, RunEnd, RunNo, Seq};
use durun::store::conformance::Living;
use durun::store::crash::{CrashDisk, Faults};
use durun::store::{Answer, LocalSession, RedbTables, Request, Store};
use durun::timer::ManualClock;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

pub(crate) fn open(disk: &CrashDisk, clock: &ManualClock) -> Result<LocalSession, String> {
    let tables = RedbTables::with_backend(disk.clone(), Arc::new(clock.clone()), Arc::new(Living::default()))
        .map_err(|error| error.to_string())?;
    Ok(LocalSession::alone(Arc::new(Beside::from(tables)), Arc::new(clock.clone())))
}

pub(crate) struct Recording {
    pub(crate) disk: CrashDisk,
    kept: Acknowledged,
    pub(crate) end: RunEnd,
    pub(crate) run: RunNo,
    /// Which commands were started as jobs, each after which call.
    pub(crate) starts: Vec<(OpId, u64)>,
}

/// Runs a sample to its end on a recording disk.
pub(crate) fn record(sample: &Sample, faults: Faults) -> Recording {
    let mut world = SampleWorld::new(sample);
    let disk = CrashDisk::default();
    // The file takes its name only when it is whole: it is made before the recording begins.
    drop(open(&disk, &world.clock).expect("makes"));
    let run = world.start(&open(&disk, &world.clock).expect("opens"));
    disk.record(faults);
    let kept: Arc<Mutex<Acknowledged>> = Arc::default();
    let inner = open(&disk, &world.clock).expect("opens");
    let store = Arc::new(Witness { inner, disk: disk.clone(), kept: Arc::clone(&kept) });
    let (starts, calls) = (Arc::new(Mutex::new(Vec::new())), Arc::clone(&kept));
    let noted = Arc::clone(&starts);
    world.watch =
        Arc::new(move |op| noted.lock().expect("starts").push((op, calls.lock().expect("kept").calls)));
    let end = world.drive(store, run).expect("comes to its end");
    world.watch = Arc::new(|_| ());
    let starts = std::mem::take(&mut *starts.lock().expect("starts"));
    let kept =
        Arc::into_inner(kept).map_or_else(Acknowledged::default, |kept| kept.into_inner().expect("kept"));
    Recording { disk, kept, end, run, starts }
}

#[derive(Debug, Default)]
struct Swept {
    points: usize,
    images: usize,
    resumed: usize,
}

fn sweep(sample: &Sample, recording: &Recording, seed: u64) -> Result<Swept, String> {
    let mut swept = Swept::default();
    for crash in recording.disk.crashes(seed) {
        swept.points += 1;
        let acknowledged: Vec<&Kept> =
            recording.kept.kept.iter().filter(|kept| Some(kept.call) <= crash.acknowledged).collect();
        let chosen = crash.point % crash.images.len().max(1);
        for (number, image) in crash.images.into_iter().enumerate() {
            swept.images += 1;
            let place = format!("{} at crash {}, image {number}", sample.name, crash.point);
            check(sample, recording, image, &acknowledged, number == chosen)
                .map_err(|error| format!("{place}: {error}"))?;
            swept.resumed += usize::from(number == chosen);
        }
    }
    Ok(swept)
}

fn check(
    sample: &Sample,
    recording: &Recording,
    image: Vec<u8>,
    acknowledged: &[&Kept],
    resume: bool,
) -> Result<(), String> {
    let mut world = SampleWorld::new(sample);
    let disk = CrashDisk::holding(image);
    let store = open(&disk, &world.clock)?;
    let from_disk =
        match store.ask(Request::History { run: recording.run, from: Seq(0), until: Seq(u32::MAX) }) {
            Ok(Answer::Records(records)) => records,
            other => return Err(format!("{other:?}")),
        };
    let row = match store.ask(Request::View { run: recording.run }) {
        Ok(Answer::View(view)) => view.row,
        other => return Err(format!("{other:?}")),
    };
    let mut settled: BTreeSet<OpId> = BTreeSet::new();
    let mut before = durun::history::Checksum::first(row.history_no());
    for record in &from_disk {
        let (entry, next) = record.open(before).map_err(|error| error.to_string())?;
        before = next;
        settled.extend(entry.fact.outcome_of().map(|(op, _)| op));
        if matches!(entry.fact, Fact::RunEnded(_)) {
            return Ok(());
        }
    }
    for Kept { call, promise } in acknowledged {
        let Promise::Entry { generation, seq, record, .. } = promise else { continue };
        if *generation < row.generation {
            continue;
        }
        let found = usize::try_from(seq.0).ok().and_then(|place| from_disk.get(place));
        if *generation > row.generation || found != Some(record.as_ref()) {
            return Err(format!("entry {seq}, acknowledged by call {call}, is lost"));
        }
    }
    if !resume {
        return Ok(());
    }
    let shared = Arc::new(store);
    let end = world.drive(Arc::clone(&shared), recording.run)?;
    if end != recording.end {
        return Err(format!("it ends as {end:?}, not as {:?}", recording.end));
    }
    if matches!(shared.ask(Request::View { run: recording.run }), Ok(Answer::View(view)) if view.row.generation > row.generation)
    {
        // The commands of the generations since have the same numbers.
        return Ok(());
    }
    match world.started().iter().find(|op| settled.contains(op)) {
        Some(op) => Err(format!("op {op} has its outcome on disk and was started again")),
        None => Ok(()),
    }
}

#[test]
fn no_crash_of_the_engine_loses_or_repeats_a_recorded_step() {
    for sample in samples() {
        let recording = record(&sample, Faults::default());
        assert_eq!(sample.expected(&recording.end), Ok(()), "{}", sample.name);
        let swept = sweep(&sample, &recording, 7).expect("every crash is survived");
        assert!(swept.points > 40 && swept.images > 90 && swept.resumed > 40, "{}: {swept:?}", sample.name);
    }
}

fn caught(faults: &Faults) -> usize {
    samples().iter().filter(|sample| sweep(sample, &record(sample, *faults), 7).is_err()).count()
}

#[test]
fn a_planted_bug_every_tenth_sync_ignored_is_found() {
    assert!(caught(&Faults { ignore_each_sync: Some(10), ..Faults::default() }) > 0);
}

#[test]
fn a_planted_bug_acknowledged_before_the_sync_is_found() {
    assert!(caught(&Faults { acknowledge_early: true, ..Faults::default() }) > 0);
}
