//! Nobody looks on: ticks at once, a server that is killed, stopped and asked twice, starts that meet.

use crate::world::{World, begin, finish, kill, send};
use durun::timer::{Clock, SystemClock};
use rustix::process::Signal;
use std::os::unix::net::UnixDatagram;
use std::process::Child;
use std::time::Duration;

const MARK: &str = "sh(\"echo $$ >>$LEDGER; sleep 0.2\")";

/// A server that goes on with what there is; gives it when it has told that it is ready.
fn serve(world: &World) -> (Child, UnixDatagram) {
    let place = world.path("notify");
    let _gone = std::fs::remove_file(&place);
    let socket = UnixDatagram::bind(&place).expect("binds");
    socket.set_read_timeout(Some(Duration::from_mins(1))).expect("set");
    let child = begin(world.command(&["serve"]).env("NOTIFY_SOCKET", &place));
    assert!(heard(&socket).starts_with("READY=1\n"));
    (child, socket)
}

fn heard(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 512];
    let length = socket.recv(&mut bytes).expect("told");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

fn recorded(world: &World, id: &str, text: &str) {
    let script = world.write(&format!("{id}.rhai"), text);
    world.good(&["start", &script, "--id", id, "--record-only", "--env", "LEDGER"]);
}

fn until_result(world: &World, id: &str) -> String {
    world.good(&["wait", id])
}

#[test]
fn two_ticks_at_once_execute_each_run_once() {
    let world = World::new();
    let ids: Vec<String> = (0..12).map(|number| format!("r{number}")).collect();
    for id in &ids {
        recorded(&world, id, MARK);
    }
    let ticks: Vec<Child> = (0..3).map(|_| world.spawn(&["tick", "--jobs", "4"])).collect();
    for tick in ticks {
        let told = finish(tick);
        assert_eq!((told.code, told.out.as_str(), told.err.as_str()), (Some(0), "", ""), "{told:?}");
    }
    assert_eq!(world.lines("ledger").len(), ids.len(), "each once");
    for id in &ids {
        assert_eq!(world.status(id)["status"], "completed");
    }
}

#[test]
fn starts_that_meet_begin_one_run() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"echo $$ >>$LEDGER\"); wait_signal(\"go\")");
    let start =
        |id: &str| world.spawn(&["start", &script, "--id", id, "--overlap", "skip", "--env", "LEDGER"]);
    let mut starts: Vec<(String, Child)> =
        (0..6).map(|n| format!("r{n}")).map(|id| (id.clone(), start(&id))).collect();
    let winner = world.until("one that waits", |world| {
        (0..6).map(|n| format!("r{n}")).find(|id| world.status(id)["status"] == "waiting")
    });
    let place = starts.iter().position(|(id, _)| *id == winner).expect("one of them");
    let (_, waiting) = starts.swap_remove(place);
    for (id, child) in starts {
        let told = finish(child);
        assert_eq!((told.code, told.out.as_str(), told.err.as_str()), (Some(0), "", ""), "{told:?}");
        assert!(world.history(&id).is_empty(), "nothing was recorded of {id}");
    }
    world.good(&["signal", &winner, "go", "7"]);
    assert_eq!(finish(waiting).out, "7\n");
    assert_eq!(world.lines("ledger").len(), 1);
}

#[test]
fn a_server_executes_what_nobody_executes_with_its_recorded_surroundings() {
    let world = World::new();
    std::fs::create_dir(world.path("there")).expect("made");
    let script = world.write("s.rhai", "sh(\"pwd; echo $COLOUR\").stdout");
    let started = world
        .command(&["start", &script, "--id", "before", "--record-only", "--env", "COLOUR"])
        .env("COLOUR", "green")
        .current_dir(world.path("there"))
        .output()
        .expect("runs");
    assert!(started.status.success());
    let (server, _socket) = serve(&world);
    let there = world.path("there").canonicalize().expect("a path").display().to_string();
    assert!(
        until_result(&world, "before").contains(&format!("{there}\ngreen")),
        "its directory and variables"
    );
    // Detached runs are left to the server.
    let script = world.write("w.rhai", "wait_signal(\"go\")");
    assert_eq!(world.quiet(&["start", &script, "--id", "after", "--detach"]), "after");
    world.until_waits_for("after", "wait_signal");
    assert_eq!(world.status("after")["woken_by"], format!("serve {}", server.id()));
    // A run that fails is told, and the others go on.
    recorded(&world, "bad", "fail(\"no tape\")");
    world.until("its end", |world| (world.status("bad")["status"] == "failed").then_some(()));
    world.good(&["signal", "after", "go", "7"]);
    assert_eq!(until_result(&world, "after"), "7");
    let told = world.run(&["serve"]);
    assert_eq!(told.code, Some(75), "{told:?}");
    assert!(
        told.err.contains(&format!("error[D1003]: process {} serves this store already", server.id())),
        "{}",
        told.err
    );
    send(&server, Signal::TERM);
    let told = finish(server);
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""), "{told:?}");
    assert!(told.err.contains("error[D0101]: run bad failed: no tape"), "{}", told.err);
    assert_eq!(told.err.matches("error[").count(), 1, "{}", told.err);
}

#[test]
fn a_server_forgets_what_the_configuration_says_and_says_nothing_of_it() {
    let world = World::new();
    let script = world.write("s.rhai", "1");
    for nth in 0..100 {
        world.good(&["start", &script, "--id", &format!("r{nth}")]);
    }
    world.write("durun.toml", "[retention]\ncompleted = \"1 ms\"\n");
    let (server, _socket) = serve(&world);
    world
        .until("nothing left", |world| (world.good(&["list", "-a", "-o", "jsonl"]).is_empty()).then_some(()));
    let told = world.good(&["doctor", "--deep"]);
    assert!(told.contains(&format!("held by                 process {}\n", server.id())), "{told}");
    send(&server, Signal::TERM);
    let told = finish(server);
    assert_eq!((told.code, told.out.as_str(), told.err.as_str()), (Some(0), "", ""), "{told:?}");
    world.good(&["doctor", "--deep"]);
}

#[test]
fn a_killed_server_is_continued_by_the_next_one() {
    let world = World::new();
    recorded(
        &world,
        "r",
        "let n = step(\"one\", || 1); sh(\"echo $$ >>$LEDGER\"); sleep(\"1s\"); wait_signal(\"go\") + n",
    );
    let (server, socket) = serve(&world);
    world.until("its step", |world| (world.completed("r").len() == 2).then_some(()));
    drop(socket);
    assert!(kill(server), "it lived until then");
    assert_eq!(world.status("r")["executor"], serde_json::Value::Null);
    let (server, _socket) = serve(&world);
    world.until_waits_for("r", "wait_signal");
    world.good(&["signal", "r", "go", "6"]);
    assert_eq!(until_result(&world, "r"), "7");
    assert_eq!(world.lines("ledger").len(), 1, "what was recorded is not done again");
    send(&server, Signal::TERM);
    assert_eq!(finish(server).code, Some(0));
}

#[test]
fn a_server_that_is_to_stop_parks_everything_within_ten_seconds() {
    let world = World::new();
    let stubborn = "sh(\"trap '' TERM INT HUP; echo begun >>$LEDGER; sleep 600; sleep 600\")";
    for id in ["a", "b"] {
        recorded(&world, id, stubborn);
    }
    recorded(&world, "c", "wait_signal(\"go\")");
    let (server, socket) = serve(&world);
    world.until("both", |world| (world.lines("ledger").len() == 2).then_some(()));
    world.until_waits_for("c", "wait_signal");
    send(&server, Signal::TERM);
    assert!(heard(&socket).starts_with("STOPPING=1\n"));
    let began = SystemClock.monotonic();
    let told = finish(server);
    let took = SystemClock.monotonic().saturating_sub(began);
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{told:?}");
    // Seven seconds of grace; a loaded machine may need some more to end after them.
    assert!(took < Duration::from_secs(20), "{took:?}");
    for id in ["a", "b"] {
        assert_eq!(world.status(id)["status"], "parked");
    }
    assert_eq!(world.status("c")["executor"], serde_json::Value::Null);
    let left = std::fs::read_dir(world.path("store/children")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no process is left");
}

#[test]
fn a_run_cut_off_by_a_kill_is_continued_by_the_next_tick() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"echo one >>$LEDGER\"); sh(\"echo two >>$LEDGER; sleep 600\")");
    let child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    world.until("the second step", |world| (world.lines("ledger").len() == 2).then_some(()));
    assert!(kill(child));
    // What has not ended is done again, from the step that was cut off.
    let tick = world.spawn(&["tick"]);
    world.until("the second step again", |world| (world.lines("ledger").len() == 3).then_some(()));
    assert_eq!(world.lines("ledger"), ["one", "two", "two"]);
    assert!(kill(tick));
}
