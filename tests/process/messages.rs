//! Messages between runs, and signals that start their run, with processes killed half-way.

use crate::world::{Chance, World, figure, finish, kill, quiet};
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

/// It takes what comes until it is told to stop, each with a step of its own.
const CART: &str = r#"
let items = [];
loop {
    let item = wait_signal("add");
    if item < 0 { break; }
    sh("true");
    items.push(item);
}
items.sort();
items
"#;

/// Each is killed so often before one is let through.
const KILLS: usize = 5;

/// R6: senders are killed before their run is there, while nobody executes it, during its steps, and after its end; each says it again.
#[test]
fn senders_that_are_killed_and_say_it_again_are_heard_once_each() {
    let world = World::new();
    let script = world.write("cart.rhai", CART);
    let mut chance = Chance::new(42);
    let (mut kills, items) = (0, figure(100, 2_000));
    let send = |payload: &str, key: &str, chance: &mut Chance, kills: &mut usize| {
        // Some would start the run, others know that it is there.
        let start: &[&str] =
            if key.ends_with(['0', '2', '4']) { &["--start", &script, "--record-only"] } else { &[] };
        let words = [&["signal", "cart", "add", payload, "--key", key, "--quiet"], start].concat();
        let enough = *kills + KILLS;
        while *kills < enough {
            let process = world.spawn(&words);
            let most = if chance.below(2) == 0 { 30_000 } else { 100_000 };
            SystemClock.pause(Duration::from_micros(chance.below(most)));
            // One that was faster than its kill has said it, and the next says it again.
            *kills += usize::from(kill(process));
        }
        world.run(&words)
    };
    let mut executor = None;
    for item in 0..items {
        if item == items / 3 {
            executor = Some(world.spawn(&["resume", "cart", "--quiet"]));
        }
        let told = send(&item.to_string(), &format!("item-{item}"), &mut chance, &mut kills);
        assert_eq!(told.code, Some(0), "{told:?}");
    }
    let told = send("-1", "stop", &mut chance, &mut kills);
    let all = serde_json::to_string(&(0..items).collect::<Vec<_>>()).expect("JSON");
    assert!(matches!(told.code, Some(0)), "{told:?}");
    assert_eq!(quiet(&finish(executor.expect("it was begun"))), all);
    // Whoever comes after the end is told so, and changes nothing.
    for late in ["late-1", "late-2"] {
        let told = send("7", late, &mut chance, &mut kills);
        assert!(!matches!(told.code, Some(0)) && told.err.contains("ended"), "{told:?}");
    }
    assert_eq!(world.good(&["result", "cart"]), all);
    assert_eq!(world.good(&["list", "-a", "-o", "jsonl"]).lines().count(), 1);
}

#[test]
fn two_senders_at_once_give_one_run_and_two_signals() {
    let world = World::new();
    let script = world
        .write("two.rhai", "let a = wait_signal(\"s\"); let b = wait_signal(\"s\"); [min(a, b), max(a, b)]");
    for round in 0..8 {
        let id = format!("both-{round}");
        let send = |payload: &str| {
            world.spawn(&["signal", &id, "s", payload, "--start", &script, "--record-only", "--quiet"])
        };
        let (one, two) = (send("1"), send("2"));
        for told in [finish(one), finish(two)] {
            assert_eq!(told.code, Some(0), "{told:?}");
        }
        assert_eq!(quiet(&world.run(&["resume", &id])), "[1,2]");
    }
}

#[test]
fn a_run_that_is_killed_while_it_tells_another_tells_it_once() {
    let world = World::new();
    let to =
        world.write("to.rhai", "let all = []; while all.len() < 40 { all.push(wait_signal(\"n\")); } all");
    let from = world
        .write("from.rhai", "for n in 0..40 { signal_run(\"to\", \"n\", n); exec([\"true\"]); } \"told\"");
    world.good(&["start", &to, "--id", "to", "--record-only"]);
    world.good(&["start", &from, "--id", "from", "--record-only"]);
    let mut chance = Chance::new(7);
    let end = loop {
        let process = world.spawn(&["resume", "from"]);
        SystemClock.pause(Duration::from_micros(20_000 + chance.below(60_000)));
        if !kill(process) {
            break world.run(&["resume", "from", "--quiet"]);
        }
    };
    assert_eq!(quiet(&end), "told");
    let told: Vec<u32> = serde_json::from_str(&quiet(&world.run(&["resume", "to"]))).expect("JSON");
    assert_eq!(told, (0..40).collect::<Vec<_>>());
}
