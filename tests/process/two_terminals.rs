//! Signals, queries and status against a live, a parked and an ended run; a second start; an owner that is killed.

use crate::world::{World, finish, send};
use rustix::process::Signal;

const SCRIPT: &str = r#"
let seen = [];
on_query("seen", || seen);
on_signal("note", |data| { seen.push(data); });
publish("phase", "open");
let word = wait_signal("word");
seen.push(word);
seen
"#;

#[test]
fn a_run_is_told_and_asked_alive_parked_and_ended() {
    let world = World::new();
    let script = world.write("talk.rhai", SCRIPT);
    let live = world.spawn(&["start", &script, "--id", "talk"]);
    world.until_waits_for("talk", "wait_signal");
    assert_eq!(world.status("talk")["status"], "waiting");
    world.good(&["signal", "talk", "note", "1"]);
    assert_eq!(world.good(&["query", "talk", "seen"]), "[1]");
    assert_eq!(world.good(&["query", "talk", "phase"]), "open");

    send(&live, Signal::KILL);
    drop(finish(live));
    world.good(&["signal", "talk", "note", "2"]);
    assert_eq!(
        world.good(&["query", "talk", "seen"]),
        "[1,2]",
        "a query sees what was accepted, and records nothing"
    );
    assert_eq!(world.good(&["query", "talk", "seen"]), "[1,2]");
    assert!(world.status("talk")["executor"].is_null());

    let resumed = world.spawn(&["resume", "talk"]);
    world.good(&["signal", "talk", "word", "\"go\"", "--key", "once"]);
    let told = finish(resumed);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "[1,2,\"go\"]"), "{told:?}");

    assert_eq!(world.good(&["query", "talk", "seen"]), "[1,2,\"go\"]");
    assert_eq!(world.status("talk")["status"], "completed");
    assert_eq!(world.run(&["signal", "talk", "note", "3"]).code, Some(7));
    assert_eq!(world.good(&["result", "talk"]), "[1,2,\"go\"]");
}

#[test]
fn a_second_start_attaches_reports_or_is_a_conflict() {
    let world = World::new();
    let script = world.write("talk.rhai", SCRIPT);
    let first = world.spawn(&["start", &script, "--id", "talk", "-i", "a=1"]);
    world.until_waits_for("talk", "wait_signal");
    let second = world.spawn(&["start", &script, "--id", "talk", "-i", "a=1"]);
    assert_eq!(world.run(&["start", &script, "--id", "talk", "-i", "a=2"]).code, Some(7));
    let other = world.write("other.rhai", "1");
    assert_eq!(world.run(&["start", &other, "--id", "talk", "-i", "a=1"]).code, Some(7));
    world.good(&["signal", "talk", "word", "5"]);
    for told in [finish(first), finish(second)] {
        assert_eq!((told.code, told.out.trim_end()), (Some(0), "[5]"), "{told:?}");
    }
    assert_eq!(
        world.good(&["start", &script, "--id", "talk", "-i", "a=1"]),
        "[5]",
        "an ended run is reported"
    );
}

#[test]
fn the_owners_death_is_not_seen_by_the_others() {
    let world = World::new();
    let script = world.write("talk.rhai", SCRIPT);
    let owner = world.spawn(&["start", &script, "--id", "a"]);
    world.until_waits_for("a", "wait_signal");
    let other = world.spawn(&["start", &script, "--id", "b"]);
    world.until_waits_for("b", "wait_signal");
    send(&owner, Signal::KILL);
    drop(finish(owner));
    world.good(&["signal", "b", "note", "1"]);
    world.good(&["signal", "b", "word", "2"]);
    let told = finish(other);
    assert_eq!((told.code, told.out.trim_end(), told.err.as_str()), (Some(0), "[1,2]", ""));
    assert!(world.status("a")["executor"].is_null(), "nobody executes the run of the killed one");
}
