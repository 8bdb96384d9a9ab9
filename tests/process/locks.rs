//! Locks under kill -9: who holds one keeps it while nobody executes it, and it is handed on when its undos have ended.

use crate::world::{World, finish, kill, quiet};

const HOLDER: &str = r#"
with_lock("db", || {
    on_undo(|| {
        sh("echo back 1 >>$LEDGER; while [ ! -e $LEDGER.go ]; do sleep 0.05; done; echo back 2 >>$LEDGER");
        sh("echo back 3 >>$LEDGER");
    });
    sh("echo in >>$LEDGER");
    sh("while [ ! -e $LEDGER.fail ]; do sleep 0.05; done; exit 64");
});
"#;

const WAITER: &str = r#"with_lock("db", || { sh("echo $1 >>$LEDGER", [run.id]); sleep("50ms"); sh("echo $1 out >>$LEDGER", [run.id]); })"#;

/// How a run stands with the lock: who holds it, how many were before it.
fn stands(world: &World, id: &str) -> (String, u64) {
    let lock = world.status(id)["locks"][0].clone();
    (lock["holder"].as_str().unwrap_or_default().to_owned(), lock["before"].as_u64().unwrap_or_default())
}

#[test]
fn a_killed_holder_holds_its_lock_until_its_undos_have_ended_and_then_the_next_in_line_has_it() {
    let world = World::new();
    let (holder, waiter) = (world.write("holder.rhai", HOLDER), world.write("waiter.rhai", WAITER));
    let start = |script: &str, id: &str| world.spawn(&["start", script, "--id", id, "--env", "LEDGER"]);
    let first = start(&holder, "first");
    world.until("it is under the lock", |world| (world.completed("first").len() == 1).then_some(()));
    let second = start(&waiter, "second");
    world.until_waits_for("second", "with_lock");
    let third = start(&waiter, "third");
    world.until_waits_for("third", "with_lock");

    assert!(kill(first), "it is under the lock");
    // Who waits is killed too: it keeps its place in line.
    assert!(kill(second), "it waits");
    assert_eq!(stands(&world, "second"), ("first".to_owned(), 1));
    assert_eq!(stands(&world, "third"), ("first".to_owned(), 2));
    let why = world.good(&["why", "third"]);
    assert!(why.contains("which run first holds (parked: durun resume first), after 1 other"), "{why}");

    let first = world.spawn(&["resume", "first"]);
    world.write("ledger.fail", "");
    let backs = |world: &World, count| {
        let lines = world.lines("ledger");
        (lines.iter().filter(|line| *line == "back 1").count() >= count).then_some(())
    };
    world.until("its undo is under way", |world| backs(world, 1));
    assert!(kill(first), "its undo waits");
    let second = world.spawn(&["resume", "second"]);
    let first = world.spawn(&["resume", "first"]);
    world.until("its undo goes on", |world| backs(world, 2));
    assert_eq!(stands(&world, "second"), ("first".to_owned(), 1), "the undo is under the lock");
    world.write("ledger.go", "");
    let told = finish(first);
    assert_eq!(told.code, Some(1), "{told:?}");
    for waited in [second, third] {
        let told = finish(waited);
        assert_eq!(told.code, Some(0), "{told:?}");
    }
    let mut lines = world.lines("ledger");
    lines.dedup();
    let expected = ["in", "back 1", "back 2", "back 3", "second", "second out", "third", "third out"];
    assert_eq!(lines, expected);
}

#[test]
fn a_lock_that_is_granted_while_nobody_executes_the_run_is_there_when_it_goes_on() {
    let world = World::new();
    let hold = world.write("hold.rhai", r#"with_lock("db", || wait_signal("go"))"#);
    let waiter = world.write("waiter.rhai", WAITER);
    let first = world.spawn(&["start", &hold, "--id", "first"]);
    world.until_waits_for("first", "wait_signal");
    let second = world.spawn(&["start", &waiter, "--id", "second", "--env", "LEDGER"]);
    world.until_waits_for("second", "with_lock");
    assert!(kill(second), "it waits");
    world.good(&["signal", "first", "go"]);
    assert_eq!(finish(first).code, Some(0));
    assert_eq!(stands(&world, "second"), ("second".to_owned(), 0));
    let third = world.spawn(&["start", &waiter, "--id", "third", "--env", "LEDGER"]);
    world.until_waits_for("third", "with_lock");
    assert_eq!(stands(&world, "third"), ("second".to_owned(), 1), "it does not overtake");
    quiet(&world.run(&["resume", "second"]));
    assert_eq!(finish(third).code, Some(0));
    assert_eq!(world.lines("ledger"), ["second", "second out", "third", "third out"]);
}
