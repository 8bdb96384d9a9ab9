//! Child runs under kill -9: no child is started twice, none is lost, and no end of one is told twice.

use crate::world::{Chance, World, finish, kill};
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

#[test]
fn a_parent_that_is_killed_again_and_again_has_each_child_once_and_each_end_once() {
    let world = World::new();
    world.write(
        "child.rhai",
        "step(\"one\", || input.n); sh(\"echo \\\"$1\\\" >>\\\"$2\\\"\", [`${input.n}`, input.journal], #{ at_most_once: true, probe: || true }); sleep(\"400ms\"); input.n * 2",
    );
    let parent = world.write(
        "parent.rhai",
        r#"
        let sum = 0;
        for n in 1..=4 {
            let kids = [n, 10 * n].map(|n| start_child("child.rhai", #{ n: n, journal: input.journal }));
            for kid in kids { sum += kid.result(); }
        }
        sum
        "#,
    );
    let journal = format!("journal={}", world.path("journal").display());
    world.good(&["start", &parent, "--id", "p", "-i", &journal, "--record-only"]);
    let (mut chance, mut kills) = (Chance::new(23), 0);
    let end = loop {
        let process = world.spawn(&["resume", "p"]);
        SystemClock.pause(Duration::from_millis(30 + chance.below(120)));
        if !kill(process) || kills == 25 {
            break world.run(&["resume", "p", "--quiet"]);
        }
        kills += 1;
    };
    let end = if end.code == Some(0) { end } else { world.run(&["result", "p"]) };
    assert_eq!((end.code, end.out.trim_end()), (Some(0), "220"), "{end:?}");
    assert!(kills >= 3, "only {kills} kills");
    assert_eq!(world.good(&["list", "-a", "-o", "jsonl"]).lines().count(), 9, "a parent and eight children");
    let history = world.history("p");
    let count = |kind: &str| history.iter().filter(|entry| entry["kind"] == kind).count();
    assert_eq!((count("ActivityCompleted"), count("ChildEnded")), (8, 8), "{history:?}");
    let mut lines = world.lines("journal");
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), world.lines("journal").len(), "no line twice");
}

const CARE: &str = r#"
try {
    sh("echo begin $1 >>$LEDGER; while [ ! -e $LEDGER.$1 ]; do sleep 0.05; done", [run.id]);
} catch (err) {
    sh("echo tidy $1 >>$LEDGER; while [ ! -e $LEDGER.tidy ]; do sleep 0.05; done; echo tidied $1 >>$LEDGER", [run.id]);
    throw err;
}
"whole"
"#;

const CLOSES: &str = r#"
start_child("care.rhai", (), #{ id: "asked" });
start_child("care.rhai", (), #{ id: "ended", on_parent_close: "terminate" });
start_child("care.rhai", (), #{ id: "left", on_parent_close: "abandon" });
wait_signal("end")
"#;

#[test]
fn a_killed_parent_closes_each_child_as_it_was_started_and_each_is_asked_once() {
    let world = World::new();
    world.write("care.rhai", CARE);
    let script = world.write("closes.rhai", CLOSES);
    let count = |world: &World, line: &str| world.lines("ledger").iter().filter(|l| *l == line).count();
    let all = |world: &World, times: usize| {
        let begun = |id: &&str| count(world, &format!("begin {id}")) >= times;
        ["asked", "ended", "left"].iter().all(begun).then_some(())
    };
    let child = world.spawn(&["start", &script, "--id", "p", "--env", "LEDGER"]);
    world.until("three children", |world| all(world, 1));
    world.until_waits_for("p", "wait_signal");
    assert!(kill(child), "it waits");
    // Killed is not closed: they are open, and nobody asked them to end.
    for id in ["asked", "ended", "left"] {
        let status = world.status(id);
        assert!(status["cancel_requested_at"].is_null() && status["status"] == "parked", "{id}: {status}");
    }
    let child = world.spawn(&["resume", "p"]);
    world.until("three children again", |world| all(world, 2));
    world.good(&["signal", "p", "end", "7"]);
    world.until("it tidies up", |world| (count(world, "tidy asked") >= 1).then_some(()));
    assert_eq!(world.good(&["result", "p"]), "7", "the parent has ended");
    assert_eq!(world.status("ended")["status"], "terminated");
    assert!(kill(child), "a child tidies up, another goes on");
    world.write("ledger.tidy", "");
    let told = world.run(&["resume", "asked"]);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert!(told.err.contains("its parent, run p, has ended"), "{told:?}");
    world.write("ledger.left", "");
    assert_eq!(world.run(&["resume", "left"]).out.trim_end(), "whole");
    assert_eq!(count(&world, "tidied asked"), 1);
    assert_eq!(count(&world, "tidy ended") + count(&world, "tidy left"), 0);
    assert_eq!(world.good(&["list", "-a", "-o", "jsonl"]).lines().count(), 4);
}

#[test]
fn a_child_that_is_killed_in_another_process_tells_its_end_to_the_parent_that_waits() {
    let world = World::new();
    world.write("care.rhai", CARE);
    let script = world.write("p.rhai", r#"child("care.rhai", (), #{ id: "kid" }) + "!""#);
    let begun = |times: usize| {
        world.until("the child", |world| {
            (world.lines("ledger").iter().filter(|line| *line == "begin kid").count() >= times).then_some(())
        });
    };
    let parent = world.spawn(&["start", &script, "--id", "p", "--env", "LEDGER"]);
    begun(1);
    assert!(kill(parent), "it waits");
    let kid = world.spawn(&["resume", "kid"]);
    begun(2);
    let parent = world.spawn(&["resume", "p"]);
    world.until_waits_for("p", "child");
    assert!(kill(kid), "it is at work");
    let kid = world.spawn(&["resume", "kid"]);
    begun(3);
    world.write("ledger.kid", "");
    let told = finish(kid);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "whole"), "{told:?}");
    let told = finish(parent);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "whole!"), "{told:?}");
    let ends = world.history("p").iter().filter(|entry| entry["kind"] == "ChildEnded").count();
    assert_eq!(ends, 1);
}
