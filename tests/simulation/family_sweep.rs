//! Runs that have to do with one another, crashed at every write, change of length, sync and acknowledgement: parents with
//! children, mail between runs, locks, and a queue.
//!
//! After each crash what was acknowledged is there; whoever takes the runs up brings each to the same end; no child is started
//! twice, no lock is held twice, no place of a queue is lost or given twice, and no recorded effect happens again.

use crate::engine_sweep::open;
use crate::family_world::{Family, FamilyWorld, ends, fingerprint, given_back};
use crate::witness::{Acknowledged, Kept, Witness, all_kept};
use durun::history::{QueueLimits, Rate, RunEnd};
use durun::store::LocalSession;
use durun::store::crash::{CrashDisk, Faults};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const NO_LIMITS: QueueLimits = QueueLimits { max_concurrent: None, rate: None };

/// A parent of every kind of child, and one who hears of it over two generations.
const CHILDREN: Family = Family {
    name: "children",
    files: &[
        (
            "parent.rhai",
            r#"
            let kids = [start_child("kid.rhai", #{ n: 1 }), start_child("kid.rhai", #{ n: 2 }, #{ id: "named" })];
            signal_run("named", "go", 5);
            kids[0].signal("go", 7);
            let lost = start_child("care.rhai", (), #{ id: "lost" });
            lost.cancel();
            let said = "";
            try { lost.result(); } catch (e) { said = e.status; }
            try { child("fails.rhai", (), #{ id: "fails" }); } catch (e) { said += ` ${e.status}`; }
            let sum = 0;
            for kid in kids { sum += kid.result(); }
            signal_run("other", "sum", sum);
            start_child("care.rhai", (), #{ id: "asked" });
            start_child("care.rhai", (), #{ id: "ended", on_parent_close: "terminate" });
            start_child("late.rhai", (), #{ id: "left", on_parent_close: "abandon" });
            sleep(1);
            signal_run("other", "said", said);
            sum
            "#,
        ),
        ("kid.rhai", r#"let got = wait_signal("go"); child("leaf.rhai", input) + got"#),
        ("leaf.rhai", r#"activity("work", input.n) * 10"#),
        ("fails.rhai", r#"on_undo(|| activity("back")); activity("break");"#),
        ("care.rhai", r#"try { sleep("1h"); } catch (e) { activity("tidy"); throw e; }"#),
        ("late.rhai", r#"sleep("30s"); activity("late"); 9"#),
        (
            "other.rhai",
            r#"
            if run.generation == 0 { restart_with(wait_signal("sum")); }
            `${input} ${wait_signal("said")}`
            "#,
        ),
    ],
    answers: given_back,
    cast: &[("parent", "parent.rhai", "{}", None), ("other", "other.rhai", "{}", None)],
    limits: NO_LIMITS,
    inside: &[],
    ends: &[
        ("parent", "Completed { result: Int(42) }"),
        ("parent.0", "Int(17)"),
        ("parent.0.1", "Int(10)"),
        ("named", "Int(25)"),
        ("named.1", "Int(20)"),
        ("lost", "Cancelled"),
        ("fails", "Failed"),
        ("asked", "Cancelled"),
        ("ended", "Terminated"),
        ("left", "Int(9)"),
        ("other", "42 cancelled failed"),
    ],
    order: &[],
};

/// Three that want the same locks: one fails under it and takes back, one takes it twice, one holds two.
const LOCKS: Family = Family {
    name: "locks",
    files: &[
        (
            "fails.rhai",
            r#"
            with_lock("db", || {
                on_undo(|| { activity("back"); sleep(1); activity("leave", "db"); });
                activity("enter", "db");
                sleep(1);
                fail("enough");
            });
            "#,
        ),
        (
            "twice.rhai",
            r#"
            for n in 0..2 {
                with_lock("db", || { activity("enter", "db"); sleep(1); activity("leave", "db"); });
            }
            "twice"
            "#,
        ),
        (
            "both.rhai",
            r#"
            with_lock("db", || {
                activity("enter", "db");
                with_lock("files", || { activity("enter", "files"); sleep(1); activity("leave", "files"); });
                activity("leave", "db");
            });
            "both"
            "#,
        ),
        (
            "short.rhai",
            r#"
            try { with_lock("db", #{ timeout: "1ms" }, || 1) } catch (e) { activity("note", e.kind); }
            with_lock("files", || { activity("enter", "files"); activity("leave", "files"); });
            child("twice.rhai", (), #{ id: "late" })
            "#,
        ),
    ],
    answers: given_back,
    cast: &[
        ("fails", "fails.rhai", "{}", None),
        ("twice", "twice.rhai", "{}", None),
        ("both", "both.rhai", "{}", None),
        ("short", "short.rhai", "{}", None),
    ],
    limits: NO_LIMITS,
    inside: &[("db", 1), ("files", 1)],
    ends: &[
        ("fails", "message: \"enough\""),
        ("twice", "Text(\"twice\")"),
        ("both", "Text(\"both\")"),
        ("short", "Text(\"twice\")"),
        ("late", "Text(\"twice\")"),
    ],
    order: &[],
};

const QUEUE_FILES: &[(&str, &str)] = &[
    ("report.rhai", r#"activity("enter", "reports"); sleep(2); activity("leave", "reports"); input"#),
    (
        "broken.rhai",
        r#"on_undo(|| activity("leave", "reports")); activity("enter", "reports"); sleep(1); activity("break");"#,
    ),
];

/// More reports than may run at once, in the order of their priority; one fails.
const QUEUE: Family = Family {
    name: "queue",
    files: QUEUE_FILES,
    answers: given_back,
    cast: &[
        ("a", "report.rhai", "1", Some(0)),
        ("b", "broken.rhai", "2", Some(0)),
        ("c", "report.rhai", "3", Some(5)),
        ("d", "report.rhai", "4", Some(-1)),
        ("e", "report.rhai", "5", Some(0)),
    ],
    limits: QueueLimits { max_concurrent: Some(2), rate: Some(Rate { count: 3, per_ms: 4_500 }) },
    inside: &[("reports", 2)],
    ends: &[("a", "Int(1)"), ("b", "broken"), ("c", "Int(3)"), ("d", "Int(4)"), ("e", "Int(5)")],
    order: &["c", "a", "b", "e", "d"],
};

const FAMILIES: [&Family; 3] = [&CHILDREN, &LOCKS, &QUEUE];

struct Recording {
    disk: CrashDisk,
    kept: Vec<Kept>,
    ends: BTreeMap<String, RunEnd>,
}

/// Brings a family to its end on a recording disk.
fn record(family: &Family, faults: Faults) -> Recording {
    let mut world = FamilyWorld::new(family);
    let disk = CrashDisk::default();
    // The file takes its name only when it is whole: it is made before the recording begins.
    drop(open(&disk, &world.clock).expect("makes"));
    disk.record(faults);
    let kept: Arc<Mutex<Acknowledged>> = Arc::default();
    let inner = open(&disk, &world.clock).expect("opens");
    let store = Arc::new(Witness { inner, disk: disk.clone(), kept: Arc::clone(&kept) });
    world.drive(Arc::clone(&store)).unwrap_or_else(|error| panic!("{}: {error}", family.name));
    let ends = ends(&store.inner).expect("ends");
    let kept = std::mem::take(&mut kept.lock().expect("kept").kept);
    Recording { disk, kept, ends }
}

#[derive(Debug, Default)]
struct Swept {
    points: usize,
    images: usize,
    resumed: usize,
}

/// Every image is checked; those that hold the same are taken up once.
fn sweep(family: &Family, recording: &Recording, seed: u64) -> Result<Swept, String> {
    let mut swept = Swept::default();
    let mut seen = BTreeSet::new();
    for crash in recording.disk.crashes(seed) {
        swept.points += 1;
        let until = recording.kept.partition_point(|kept| Some(kept.call) <= crash.acknowledged);
        for (number, image) in crash.images.into_iter().enumerate() {
            swept.images += 1;
            let place = |error| format!("{} at crash {}, image {number}: {error}", family.name, crash.point);
            let mut world = FamilyWorld::new(family);
            let store = Arc::new(open(&CrashDisk::holding(image), &world.clock).map_err(place)?);
            all_kept(store.as_ref(), recording.kept.iter().take(until)).map_err(place)?;
            if seen.insert(fingerprint(store.as_ref()).map_err(place)?) {
                swept.resumed += 1;
                resume(&mut world, recording, &store).map_err(place)?;
            }
        }
    }
    Ok(swept)
}

/// Takes a family up after a crash and brings it to its end.
fn resume(
    world: &mut FamilyWorld<'_>,
    recording: &Recording,
    store: &Arc<LocalSession>,
) -> Result<(), String> {
    let settled = world.read(store.as_ref())?;
    world.drive(Arc::clone(store))?;
    let ended = ends(store.as_ref())?;
    if ended != recording.ends {
        return Err(format!("they end as {ended:?}, not as {:?}", recording.ends));
    }
    match world.again(store.as_ref(), &settled)? {
        Some((run, op)) => Err(format!("op {op} of run {run} has its outcome on disk and was started again")),
        None => Ok(()),
    }
}

#[test]
fn no_crash_starts_a_child_twice_doubles_a_lock_or_loses_a_place_in_a_queue() {
    for family in FAMILIES {
        let recording = record(family, Faults::default());
        let swept = sweep(family, &recording, 7).expect("every crash is survived");
        assert!(swept.points > 100 && swept.images > 300 && swept.resumed > 30, "{}: {swept:?}", family.name);
    }
}

#[test]
fn a_planted_bug_among_runs_every_tenth_sync_ignored_is_found() {
    let faults = Faults { ignore_each_sync: Some(10), ..Faults::default() };
    assert!(sweep(&LOCKS, &record(&LOCKS, faults), 7).is_err());
}
