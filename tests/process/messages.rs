//! Messages between runs, and signals that start their run, with processes killed half-way.

use crate::world::{Chance, World, finish, kill, quiet};
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

const CART: &str = r#"
let items = [];
while items.len() < 12 { items.push(wait_signal("add")); }
items.sort();
items
"#;

#[test]
fn a_sender_that_is_killed_and_says_it_again_starts_one_run_with_each_signal_once() {
    let world = World::new();
    let script = world.write("cart.rhai", CART);
    let mut chance = Chance::new(42);
    let mut kills = 0;
    for item in 0..12 {
        let (payload, key) = (item.to_string(), format!("item-{item}"));
        let words = [
            "signal",
            "cart",
            "add",
            &payload,
            "--key",
            &key,
            "--start",
            &script,
            "--record-only",
            "--quiet",
        ];
        for _ in 0..5 {
            let process = world.spawn(&words);
            SystemClock.pause(Duration::from_micros(chance.below(30_000)));
            kills += usize::from(kill(process));
        }
        let told = world.run(&words);
        assert_eq!(told.code, Some(0), "{told:?}");
    }
    assert!(kills > 10, "only {kills} kills");
    assert_eq!(quiet(&world.run(&["resume", "cart"])), "[0,1,2,3,4,5,6,7,8,9,10,11]");
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
