//! What a person waits for: whole processes of durun, beside a process that does nothing; and the syncs of a step.

use super::steps::steps;
use super::world::World;
use super::yard::{Yard, median, round, timed};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

const TIMES: usize = 15;

pub(crate) fn durun(store: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_durun"));
    command.args(arguments).env("DURUN_STORE", store).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Seconds of one process that must succeed.
fn once(command: &mut Command) -> f64 {
    let (seconds, status) = timed(|| command.status().expect("runs"));
    assert!(status.success(), "{command:?}: {status}");
    seconds
}

fn script(folder: &Path, number: u64) -> String {
    let path = folder.join(format!("steps-{number}.rhai"));
    std::fs::write(&path, steps(number).0).expect("written");
    path.display().to_string()
}

/// Tells the median of a command beside that of a process that does nothing.
fn tell(yard: &Yard, what: &str, mut command: impl FnMut() -> Command) {
    let rounds = yard.rounds(TIMES, || {
        vec![("empty", once(&mut Command::new("/bin/true"))), ("durun", once(&mut command()))]
    });
    let (empty, durun) = (median(&rounds["empty"]), median(&rounds["durun"]));
    yard.tell(
        what,
        &json!({ "ms": round(durun * 1e3), "empty_ms": round(empty * 1e3), "more_ms": round((durun - empty) * 1e3) }),
    );
}

/// W3 as a process: `durun start` of a script with one step, each time in a new store.
pub(crate) fn cold_start(yard: &Yard) {
    let folder = yard.folder("cold");
    let script = script(&folder, 1);
    tell(yard, "durun start of 1 step, a new store", || durun(&yard.folder("new"), &["start", &script]));
    let store = yard.folder("kept");
    tell(yard, "durun start of 1 step, the same store", || durun(&store, &["start", &script]));
}

/// W7: the same on the store that 1,000 runs of 10 steps left.
pub(crate) fn existing_store(yard: &Yard) {
    // A store's directory is its own: the script lies elsewhere.
    let (folder, script) = (yard.folder("w7"), script(&yard.folder("w7-script"), 1));
    World::open(&folder).complete(&steps(10), 1000, 128);
    tell(yard, "launch to the result of a first step", || durun(&folder, &["start", &script]));
}

/// `status`, `list` and `signal` on a store of 1 M entries.
pub(crate) fn large_store(yard: &Yard) {
    let entries = yard.scaled(1_000_000);
    let folder = yard.folder("large");
    let mut world = World::open(&folder);
    world.complete(&steps(1000), entries.div_ceil(1000), 1000);
    world.start(&super::world::Text("wait_signal(\"go\");".to_owned()), 1, false);
    drop(world);
    let last = format!("run-{}", entries.div_ceil(1000) + 1);
    for arguments in [vec!["status", &last], vec!["list", "--limit", "20"], vec!["signal", &last, "go"]] {
        tell(yard, &format!("durun {}, {entries} entries", arguments[0]), || durun(&folder, &arguments));
    }
}

/// W0: sync calls of a step: those of a run of 1,100 steps less those of one of 100, by strace.
pub(crate) fn syncs(yard: &Yard) {
    let folder = yard.folder("w0");
    let count = |number: u64| -> Option<u64> {
        let report = folder.join("report");
        let script = script(&folder, number);
        let status = Command::new("strace")
            .args(["-f", "-c", "-e", "trace=fsync,fdatasync,msync,sync_file_range,sync,syncfs", "-o"])
            .arg(&report)
            .args([env!("CARGO_BIN_EXE_durun"), "start", &script])
            .env("DURUN_STORE", folder.join(format!("store-{number}")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .ok()?;
        assert!(status.success(), "{status}");
        let text = std::fs::read_to_string(&report).expect("a report");
        let total = text.lines().find(|line| line.trim_end().ends_with("total"))?;
        // % time, seconds, usecs/call, calls, (errors,) total
        total.split_whitespace().nth(3)?.parse().ok()
    };
    match (count(100), count(1100)) {
        (Some(few), Some(many)) => yard.tell(
            "syncs of a step",
            &json!({ "syncs_per_step": round((many - few) as f64 / 1000.0), "of_100_steps": few, "of_1100_steps": many }),
        ),
        _ => yard.tell("syncs of a step", &json!({ "skipped": "there is no strace" })),
    }
}
