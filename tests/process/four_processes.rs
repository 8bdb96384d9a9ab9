//! Four processes with fifty runs each on one store, every second one killed again and again.

use crate::world::{Chance, World, finish, kill, quiet};
use durun::timer::{Clock as _, SystemClock};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::time::Duration;

const PROCESSES: usize = 4;
const RUNS_EACH: usize = 50;
const KILLS_EACH: usize = 4;
const STEPS: usize = 6;

/// A step tells in one file when it begins and ends, for which run, and in which process.
const SCRIPT: &str = r#"
let pids = [];
for number in 0..6 {
    let text = `echo "begin $DURUN_RUN_ID $DURUN_OP $PPID" >>"$1"
        sleep 0.02
        echo "end $DURUN_RUN_ID $DURUN_OP $PPID" >>"$1"
        echo $PPID`;
    pids.push(parse_int(sh(text, [input.file]).stdout));
}
pids
"#;

/// The pid that each recorded step of a run ran in, by op.
type Recorded = BTreeMap<u64, u64>;

#[test]
fn two_hundred_runs_complete_while_every_second_process_is_killed() {
    let mut chance = Chance::new(99);
    let world = World::new();
    world.write("step.rhai", SCRIPT);
    let ids: Vec<Vec<String>> = (0..PROCESSES)
        .map(|process| (0..RUNS_EACH).map(|run| format!("run-{process}-{run:02}")).collect())
        .collect();
    record(&world, &ids);

    let mut steady = Vec::new();
    let mut shaken = Vec::new();
    for (number, ids) in ids.iter().enumerate() {
        let args: Vec<&str> = ["resume"].into_iter().chain(ids.iter().map(String::as_str)).collect();
        let process = world.spawn(&args);
        if number % 2 == 0 { steady.push(process) } else { shaken.push(process) }
    }
    let pids: Vec<u32> = steady.iter().chain(&shaken).map(Child::id).collect();
    world.until("each process executing", |world| {
        let lines = world.lines("told");
        pids.iter().all(|pid| lines.iter().any(|line| line.ends_with(&format!(" {pid}")))).then_some(())
    });

    let mut killed = BTreeSet::new();
    let mut acknowledged: BTreeMap<String, Recorded> = BTreeMap::new();
    for _ in 0..KILLS_EACH * shaken.len() {
        SystemClock.pause(Duration::from_millis(50 + chance.below(350)));
        let oldest = shaken.remove(0);
        let pid = oldest.id();
        if kill(oldest) {
            killed.insert(u64::from(pid));
        }
        shaken.push(world.spawn(&["resume", "--all", "--quiet"]));
        for _ in 0..3 {
            let id = &ids[pick(&mut chance, PROCESSES)][pick(&mut chance, RUNS_EACH)];
            keep(acknowledged.entry(id.clone()).or_default(), recorded(&world, id), id);
        }
    }
    for process in steady {
        quiet(&finish(process));
    }
    for process in shaken {
        quiet(&finish(process));
    }
    let told = world.lines("told");
    let active = |pid: &&u64| told.iter().any(|line| line.ends_with(&format!(" {pid}")));
    let active = killed.iter().filter(active).count();
    assert!(active >= 2);
    // What a process was killed with after its fellows had begun waits for the next one, as after a reboot.
    world.quiet(&["resume", "--all", "--quiet"]);
    check(&world, &ids.concat(), &killed, acknowledged);
}

fn pick(chance: &mut Chance, of: usize) -> usize {
    usize::try_from(chance.below(u64::try_from(of).expect("a number"))).expect("a number")
}

fn record(world: &World, ids: &[Vec<String>]) {
    let file = format!("file={}", world.path("told").display());
    let file = file.as_str();
    std::thread::scope(|scope| {
        for ids in ids {
            scope.spawn(move || {
                for id in ids {
                    let args = ["start", "step.rhai", "--record-only", "--id", id, "-i", file];
                    assert_eq!(world.quiet(&args), *id);
                }
            });
        }
    });
}

fn recorded(world: &World, id: &str) -> Recorded {
    let pid =
        |entry: &Value| entry["result"]["stdout"].as_str().expect("a number").parse().expect("a number");
    world.completed(id).iter().map(|entry| (entry["op"].as_u64().expect("an op"), pid(entry))).collect()
}

/// What was recorded once stays as it was.
fn keep(known: &mut Recorded, now: Recorded, id: &str) {
    for (op, pid) in known.iter() {
        assert_eq!(now.get(op), Some(pid), "{id}, op {op}: an acknowledged step is lost or was repeated");
    }
    *known = now;
}

fn check(world: &World, ids: &[String], killed: &BTreeSet<u64>, mut known: BTreeMap<String, Recorded>) {
    let mut told: BTreeMap<&str, Vec<(bool, u64, u64)>> = BTreeMap::new();
    let lines = world.lines("told");
    for line in &lines {
        let [what, id, op, pid]: [&str; 4] =
            line.split(' ').collect::<Vec<_>>().try_into().expect("four words");
        told.entry(id).or_default().push((
            what == "begin",
            op.parse().expect("a number"),
            pid.parse().expect("a number"),
        ));
    }
    let listed = world.quiet(&["list", "-a", "-o", "jsonl"]);
    let listed: Vec<Value> =
        listed.lines().map(|line| serde_json::from_str(line).expect("a number")).collect();
    assert_eq!(listed.len(), PROCESSES * RUNS_EACH);
    assert!(listed.iter().all(|run| run["status"] == "completed"), "{listed:#?}");
    for id in ids {
        let recorded = recorded(world, id);
        keep(known.entry(id.clone()).or_default(), recorded.clone(), id);
        assert!(
            recorded.keys().copied().eq(0..u64::try_from(STEPS).expect("a number")),
            "{id}: {recorded:?}"
        );
        check_run(id, &told[id.as_str()], &recorded, killed);
    }
}

/// One run's lines, in the order in which they were appended.
fn check_run(id: &str, told: &[(bool, u64, u64)], recorded: &Recorded, killed: &BTreeSet<u64>) {
    // One process after another: none comes back, and each but the last was killed.
    let mut owners: Vec<u64> = told.iter().map(|(_, _, pid)| *pid).collect();
    owners.dedup();
    let distinct: BTreeSet<u64> = owners.iter().copied().collect();
    assert_eq!(distinct.len(), owners.len(), "{id}: two processes at once: {told:?}");
    let (_, earlier) = owners.split_last().expect("a number");
    assert!(earlier.iter().all(|pid| killed.contains(pid)), "{id}: taken from a living process: {told:?}");
    // Each step begins once in a process, in order; it ends at most once there, and for good in the last.
    for (op, pid) in recorded {
        let of_op: Vec<(bool, u64)> =
            told.iter().filter(|line| line.1 == *op).map(|line| (line.0, line.2)).collect();
        assert_eq!(of_op.last(), Some(&(false, *pid)), "{id}, op {op}: repeated after its record: {of_op:?}");
        let once: BTreeSet<&(bool, u64)> = of_op.iter().collect();
        assert_eq!(once.len(), of_op.len(), "{id}, op {op}: twice in one process: {of_op:?}");
    }
    let ops: Vec<u64> = told.iter().map(|(_, op, _)| *op).collect();
    assert!(ops.is_sorted(), "{id}: a recorded step ran again: {told:?}");
}
