//! `durun cancel`: the wish is recorded, the run is not ended by it.

use crate::harness::Home;
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

#[test]
fn cancelling_a_run_that_nobody_executes_is_recorded() {
    let home = Home::recorded("one");
    home.durun(&["-v", "cancel", "one", "--reason", "no money"])
        .err("recorded: run one is asked to end; nobody executes it; its script is told by durun resume one, or by durun tick\n")
        .check();
    home.durun(&["cancel", "one"]).check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"status\":\"parked\""), "{status}");
    let status = home.durun(&["status", "one"]).stdout();
    assert!(
        status.contains(
            "\n  unread    2 messages: request to cancel (no money), request to cancel\n  \
             cancel    requested now, told to its script when it goes on\n"
        ),
        "{status}"
    );
    let why = home.durun(&["why", "one"]).stdout();
    assert!(why.contains("2 messages wait in its inbox: request to cancel (no money), request"), "{why}");
    home.durun(&["list"])
        .out("ID   STATUS  STARTED  SCRIPT      WHAT\none  parked  now      order.rhai  could go on, nobody executes it · asked to end now\n")
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["cancel", "one"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
}

#[test]
fn what_was_asked_to_end_while_nobody_executed_it_begins_nothing_more() {
    let home = Home::new();
    home.file("first.rhai", "sh(\"echo $1 >>done\", [run.id]);\n");
    home.file("second.rhai", "wait_signal(\"go\");\nsh(\"echo $1 >>done\", [run.id]);\n");
    home.file("child.rhai", "wait_signal(\"go\");\nstart_child(\"first.rhai\", ());\n");
    let resumed = |id: &str| {
        home.durun(&["cancel", id]).check();
        home.durun(&["resume", id]).exit(5).failure();
        let status = home.durun(&["status", id]).stdout();
        assert!(!status.contains("outcome not known"), "nothing was cut off: {status}");
    };
    for id in ["a", "b", "c"] {
        home.durun(&["start", "first.rhai", "--id", id, "--record-only"]).out(&format!("{id}\n")).check();
        resumed(id);
    }
    for (id, script) in [("d", "second.rhai"), ("e", "second.rhai"), ("f", "child.rhai")] {
        home.durun(&["start", script, "--id", id, "--park-after", "0s"]).exit(3).failure();
        home.durun(&["signal", id, "go"]).check();
        resumed(id);
    }
    // Nor what has no time left.
    home.durun(&["start", "second.rhai", "--id", "g", "--park-after", "0s", "--timeout", "1s"])
        .exit(3)
        .failure();
    home.durun(&["signal", "g", "go"]).check();
    SystemClock.pause(Duration::from_millis(1_100));
    home.durun(&["resume", "g"]).exit(6).failure();
    assert!(!home.path().join("done").exists());
    assert!(!home.durun(&["list"]).stdout().contains("f.1"), "no child was begun");
}
