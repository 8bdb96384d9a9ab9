//! Slots under ticks that come at once and are killed: each has one run, and each run comes to its end.

use crate::world::{Chance, World, kill};
use durun::history::Moment;
use durun::store::{Answer, Request, ScheduleChange, SharedStore, Store as _};
use durun::timer::{Clock as _, SystemClock};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const SLOTS: usize = 30;

fn asleep(world: &World, ms: i64) {
    let store = SharedStore::open(&world.path("store"), Arc::new(SystemClock)).expect("opens");
    let Ok(Answer::Schedules(all)) = store.ask(Request::Schedules) else { panic!("lists") };
    let mut row = all.rows.into_iter().next().expect("a schedule");
    let (name, expected) = (row.name.clone(), row.version);
    row.version += 1;
    row.considered = Moment(row.considered.0 - ms);
    let change = ScheduleChange { name, expected, row: Some(row), starts: Vec::new() };
    store.ask(Request::Schedule(Box::new(change))).expect("changes");
}

#[test]
fn ticks_at_once_and_killed_start_each_slot_once() {
    let mut chance = Chance::new(41);
    let world = World::new();
    world
        .write("s.rhai", "let n = step(\"one\", || sh(\"echo $DURUN_SLOT >>told; sleep 0.02\")); input.slot");
    let words = ["schedule", "add", "m", "* * * * *", "s.rhai", "--overlap", "allow", "--catchup", "all"];
    world.quiet(&words);
    asleep(&world, i64::try_from(SLOTS).expect("small") * 60_000);
    for _ in 0..6 {
        let ticks: Vec<_> = (0..3).map(|_| world.spawn(&["tick"])).collect();
        SystemClock.pause(Duration::from_millis(chance.below(150)));
        for tick in ticks {
            kill(tick);
        }
    }
    world.quiet(&["tick"]);
    let row: serde_json::Value =
        serde_json::from_str(&world.quiet(&["schedule", "list", "-o", "jsonl"])).expect("JSON");
    let recent = row["recent"].as_array().expect("records");
    assert!(recent.iter().all(|record| record["fate"] == "started"), "{row}");
    let started: BTreeSet<String> =
        recent.iter().map(|record| record["run"].as_str().expect("a run").to_owned()).collect();
    // A minute may have begun meanwhile.
    assert!(started.len() == recent.len() && started.len() >= SLOTS, "{} {}", started.len(), recent.len());
    let listed = world.quiet(&["list", "-a", "-o", "jsonl"]);
    let runs: Vec<serde_json::Value> =
        listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: BTreeSet<String> =
        runs.iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!((ids, runs.len()), (started.clone(), started.len()));
    for run in &runs {
        assert_eq!(run["status"], "completed", "{run}");
        assert_eq!(run["schedule"]["slot"], run["result"], "{run}");
    }
    let told: BTreeSet<String> = world.lines("told").into_iter().collect();
    assert_eq!(told.len(), started.len());
    world.quiet(&["missed"]);
}

#[test]
fn a_server_fires_what_is_due_and_what_falls_due() {
    let world = World::new();
    world.write("s.rhai", "input.slot");
    let server = world.spawn(&["serve"]);
    world.quiet(&["schedule", "add", "m", "0 * * * *", "s.rhai", "--tz", "UTC"]);
    asleep(&world, 3_600_000);
    let run = world.until("a slot is fired", |world| {
        let told = world.run(&["list", "-a", "-o", "jsonl"]);
        let run: serde_json::Value = serde_json::from_str(told.out.lines().next()?).ok()?;
        (run["status"] == "completed").then_some(run)
    });
    assert_eq!(run["schedule"]["name"], "m");
    assert_eq!(run["schedule"]["slot"], run["result"]);
    assert!(kill(server));
}

#[test]
fn a_server_tells_whoever_is_to_hear_of_missed_slots() {
    let world = World::new();
    world.write("durun.toml", "[notify]\non_missed = \"cat >>told\"\n");
    let script = world.write("s.rhai", "1");
    world.quiet(&["schedule", "add", "m", "0 * * * *", "s.rhai", "--tz", "UTC"]);
    std::fs::remove_file(script).expect("gone");
    asleep(&world, 3_600_000);
    let server = world.spawn(&["serve"]);
    let told = world.until("it is told", |world| world.lines("told").first().cloned());
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["event"], &told["schedule"]), (&"missed".into(), &"m".into()));
    world.until("its run has ended", |world| {
        let listed = world.run(&["list", "-a", "-o", "jsonl"]).out;
        (listed.contains("m.on_missed.") && listed.contains("\"status\":\"completed\"")).then_some(())
    });
    assert!(kill(server));
    assert_eq!(world.lines("told").len(), 1, "once");
}
