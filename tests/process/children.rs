//! Child runs under kill -9: no child is started twice, none is lost, and no end of one is told twice.

use crate::world::{Chance, World, kill};
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

#[test]
fn a_parent_that_is_killed_again_and_again_has_each_child_once_and_each_end_once() {
    let world = World::new();
    world.write(
        "child.rhai",
        "step(\"one\", || input.n); sh(\"echo \\\"$1\\\" >>\\\"$2\\\"\", [`${input.n}`, input.journal], #{ at_most_once: true, probe: || true }); sleep(\"20ms\"); input.n * 2",
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
