//! Processes that are stopped: by Ctrl-Z, which they see coming, and by a signal that nobody can catch.

use crate::world::{World, finish, kill, quiet, send};
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
    let said = format!("which is stopped: fg or bg in its terminal, or kill -CONT {}", owner.id());
    let told = || ["status", "why"].map(|word| world.good(&[word, "approve"]).contains(&said));
    assert_eq!(told(), [false, false]);
    stop(&world, &owner, Signal::TSTP);
    assert_eq!(told(), [true, true]);
    let held = world.run(&["resume", "approve"]);
    assert_eq!(held.code, Some(75), "{held:?}");
    assert!(
        held.err.contains(&format!("fg or bg in its terminal, or: kill -CONT {}", owner.id())),
        "{held:?}"
    );
    assert_eq!(world.run(&["signal", "approve", "approved", "1"]).code, Some(0));
    send(&owner, Signal::CONT);
    assert_eq!(quiet(&finish(owner)), "1");
    assert_eq!(quiet(&finish(other)), "");
    let expected: Vec<String> = (0..40).map(|op| op.to_string()).collect();
    assert_eq!(world.lines("steps"), expected, "each has run once");
}

/// An owner, stopped so that it cannot see it coming, and another process that executes a run and waits for it.
fn kept_waiting(world: &World) -> (Child, Child) {
    let (approve, steps_script) = (world.write("approve.rhai", APPROVED), world.write("steps.rhai", STEPS));
    let owner = world.spawn(&["start", &approve, "--id", "approve"]);
    world.until_waits_for("approve", "wait_signal");
    let other = world.spawn(&["start", &steps_script, "--id", "steps"]);
    world.until("steps", |world| (steps(world) >= 2).then_some(()));
    stop(world, &owner, Signal::STOP);
    (owner, other)
}

#[test]
fn an_owner_that_cannot_see_its_stop_coming_is_named_and_runs_under_way_wait_for_it() {
    let world = World::new();
    let (owner, other) = kept_waiting(&world);
    let pid = owner.id();
    let refused = world.run(&["signal", "approve", "approved", "1"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(75), ""), "{refused:?}");
    let said = format!("error[D0619]: process {pid}, which has the store open, is stopped\n");
    assert!(refused.err.starts_with(&said), "{refused:?}");
    assert!(refused.err.contains(&format!("fg or bg in its terminal, or: kill -CONT {pid};")), "{refused:?}");
    let doctor = world.run(&["doctor"]);
    assert_eq!(doctor.code, Some(75), "{doctor:?}");
    assert!(doctor.out.contains(&format!(" process {pid}, which is stopped\n")), "{doctor:?}");
    assert!(doctor.err.contains("D0619") && !doctor.err.contains("durun doctor"), "{doctor:?}");
    let done = steps(&world);
    send(&owner, Signal::CONT);
    world.until("it goes on", |world| (steps(world) > done).then_some(()));
    world.good(&["signal", "approve", "approved", "1"]);
    assert_eq!(quiet(&finish(owner)), "1");
    let told = finish(other);
    let waits = format!(
        "! process {pid}, which has the store open, is stopped; this waits until it goes on: kill -CONT {pid}\n"
    );
    assert_eq!((told.code, told.err.as_str()), (Some(0), waits.as_str()), "{told:?}");
    let expected: Vec<String> = (0..40).map(|op| op.to_string()).collect();
    assert_eq!(world.lines("steps"), expected, "each has run once");
}

#[test]
fn who_waits_for_an_owner_that_is_stopped_takes_over_when_that_is_killed() {
    let world = World::new();
    let (owner, other) = kept_waiting(&world);
    assert_eq!(world.run(&["list"]).code, Some(75));
    assert!(kill(owner));
    let told = finish(other);
    assert_eq!(told.code, Some(0), "{told:?}");
    let expected: Vec<String> = (0..40).map(|op| op.to_string()).collect();
    assert_eq!(world.lines("steps"), expected, "each has run once");
}

#[test]
fn who_waits_for_an_owner_that_is_stopped_can_be_interrupted() {
    let world = World::new();
    let (owner, other) = kept_waiting(&world);
    assert_eq!(world.run(&["list"]).code, Some(75), "it waits by now");
    send(&other, Signal::INT);
    let told = finish(other);
    assert!(told.code.is_some_and(|code| code != 0), "{told:?}");
    send(&owner, Signal::CONT);
    assert_eq!(world.run(&["resume", "steps"]).code, Some(0));
    assert!(kill(owner));
}

#[test]
fn who_only_looks_on_waits_for_an_owner_that_is_stopped_as_long_as_it_was_told() {
    let world = World::new();
    let (owner, other) = kept_waiting(&world);
    let pid = owner.id();
    let waiting = world.spawn(&["wait", "approve"]);
    let watching = world.spawn(&["status", "approve", "--watch"]);
    let ran_out = world.run(&["wait", "approve", "--timeout", "1s"]);
    assert_eq!(ran_out.code, Some(124), "{ran_out:?}");
    let note = format!(" = note: process {pid}, which has the store open, is stopped\n");
    assert!(ran_out.err.contains("error[D0108]") && ran_out.err.contains(&note), "{ran_out:?}");
    send(&owner, Signal::CONT);
    world.good(&["signal", "approve", "approved", "1"]);
    assert_eq!(quiet(&finish(owner)), "1");
    let said = format!(
        "process {pid}, which has the store open, is stopped; this waits until it goes on: kill -CONT {pid}\n"
    );
    let waited = finish(waiting);
    assert_eq!((waited.code, waited.out.as_str()), (Some(0), "1\n"), "{waited:?}");
    assert!(waited.err.contains(&said), "{waited:?}");
    let watched = finish(watching);
    assert!(watched.code == Some(0) && watched.out.contains("approve  completed"), "{watched:?}");
    let told = finish(other);
    assert_eq!(told.code, Some(0), "{told:?}");
}

#[test]
fn who_waits_for_a_run_whose_process_is_stopped_is_told() {
    let world = World::new();
    let approve = world.write("approve.rhai", APPROVED);
    let owner = world.spawn(&["start", &approve, "--id", "approve"]);
    world.until_waits_for("approve", "wait_signal");
    let asks = world.write("asks.rhai", "ask(\"Go?\")");
    let other = world.spawn(&["start", &asks, "--id", "asks"]);
    world.until_waits_for("asks", "ask");
    stop(&world, &other, Signal::STOP);
    let pid = other.id();
    let waited = world.run(&["wait", "asks", "--timeout", "1s"]);
    assert_eq!(waited.code, Some(124), "{waited:?}");
    let how = format!("which is stopped: fg or bg in its terminal, or kill -CONT {pid}\n");
    for said in [
        format!("process {pid} executes run asks, {how}"),
        format!(" = note: process {pid} executes it, {how}"),
    ] {
        assert!(waited.err.contains(&said), "{said}: {waited:?}");
    }
    world.run(&["answer", "asks", "yes"]);
    let status = world.good(&["status", "asks"]);
    assert!(status.contains("answered yes") && !status.contains("resume asks"), "{status}");
    send(&other, Signal::CONT);
    assert_eq!(quiet(&finish(other)), "yes");
    assert!(kill(owner));
}
