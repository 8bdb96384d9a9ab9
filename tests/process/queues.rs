//! Queues under kill -9: a killed member keeps its place, the order is kept, and there are never more than may be.

use crate::world::{World, finish, kill};
use std::collections::BTreeSet;
use std::process::Child;

const REPORT: &str = r#"
sh("echo begin $1 >>$LEDGER; while [ ! -e $LEDGER.$1 ]; do sleep 0.05; done; echo end $1 >>$LEDGER", [run.id])
"#;

struct Queue {
    world: World,
    script: String,
}

impl Queue {
    fn new() -> Self {
        let world = World::new();
        world.write("durun.toml", "[queue.reports]\nmax_concurrent = 2\n");
        let script = world.write("report.rhai", REPORT);
        Self { world, script }
    }

    fn start(&self, id: &str, priority: &str) -> Child {
        let words = ["start", &self.script, "--id", id, "--env", "LEDGER", "--queue", "reports"];
        self.world.spawn(&[&words[..], &["--priority", priority]].concat())
    }

    fn until_line(&self, line: &str, times: usize) {
        self.world.until(line, |world| {
            let lines = world.lines("ledger");
            (lines.iter().filter(|other| *other == line).count() >= times).then_some(())
        });
    }

    /// Lets a run go on to its end.
    fn open(&self, id: &str) {
        self.world.write(&format!("ledger.{id}"), "");
    }

    fn completes(&self, id: &str, child: Child) {
        self.open(id);
        let told = finish(child);
        assert_eq!(told.code, Some(0), "{told:?}");
    }
}

#[test]
fn a_killed_member_keeps_its_place_and_the_others_their_order() {
    let queue = Queue::new();
    let first = queue.start("a", "0");
    queue.until_line("begin a", 1);
    let second = queue.start("b", "0");
    queue.until_line("begin b", 1);
    let third = queue.start("c", "0");
    queue.world.until_waits_for("c", "queue");
    let urgent = queue.start("d", "5");
    queue.world.until_waits_for("d", "queue");
    let last = queue.start("e", "0");
    queue.world.until_waits_for("e", "queue");

    assert!(kill(first), "it has begun");
    let why = queue.world.good(&["why", "d"]);
    assert!(why.contains("queue reports, 2 of 2 busy (a, b)"), "{why}");
    queue.completes("b", second);
    // The highest priority first, though it came late.
    queue.until_line("begin d", 1);
    assert!(kill(urgent), "it has begun");
    let urgent = queue.world.spawn(&["resume", "d"]);
    queue.until_line("begin d", 2);
    let why = queue.world.good(&["why", "c"]);
    assert!(why.contains("queue reports, 2 of 2 busy (a, d)"), "{why}");
    // Killed while it waits, it holds nobody up, and takes its turn when it is there again.
    assert!(kill(third), "it waits");
    queue.completes("d", urgent);
    queue.until_line("begin e", 1);
    let third = queue.world.spawn(&["resume", "c"]);
    queue.world.until("it waits again", |world| {
        world.good(&["why", "c"]).contains("2 of 2 busy (a, e)").then_some(())
    });
    let first = queue.world.spawn(&["resume", "a"]);
    queue.completes("a", first);
    queue.until_line("begin c", 1);
    queue.completes("e", last);
    queue.completes("c", third);

    let lines = queue.world.lines("ledger");
    let mut inside = BTreeSet::new();
    let mut order = Vec::new();
    for line in &lines {
        match line.split_once(' ') {
            Some(("begin", id)) if inside.insert(id) => order.push(id),
            Some(("end", id)) => assert!(inside.remove(id), "{id} ended once: {lines:?}"),
            _ => {}
        }
        assert!(inside.len() <= 2, "{lines:?}");
    }
    assert_eq!(order, ["a", "b", "d", "e", "c"]);
    // No place is lost: two more begin at once.
    for id in ["f", "g"] {
        queue.open(id);
        let told = finish(queue.start(id, "-9"));
        assert_eq!(told.code, Some(0), "{told:?}");
    }
}
