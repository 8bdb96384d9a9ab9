//! W1, W2, W3: steps of one run, of many at once, and the whole way of a run with one step.

use super::world::{Text, World};
use super::yard::{Yard, median, rank, round, timed};
use serde_json::json;

/// A script of so many steps that do nothing.
pub(crate) fn steps(number: u64) -> Text {
    Text(format!("for n in 0..{number} {{ step(\"s\", || n); }}"))
}

/// W1: one run of 1,000 steps in sequence.
pub(crate) fn lone(yard: &Yard) {
    const STEPS: u64 = 1000;
    let rounds = yard.rounds(5, || {
        let mut world = World::open(&yard.folder("w1"));
        vec![("w1", timed(|| world.complete(&steps(STEPS), 1, 1)).0 / STEPS as f64)]
    });
    yard.tell("one run, a step", &yard.price(median(&rounds["w1"])));
}

/// W2: 1,000 runs of 10 steps, 128 in flight; and 4,000 with 1,000 in flight.
pub(crate) fn many(yard: &Yard) {
    const STEPS: u64 = 10;
    for (runs, in_flight) in [(1000, 128), (4000, 1000)] {
        let rounds = yard.rounds(5, || {
            let mut world = World::open(&yard.folder("w2"));
            vec![("w2", timed(|| world.complete(&steps(STEPS), runs, in_flight)).0 / (runs * STEPS) as f64)]
        });
        yard.tell(&format!("{in_flight} in flight, a step"), &yard.price(median(&rounds["w2"])));
    }
}

/// W2 on several executing threads: the same runs, each pinned to one of them.
pub(crate) fn many_on_threads(yard: &Yard) {
    const STEPS: u64 = 10;
    for (runs, in_flight) in [(1000, 128), (4000, 1000)] {
        for threads in [1, 2, 3] {
            let rounds = yard.rounds(5, || {
                let mut world = World::open(&yard.folder("w2"));
                let took = timed(|| world.complete_on(threads, &steps(STEPS), runs, in_flight)).0;
                vec![("w2", took / (runs * STEPS) as f64)]
            });
            let name = format!("{in_flight} in flight on {threads} threads, a step");
            yard.tell(&name, &yard.price(median(&rounds["w2"])));
        }
    }
}

/// W3: start to result of a run with one step, in a process that is there already.
pub(crate) fn start_to_result(yard: &Yard) {
    let mut all = Vec::new();
    yard.rounds(5, || {
        let mut world = World::open(&yard.folder("w3"));
        all.extend((0..40).map(|_| timed(|| world.complete(&steps(1), 1, 1)).0));
        Vec::new()
    });
    let mut facts = yard.price(median(&all));
    facts["p99_us"] = json!(round(rank(&all, 0.99) * 1e6));
    yard.tell("start to result", &facts);
}

/// W2 once, 500 runs with 128 in flight and no floor beside it: for counting instructions.
pub(crate) fn many_once(yard: &Yard) {
    let mut world = World::open(&yard.folder("w2"));
    let (seconds, ()) = timed(|| world.complete(&steps(10), 500, 128));
    yard.tell("128 in flight, once", &json!({ "us": round(seconds / 5_000.0 * 1e6) }));
}
