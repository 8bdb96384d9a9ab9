//! Undo under kill -9: a trip with many bookings is given back; no booking stays and none that is recorded is given back again.

use crate::world::{World, finish, kill};
use std::collections::BTreeMap;

const SCRIPT: &str = r#"
on_failure(|err| exec(["sh", "-c", "echo told >>$LEDGER"]));
for n in 0..12 {
    exec(["sh", "-c", `echo book ${n} >>$LEDGER`], #{
        undo: || exec(["sh", "-c", `echo back ${n} >>$LEDGER; sleep 0.05; while [ ${n} = 0 ] && [ ! -e $LEDGER.end ]; do sleep 0.05; done
            grep -q " $DURUN_IDEMPOTENCY_KEY$" $LEDGER || echo paid ${n} $DURUN_IDEMPOTENCY_KEY >>$LEDGER; sleep 0.05`])
    });
}
fail("no car");
"#;

/// How often each line stands in the ledger.
fn counted(world: &World) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for line in world.lines("ledger") {
        *counted.entry(line).or_default() += 1;
    }
    counted
}

/// What is recorded of the way back: for each completed call after the failure its line.
fn recorded(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in world.completed("trip") {
        let text = entry["input"].to_string();
        let from = text.find("echo ").map_or(0, |place| place + 5);
        lines.push(text[from..].split(" >>").next().unwrap_or_default().to_owned());
    }
    lines
}

#[test]
fn kills_in_the_middle_of_undo_give_everything_back_and_nothing_recorded_twice() {
    let world = World::new();
    let script = world.write("trip.rhai", SCRIPT);
    let mut child = world.spawn(&["start", &script, "--id", "trip", "--env", "LEDGER"]);
    // What is recorded, and how often it was tried until then.
    let mut kept: Vec<String> = Vec::new();
    let mut tries: BTreeMap<String, usize> = BTreeMap::new();
    for backs in [2, 5, 8, 11] {
        let is_back = |line: &String| line.starts_with("back ");
        world.until("some are given back", |world| {
            (recorded(world).iter().filter(|line| is_back(line)).count() >= backs).then_some(())
        });
        assert!(kill(child), "it is still at work");
        let now = recorded(&world);
        assert_eq!(now[..kept.len()], kept[..], "what was recorded stays");
        let at_kill = counted(&world);
        for line in &now {
            let count = at_kill.get(line).copied().unwrap_or_default();
            assert_eq!(*tries.entry(line.clone()).or_insert(count), count, "recorded and done again: {line}");
        }
        kept = now;
        child = world.spawn(&["resume", "trip"]);
    }
    // However slow the machine is, what is given back last waited for the kills.
    world.write("ledger.end", "");
    let told = finish(child);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("no car"), "{told:?}");
    let ledger = counted(&world);
    for n in 0..12 {
        assert_eq!(ledger.get(&format!("book {n}")), Some(&1), "booked once: {ledger:?}");
        let paid = format!("paid {n} ");
        let times: usize =
            ledger.iter().filter(|(line, _)| line.starts_with(&paid)).map(|(_, times)| times).sum();
        assert_eq!(times, 1, "paid back once, by its key: {ledger:?}");
    }
    for line in &kept {
        assert_eq!(ledger.get(line), tries.get(line), "recorded and done again: {line}");
    }
    assert_eq!(ledger.get("told"), Some(&1));
    let backs: Vec<String> = recorded(&world).into_iter().filter(|line| line.starts_with("back ")).collect();
    let newest_first: Vec<String> = (0..12).rev().map(|n| format!("back {n}")).collect();
    assert_eq!(backs, newest_first);
}
