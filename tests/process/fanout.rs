//! The fanout: a command on two hundred hosts, eight at a time, one out of order, killed in the middle.

use crate::world::{World, finish, kill, quiet};
use std::collections::BTreeMap;

/// How many hosts were at work at once, at most, in these lines of the ledger.
fn most_at_once(lines: &[String]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for line in lines {
        if line.starts_with("begin ") {
            now += 1;
            most = most.max(now);
        } else {
            now -= 1;
        }
    }
    most
}

#[test]
fn the_fanout_goes_on_after_a_kill_and_repeats_no_recorded_host() {
    let world = World::new();
    world.write("ledger.broken", "host13\n");
    let script = World::sample("fanout.rhai");
    let child = world.spawn(&["start", &script, "--id", "fan", "--env", "LEDGER", "-i", "hosts:=200"]);
    world.until("sixty hosts are done", |world| (world.completed("fan").len() >= 60).then_some(()));
    let waits = world.status("fan")["waits_for"].as_array().map_or(0, Vec::len);
    assert!((1..=8).contains(&waits), "{waits} commands are open");
    let told = world.status("fan")["progress"].clone();
    assert!(told["total"] == 200 && told["done"].as_u64().is_some_and(|done| done >= 40), "{told}");
    world.until("an open command is named by its host", |world| {
        let wait = world.status("fan")["waits_for"][0].clone();
        let strand = wait["strand"].as_str()?.to_owned();
        strand.starts_with("host").then_some(())
    });
    assert!(kill(child), "it is not done yet");

    let recorded: Vec<String> = world.completed("fan").iter().map(host).collect();
    let before = world.lines("ledger");
    let told = finish(world.spawn(&["resume", "fan"]));
    assert_eq!(quiet(&told), r#"{"done":199,"failed":["host13"]}"#);
    assert_eq!(world.good(&["query", "fan", "state"]), r#"{"done":199,"failed":1}"#);

    assert!(
        world.good(&["status", "fan"]).contains("  progress  200/200\n"),
        "{}",
        world.good(&["status", "fan"])
    );

    let lines = world.lines("ledger");
    let (first, second) = lines.split_at(before.len());
    assert!(most_at_once(first) <= 8 && most_at_once(second) <= 8, "at most eight at a time");
    assert!(most_at_once(first) > 2, "several at a time");
    let mut begun: BTreeMap<&str, usize> = BTreeMap::new();
    for host in lines.iter().filter_map(|line| line.strip_prefix("begin ")) {
        *begun.entry(host).or_default() += 1;
    }
    assert_eq!(begun.len(), 200, "every host had its turn");
    let again: Vec<&str> = begun.iter().filter(|(_, times)| **times > 1).map(|(host, _)| *host).collect();
    assert!(again.len() <= 8, "only what was under way was begun again: {again:?}");
    for host in &recorded {
        assert!(!again.contains(&host.as_str()), "{host} was recorded and begun again");
    }
    let hosts: Vec<String> = world.completed("fan").iter().map(host).collect();
    assert_eq!(hosts[..recorded.len()], recorded[..], "what was recorded stays");
}

fn host(entry: &serde_json::Value) -> String {
    entry["input"]["host"].as_str().expect("a host").to_owned()
}
