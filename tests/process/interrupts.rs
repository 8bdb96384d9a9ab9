//! Ctrl-C once, twice, and a terminal that goes away.

use crate::world::{World, finish, send};
use durun::timer::{Clock, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

const STUBBORN: &str = "sh(\"trap '' TERM INT HUP; echo begun >>\\\"$LEDGER\\\"; sleep 600; sleep 600\", [], #{ env: #{ LEDGER: input.ledger } });";

/// A signal to durun alone: the terminal's own would reach the child, too, which does not mind.
fn tell(child: &std::process::Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, signal).expect("it lives");
}

fn begun(world: &World) -> std::process::Child {
    let script = world.write("s.rhai", STUBBORN);
    let ledger = format!("ledger={}", world.path("ledger").display());
    let child = world.spawn(&["start", &script, "--id", "r", "-i", &ledger]);
    world.until("the child", |world| (!world.lines("ledger").is_empty()).then_some(()));
    child
}

fn no_child_is_left(world: &World) {
    let left = std::fs::read_dir(world.path("store/children")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "the child is gone, and so is its note");
}

#[test]
fn a_second_interrupt_does_not_wait_for_a_stubborn_child() {
    let world = World::new();
    let child = begun(&world);
    let began = SystemClock.monotonic();
    tell(&child, Signal::INT);
    SystemClock.pause(Duration::from_millis(300));
    tell(&child, Signal::INT);
    let told = finish(child);
    // A patient one takes the whole grace of ten seconds.
    assert!(SystemClock.monotonic().saturating_sub(began) < Duration::from_secs(9), "it was in no hurry");
    assert_eq!(told.code, Some(130), "{told:?}");
    assert!(told.err.contains(" resume r\n"), "{}", told.err);
    no_child_is_left(&world);
    assert_eq!(world.status("r")["status"], "parked");
}

#[test]
fn a_terminal_that_goes_away_parks_the_run() {
    let world = World::new();
    let script = world.write("s.rhai", "wait_signal(\"go\")");
    let child = world.spawn(&["start", &script, "--id", "r"]);
    world.until_waits_for("r", "wait_signal");
    send(&child, Signal::HUP);
    let told = finish(child);
    assert_eq!(told.code, Some(143), "{told:?}");
    let status = world.status("r");
    assert_eq!((&status["executor"], &status["error"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    world.good(&["signal", "r", "go", "7"]);
    assert_eq!(world.quiet(&["resume", "r"]), "7");
}

#[test]
fn a_process_whose_store_was_removed_ends_when_it_is_told_to() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"echo begun >>$LEDGER\"); sleep(\"1h\")");
    let owner = world.spawn(&["start", &script, "--id", "a", "--env", "LEDGER"]);
    world.until("the first", |world| (world.lines("ledger").len() == 1).then_some(()));
    let client = world.spawn(&["start", &script, "--id", "b", "--env", "LEDGER"]);
    world.until("the second", |world| (world.lines("ledger").len() == 2).then_some(()));
    world.until_waits_for("a", "sleep");
    world.until_waits_for("b", "sleep");
    std::fs::remove_dir_all(world.path("store")).expect("removed");
    for (child, signal, code) in [(owner, Signal::TERM, 143), (client, Signal::INT, 130)] {
        tell(&child, signal);
        let told = finish(child);
        assert!(told.code == Some(code) || told.code == Some(74), "{told:?}");
    }
}
