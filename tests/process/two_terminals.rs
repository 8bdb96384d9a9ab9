//! Signals, queries and status against a live, a parked and an ended run; a second start; an owner that is killed.

use crate::world::{World, finish, kill, quiet, send};
use durun::timer::{Clock as _, SystemClock};
use rustix::process::Signal;
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

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
fn a_start_that_attached_takes_over_from_an_executor_that_is_gone() {
    for signal in [Signal::KILL, Signal::TERM] {
        let world = World::new();
        let script = world.write("talk.rhai", SCRIPT);
        let start = ["-v", "start", script.as_str(), "--id", "talk"];
        let first = world.spawn(&start);
        world.until_waits_for("talk", "wait_signal");
        let executor = || world.status("talk")["executor"].as_u64();
        assert_eq!(executor(), Some(u64::from(first.id())));
        let mut second = world.spawn(&start);
        let mut said = BufReader::new(second.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        assert_eq!(
            said.next(),
            Some(format!("run talk is executed by process {}; waiting for its end", first.id()))
        );
        send(&first, signal);
        drop(finish(first));
        assert_eq!(said.next().as_deref(), Some("nobody executes run talk any more: it goes on here"));
        world.until("it executes it", |_| (executor() == Some(u64::from(second.id()))).then_some(()));
        world.good(&["signal", "talk", "word", "1"]);
        drop(said);
        let told = finish(second);
        assert_eq!((told.code, told.out.trim_end()), (Some(0), "[1]"), "{told:?}");
    }
}

#[test]
fn a_wait_says_that_the_executor_is_gone_and_waits_on() {
    let world = World::new();
    let script = world.write("talk.rhai", SCRIPT);
    let first = world.spawn(&["start", &script, "--id", "talk"]);
    world.until_waits_for("talk", "wait_signal");
    let waiting = world.spawn(&["wait", "talk"]);
    let processes = || std::fs::read_dir(world.path("store/workers")).map(Iterator::count).ok();
    world.until("the store is opened twice", |_| processes().filter(|count| *count == 2));
    SystemClock.pause(Duration::from_millis(500));
    assert!(kill(first), "it waits");
    // Longer than a lost event goes unnoticed.
    SystemClock.pause(Duration::from_secs(2));
    world.good(&["signal", "talk", "word", "1"]);
    world.good(&["resume", "talk"]);
    let told = finish(waiting);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "[1]"), "{told:?}");
    let said = "nobody executes run talk any more; this waits until somebody goes on with it: durun";
    assert_eq!(told.err.matches(said).count(), 1, "{told:?}");
    assert!(told.err.trim_end().ends_with("resume talk"), "{told:?}");
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

#[test]
fn each_question_to_a_run_has_its_exit_code() {
    let world = World::new();
    let script = world.write("talk.rhai", SCRIPT);
    assert_eq!(world.quiet(&["start", &script, "--id", "talk", "--record-only"]), "talk");
    let code = |arguments: &[&str]| world.run(arguments).code;
    let ask = |known: i32, ended: i32| {
        assert_eq!(code(&["status", "talk"]), Some(0));
        assert_eq!(code(&["status", "talk", "--exit-code"]), Some(ended));
        assert_eq!(code(&["result", "talk"]), Some(ended));
        assert_eq!(code(&["query", "talk", "seen"]), Some(known));
        assert_eq!(code(&["query", "talk", "nothing"]), Some(4));
        assert_eq!(code(&["query", "nobody", "seen"]), Some(4));
        assert_eq!(code(&["signal", "nobody", "word"]), Some(4));
    };
    // Not begun: there is no query yet, but a signal is kept.
    ask(4, 3);
    world.quiet(&["signal", "talk", "note", "1", "--key", "first"]);
    world.quiet(&["signal", "talk", "note", "1", "--key", "first"]);
    let live = world.spawn(&["resume", "talk"]);
    world.until_waits_for("talk", "wait_signal");
    ask(0, 3);
    assert_eq!(
        world.status("talk")["executor"]["pid"].as_u64().or(world.status("talk")["executor"].as_u64()),
        Some(u64::from(live.id()))
    );
    assert_eq!(code(&["wait", "talk", "--timeout", "100ms"]), Some(124));
    assert_eq!(code(&["resume", "talk"]), Some(75), "a living process has it");
    assert!(kill(live), "it waits");
    ask(0, 3);
    let waiting = world.spawn(&["wait", "talk"]);
    let live = world.spawn(&["resume", "talk"]);
    world.quiet(&["signal", "talk", "word", "2"]);
    for child in [live, waiting] {
        assert_eq!(quiet(&finish(child)), "[1,2]", "the key counts once");
    }
    ask(0, 0);
    assert_eq!(code(&["signal", "talk", "word"]), Some(7));
    assert_eq!(code(&["cancel", "talk"]), Some(7));
}

/// Steps in a row, so that the others are in the middle of something when the owner goes.
const BUSY: &str = r#"
for n in 0..30 {
    sh("echo $DURUN_OP >>\"$1\"; sleep 0.02", [input.out]);
}
"#;

#[test]
fn busy_processes_outlive_their_owner_without_a_word() {
    let world = World::new();
    let waiting = world.write("talk.rhai", SCRIPT);
    let busy = world.write("busy.rhai", BUSY);
    // The first to open the store owns it; it is asked before the next one begins, so that the order is known.
    let owner = world.spawn(&["start", &waiting, "--id", "owner"]);
    world.until_waits_for("owner", "wait_signal");
    let others: Vec<_> = ["a", "b", "c"]
        .map(|id| {
            let out = format!("out={}", world.path(id).display());
            (id, world.spawn(&["start", &busy, "--id", id, "-i", &out]))
        })
        .into();
    let steps = |world: &World, id: &str, least: usize| {
        world
            .until(&format!("{least} steps of {id}"), |world| (world.lines(id).len() >= least).then_some(()));
    };
    for (id, _) in &others {
        steps(&world, id, 3);
    }
    assert!(kill(owner));
    // One of the three has taken over; one of them is killed as well, be it owner or not.
    let mut others = others.into_iter();
    let (_, first) = others.next().expect("three");
    steps(&world, "a", 8);
    assert!(kill(first));
    for (id, child) in others {
        assert_eq!(quiet(&finish(child)), "");
        let expected: Vec<String> = (0..30).map(|op| op.to_string()).collect();
        assert_eq!(world.lines(id), expected, "each step of {id} has run once");
    }
    assert_eq!(world.quiet(&["resume", "a", "--quiet"]), "");
    assert_eq!(world.completed("a").len(), 30);
    assert_eq!(world.status("owner")["status"], "waiting");
}
