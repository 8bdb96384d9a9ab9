//! A script of twenty steps killed at two hundred random moments: what is recorded never runs again, the rest does.
//!
//! `DURUN_SOAK=full` kills ten thousand times.

use crate::world::{Chance, World, figure, finish, kill, quiet};
use durun::timer::{Clock as _, SystemClock};
use std::collections::BTreeMap;
use std::time::Duration;

/// Runs that are killed at the same time, each in a world of its own.
const LANES: u64 = 2;
const STEPS: usize = 20;

/// Each step appends its key and the process that executes it, then works for a while.
const SCRIPT: &str = r#"
fn body(about) {
    sh("echo \"$1 $DURUN_OP $PPID\" >>\"$2\"; sleep 0.01", [idempotency_key(), about.file]);
    about.number
}

let total = 0;
for number in 0..20 {
    if number % 2 == 0 {
        let text = "echo \"$DURUN_IDEMPOTENCY_KEY $DURUN_OP $PPID\" >>\"$2\"; sleep 0.01; echo \"$1\"";
        total += parse_int(sh(text, [`${number}`, input.file]).stdout);
    } else {
        total += activity("body", #{ number: number, file: input.file });
    }
    print(`step ${number}`);
}
total
"#;

/// One process's life: who it was, and how many steps were recorded before and after it.
struct Life {
    pid: u32,
    before: usize,
    after: usize,
}

#[test]
fn two_hundred_kills_repeat_only_the_step_that_was_running() {
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            scope.spawn(move || {
                let mut chance = Chance::new(4_711 + lane);
                let mut left = figure(100, 5_000);
                while left > 0 {
                    one_run(&mut chance, &mut left);
                }
            });
        }
    });
}

/// One run in a world of its own, killed until it completes between two kills, or until no kills are left.
fn one_run(chance: &mut Chance, left: &mut u32) {
    let world = World::new();
    world.write("storm.rhai", SCRIPT);
    let file = format!("file={}", world.path("keys").display());
    let mut lives = Vec::new();
    let mut before = 0;
    let end = loop {
        let known = lives.iter().any(|life: &Life| life.after > 0);
        let process = if known && chance.below(2) == 0 {
            world.spawn(&["resume", "storm"])
        } else {
            world.spawn(&["start", "storm.rhai", "--id", "storm", "-i", &file])
        };
        let pid = process.id();
        if *left == 0 {
            lives.push(Life { pid, before, after: STEPS });
            break finish(process);
        }
        // Up to the whole script's time: early moments, where little has happened yet, are as welcome.
        let most = if chance.below(4) == 0 { 20_000 } else { 250_000 };
        SystemClock.pause(Duration::from_micros(chance.below(most)));
        if !kill(process) {
            // It was faster than the kill: another one reports what it came to.
            lives.push(Life { pid, before, after: STEPS });
            break world.run(&["resume", "storm", "--quiet"]);
        }
        *left -= 1;
        let after = recorded(&world, "storm");
        assert!(after >= before, "a recorded step is gone: {before} then {after}");
        lives.push(Life { pid, before, after });
        before = after;
    };
    assert_eq!(quiet(&end), "190");
    assert_eq!(recorded(&world, "storm"), STEPS);
    let printed: Vec<String> = (0..STEPS).map(|number| format!("step {number}")).collect();
    let log = world.quiet(&["logs", "storm", "-o", "jsonl"]);
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    // What attempts wrote is there too: one that a kill cut off wrote it as well.
    let texts = lines.filter(|line| line["op"].is_null());
    assert!(texts.map(|line| line["text"].clone()).eq(printed), "each line is logged once: {log}");
    check(&world.lines("keys"), &lives);
}

/// How many steps are recorded; the ops are counted from zero without a gap.
fn recorded(world: &World, id: &str) -> usize {
    let ops: Vec<u64> =
        world.completed(id).iter().map(|entry| entry["op"].as_u64().expect("an op")).collect();
    assert!((0_u64..).zip(&ops).all(|(number, op)| number == *op), "recorded twice or with a gap: {ops:?}");
    ops.len()
}

fn check(lines: &[String], lives: &[Life]) {
    let mut keys: BTreeMap<usize, &str> = BTreeMap::new();
    let mut ran: BTreeMap<(u32, usize), u32> = BTreeMap::new();
    for line in lines {
        let [key, op, pid]: [&str; 3] = line.split(' ').collect::<Vec<_>>().try_into().expect("three words");
        let op: usize = op.parse().expect("a number");
        assert_eq!(*keys.entry(op).or_insert(key), key, "op {op} ran under two keys");
        *ran.entry((pid.parse().expect("a number"), op)).or_default() += 1;
    }
    let mut distinct: Vec<&str> = keys.values().copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((keys.len(), distinct.len()), (STEPS, STEPS), "each step has run, under a key of its own");
    for Life { pid, before, after } in lives {
        for op in 0..STEPS {
            let times = ran.remove(&(*pid, op)).unwrap_or(0);
            let told =
                format!("op {op} ran {times} times in process {pid}, which went from {before} to {after}");
            if (*before..*after).contains(&op) {
                assert_eq!(times, 1, "{told}");
            } else {
                // The one that was running at the kill may or may not have come to its key.
                assert!(times <= u32::from(op == *after), "{told}");
            }
        }
    }
    // A child that was killed so early that it saw no parent any more.
    for (pid, op) in ran.keys() {
        assert!(
            lives.iter().any(|life| life.after == *op),
            "op {op} ran in process {pid}, which is none of ours"
        );
    }
}
