//! W6: 500 runs of 10 steps are killed half-way; how long until all have ended, beside the same steps run fresh.

use super::steps::steps;
use super::world::World;
use super::yard::{Yard, median, round, timed};
use durun::worker::Progress;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const RUNS: u64 = 500;
const STEPS: u64 = 10;

/// From opening the store that the killed process left to the last end.
pub(crate) fn recovery(yard: &Yard) {
    let rounds = yard.rounds(5, || {
        let folder = yard.folder("w6");
        let this = std::env::current_exe().expect("this program");
        let killed = Command::new(this).env("DURUN_BENCH_ROLE", &folder).status().expect("runs");
        assert!(killed.code().is_none(), "it was to be killed: {killed}");
        let (recovered, left) = timed(|| World::open(&folder).recover());
        assert_eq!(left, RUNS);
        let (fresh, ()) =
            timed(|| World::open(&yard.folder("w6-fresh")).complete(&steps(STEPS / 2), RUNS, RUNS));
        vec![("recovered", recovered), ("fresh", fresh)]
    });
    let (recovered, fresh) = (median(&rounds["recovered"]), median(&rounds["fresh"]));
    yard.tell(
        "500 runs killed half-way",
        &json!({
            "recovered_ms": round(recovered * 1e3),
            "fresh_ms": round(fresh * 1e3),
            "times_fresh": round(recovered / fresh),
        }),
    );
}

/// The process that is killed when half of its steps are recorded.
pub(crate) fn play(folder: &str) {
    let mut world = World::open(Path::new(folder));
    // All of them are half-way when it is killed.
    world.moving = Some(usize::MAX);
    let runs = world.start(&steps(STEPS), RUNS, true);
    let done = AtomicU64::new(0);
    let (mut worker, inputs) = world.worker(Arc::new(move |_, progress| {
        if matches!(progress, Progress::Outcome { .. })
            && done.fetch_add(1, Ordering::Relaxed) + 1 == RUNS * STEPS / 2
        {
            drop(Command::new("kill").args(["-9", &std::process::id().to_string()]).status());
        }
    }));
    for (run, epoch) in runs {
        worker.adopt(run, epoch).expect("adopts");
    }
    drop(worker.drive(&inputs));
}
