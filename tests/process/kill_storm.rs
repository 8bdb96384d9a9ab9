//! `kill -9` at a hundred random moments: each recorded step has run once, one that was running runs again with the same key.

use crate::world::{Chance, World, finish, send};
use durun::timer::{Clock, SystemClock};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const KILLS: u32 = 100;

/// Twenty steps: a shell, a function of the script, an executable's way of getting its key; each notes its key before it works.
const SCRIPT: &str = r#"
fn noted(x) {
    sh("echo \"$1 $2\" >>\"$3\"; sleep 0.02", [x.n, idempotency_key(), x.out]);
    1
}
let total = 0;
for n in 0..10 {
    let out = sh("echo \"$1 $DURUN_IDEMPOTENCY_KEY\" >>\"$2\"; sleep 0.02; echo 1", [n * 2, input.out]).stdout;
    total += parse_int(out);
    total += activity("noted", #{ n: n * 2 + 1, out: input.out });
}
print(`done ${total}`);
total
"#;

#[test]
fn each_recorded_step_has_run_once_and_nothing_else_repeats() {
    let mut chance = Chance::new(4_711);
    let mut killed = 0;
    let mut round = 0;
    while killed < KILLS {
        round += 1;
        killed += storm(&mut chance, round);
        assert!(round < 100, "only {killed} kills in {round} runs");
    }
}

/// One run, killed again and again until it completes; how often it was killed.
fn storm(chance: &mut Chance, round: u32) -> u32 {
    let world = World::new();
    let script = world.write("storm.rhai", SCRIPT);
    let out = format!("out={}", world.path("keys").display());
    let mut killed = 0;
    let mut recorded_before: BTreeSet<u64> = BTreeSet::new();
    // How often each step had begun when it was first seen recorded.
    let mut begun_when_recorded: BTreeMap<u64, usize> = BTreeMap::new();
    loop {
        let child = world.spawn(&["start", &script, "--id", "storm", "-i", &out]);
        // At the end of the storm it may go through.
        if killed < 12 {
            SystemClock.pause(Duration::from_millis(1 + chance.below(120)));
            send(&child, rustix::process::Signal::KILL);
        }
        let told = finish(child);
        let done: BTreeSet<u64> = if told.code == Some(0) { BTreeSet::new() } else { recorded(&world) };
        assert!(done.is_superset(&recorded_before) || told.code == Some(0), "a recorded step is gone");
        for op in done.difference(&recorded_before) {
            begun_when_recorded.insert(*op, begun(&world, *op).len());
        }
        match told.code {
            Some(0) => {
                assert_eq!(told.out, "20\n", "round {round}: {told:?}");
                break;
            }
            None => killed += 1,
            Some(code) => panic!("round {round}: exit {code}: {told:?}"),
        }
        recorded_before = done;
    }
    assert!(
        begun_when_recorded.len() >= 3,
        "hardly a step was recorded before a kill: the storm is too early"
    );
    for (op, times) in begun_when_recorded {
        assert_eq!(
            begun(&world, op).len(),
            times,
            "round {round}: step {op} ran again after it was recorded"
        );
    }
    let mut order = Vec::new();
    for line in world.lines("keys") {
        let step = line.split(' ').next().expect("a step").parse::<u64>().expect("a number");
        if order.last() != Some(&step) {
            order.push(step);
        }
    }
    assert_eq!(order, (0..20).collect::<Vec<u64>>(), "only a step under way repeats, and at once");
    for op in 0..20 {
        let keys: BTreeSet<String> = begun(&world, op).into_iter().collect();
        assert_eq!(keys.len(), 1, "round {round}: step {op} had other keys: {keys:?}");
    }
    killed
}

/// The steps that have their outcome in the history.
fn recorded(world: &World) -> BTreeSet<u64> {
    if !world.path("store").join("store.redb").exists() {
        return BTreeSet::new();
    }
    let told = world.run(&["history", "storm", "-o", "jsonl"]);
    let entries = told.out.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    entries
        .filter(|entry| entry["kind"] == "ActivityCompleted")
        .filter_map(|entry| entry["op"].as_u64())
        .collect()
}

/// The keys that a step has noted, one for each time it ran.
fn begun(world: &World, step: u64) -> Vec<String> {
    let begin = format!("{step} ");
    world.lines("keys").iter().filter_map(|line| line.strip_prefix(&begin).map(str::to_owned)).collect()
}
