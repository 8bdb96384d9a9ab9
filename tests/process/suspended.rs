//! Processes that are stopped: by Ctrl-Z, which they see coming, and by a signal that nobody can catch.

use crate::world::{World, finish, quiet, send};
use durun::timer::{Clock as _, SystemClock};
use rustix::process::Signal;
use std::process::Child;
use std::time::Duration;

const APPROVED: &str = r#"wait_signal("approved")"#;

const STEPS: &str = r#"
for op in 0..40 { sh("sleep 0.1; echo " + op + " >>steps", [], #{ retry: false }); }
"#;

/// Sends a signal to the child, and waits until it is stopped.
fn stop(world: &World, child: &Child, signal: Signal) {
    send(child, signal);
    world.until("it is stopped", |_| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
        stat.rsplit_once(") ")?.1.starts_with('T').then_some(())
    });
}

fn steps(world: &World) -> usize {
    world.lines("steps").len()
}

#[test]
fn an_owner_that_is_stopped_by_ctrl_z_leaves_the_store_to_others_and_goes_on_when_it_is_continued() {
    let world = World::new();
    let (approve, steps_script) = (world.write("approve.rhai", APPROVED), world.write("steps.rhai", STEPS));
    let owner = world.spawn(&["start", &approve, "--id", "approve"]);
    world.until_waits_for("approve", "wait_signal");
    let other = world.spawn(&["start", &steps_script, "--id", "steps"]);
    world.until("steps", |world| (steps(world) >= 2).then_some(()));
    for _ in 0..3 {
        stop(&world, &owner, Signal::TSTP);
        let done = steps(&world);
        let began = SystemClock.monotonic();
        assert_eq!(world.status("approve")["executor"], owner.id(), "it is still its run");
        assert!(
            SystemClock.monotonic().saturating_sub(began) < Duration::from_secs(4),
            "nobody waits for it"
        );
        world.until("the other goes on", |world| (steps(world) > done + 2).then_some(()));
        send(&owner, Signal::CONT);
        world.good(&["status", "approve"]);
    }
    stop(&world, &owner, Signal::TSTP);
    assert_eq!(world.run(&["signal", "approve", "approved", "1"]).code, Some(0));
    send(&owner, Signal::CONT);
    assert_eq!(quiet(&finish(owner)), "1");
    assert_eq!(quiet(&finish(other)), "");
    let expected: Vec<String> = (0..40).map(|op| op.to_string()).collect();
    assert_eq!(world.lines("steps"), expected, "each has run once");
}
