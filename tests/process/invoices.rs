//! Three thousand invoices, two runs under two ids, kills: each invoice is billed once.

use crate::world::{Chance, World, finish, kill};
use durun::timer::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::time::Duration;

const INVOICES: usize = 3_000;
/// How many strands of the sample are at work at once in each process. A strand goes on only when its outcome is on
/// disk, so that no kill can repeat more calls; the four that may run at the same moment (`max_concurrent`) are fewer,
/// since a call that has ended makes room for the next before its outcome is recorded.
const STRANDS: usize = 8;

/// How often the provider heard each key.
fn calls(world: &World) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for line in world.lines("ledger") {
        let key = line.split(' ').next().unwrap_or_default().to_owned();
        *calls.entry(key).or_insert(0) += 1;
    }
    calls
}

#[test]
fn three_thousand_invoices_are_billed_once_whatever_is_killed_or_started_under_another_id() {
    let mut chance = Chance::new(13);
    let world = World::new();
    let script = World::sample("invoices.rhai");
    let count = format!("count:={INVOICES}");
    let start = |id: &str| {
        world.spawn(&[
            "start",
            &script,
            "--id",
            id,
            "-i",
            &count,
            "-i",
            "yes:=true",
            "-i",
            "rate=100000/s",
            "--env",
            "LEDGER",
        ])
    };
    let mut runs = [("march", start("march")), ("march-again", start("march-again"))];
    let mut kills = 0;
    // Ten kills while there is something to do: first one run, then the other, then both at once.
    for round in 0..10 {
        let before = calls(&world).len();
        world.until("progress", |world| (calls(world).len() >= (before + 100).min(INVOICES)).then_some(()));
        SystemClock.pause(Duration::from_millis(chance.below(100)));
        for (place, (id, child)) in runs.iter_mut().enumerate() {
            if round % 3 == 2 || round % 2 == place {
                kills += usize::from(kill(std::mem::replace(child, start(id))));
            }
        }
    }
    for (_, child) in runs {
        let told = finish(child);
        assert_eq!(told.out.trim_end(), format!(r#"{{"billed":{INVOICES},"failed":[]}}"#), "{told:?}");
    }
    assert!(kills >= 8, "{kills} killed while they were at work");
    let calls = calls(&world);
    assert_eq!(calls.len(), INVOICES, "every invoice, each under its own key");
    let repeated: usize = calls.values().map(|times| times - 1).sum();
    // What was under way at a kill is called again, with the same key: the provider counts it once.
    assert!(repeated <= kills * STRANDS, "{repeated} repeated calls after {kills} kills");

    // A third time, under a third id: all are served, and the provider hears nothing.
    assert_eq!(
        world.quiet(&["start", &script, "--id", "march-once-more", "-i", &count, "-i", "yes:=true"]),
        format!(r#"{{"billed":{INVOICES},"failed":[]}}"#)
    );
}
