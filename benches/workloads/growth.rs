//! Cost grows as work grows: a step's price by the entries that are stored, the steps of its run, and the runs at once.

use super::steps::steps;
use super::world::{Text, World};
use super::yard::{Yard, median, timed};
use serde_json::{Value, json};
use std::sync::Arc;

fn tell(yard: &Yard, what: &str, x: u64, seconds: f64) {
    let mut facts = yard.price(seconds);
    if let Value::Object(facts) = &mut facts {
        facts.insert("x".to_owned(), json!(x));
    }
    yard.tell(what, &facts);
}

/// W1 and W2 on stores that have 1 k, 100 k, 1 M and 10 M entries already.
pub(crate) fn stored(yard: &Yard) {
    let mut world = World::open(&yard.folder("stored"));
    let mut there = 0;
    for entries in [1000, 100_000, 1_000_000, 10_000_000].map(|entries| yard.scaled(entries)) {
        let runs = entries.saturating_sub(there) / 1000 + 1;
        world.complete(&steps(1000), runs, 1000);
        there += runs * 1000;
        let rounds = yard.rounds(3, || {
            let (lone, ()) = timed(|| world.complete(&steps(300), 1, 1));
            let (many, ()) = timed(|| world.complete(&steps(10), 1000, 128));
            vec![("lone", lone / 300.0), ("many", many / 10_000.0)]
        });
        tell(yard, "stored entries, one run", entries, median(&rounds["lone"]));
        tell(yard, "stored entries, 128 in flight", entries, median(&rounds["many"]));
    }
}

/// One run of 10, 1 k and 100 k steps: the price of a step.
pub(crate) fn long_run(yard: &Yard) {
    for length in [10, 1000, yard.scaled(100_000)] {
        let rounds = yard.rounds(if length > 1000 { 1 } else { 5 }, || {
            let mut world = World::open(&yard.folder("long"));
            vec![("run", timed(|| world.complete(&steps(length), 1, 1)).0 / length as f64)]
        });
        tell(yard, "steps of the run", length, median(&rounds["run"]));
    }
}

/// 1 to 10,000 runs at once.
pub(crate) fn concurrent(yard: &Yard) {
    for runs in [1, 10, 100, 1000, yard.scaled(10_000)] {
        let rounds = yard.rounds(3, || {
            let mut world = World::open(&yard.folder("concurrent"));
            vec![("step", timed(|| world.complete(&steps(20), runs, runs)).0 / (runs * 20) as f64)]
        });
        tell(yard, "runs at once", runs, median(&rounds["step"]));
    }
}

/// A step of a lone run beside 1 to 10,000 that only wait in the same process.
pub(crate) fn among_waiting(yard: &Yard) {
    for waiting in [1, 100, 1000, yard.scaled(10_000)] {
        let mut world = World::open(&yard.folder("among"));
        let (mut worker, inputs) = world.worker(Arc::new(|_, _| ()));
        for (run, epoch) in world.start(&Text("wait_signal(\"go\");".to_owned()), waiting, true) {
            worker.adopt(run, epoch).expect("adopts");
        }
        while worker.turn().expect("turns") {}
        let rounds = yard.rounds(3, || {
            let (seconds, ()) = timed(|| {
                for (run, epoch) in world.start(&steps(300), 1, true) {
                    worker.adopt(run, epoch).expect("adopts");
                }
                while worker.take_finished().is_empty() {
                    for input in inputs.try_iter() {
                        worker.take(input);
                    }
                    worker.turn().expect("turns");
                }
            });
            vec![("step", seconds / 300.0)]
        });
        tell(yard, "runs that wait beside it", waiting, median(&rounds["step"]));
    }
}
