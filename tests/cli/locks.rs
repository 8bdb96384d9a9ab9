//! `with_lock`: who waits is told for whom, and goes on when the holder has ended.

use crate::harness::Home;

/// Asks until the answer has a piece.
fn until(home: &Home, words: &[&str], piece: &str) -> String {
    for _ in 0..500 {
        let said = home.durun(words).stdout();
        if said.contains(piece) {
            return said;
        }
        std::thread::yield_now();
    }
    panic!("never \"{piece}\": {}", home.durun(words).stdout())
}

#[test]
fn a_run_waits_for_the_one_that_holds_the_lock_and_goes_on_when_it_has_ended() {
    let home = Home::new();
    home.file("hold.rhai", "with_lock(\"db\", || wait_signal(\"go\"))\n");
    home.file("work.rhai", "let n = with_lock(\"db\", || 7);\nn\n");
    home.durun(&["start", "hold.rhai", "--id", "first", "--detach"]).out("first\n").check();
    until(&home, &["status", "first"], "holds");
    home.durun(&["start", "work.rhai", "--id", "second", "--detach"]).out("second\n").check();
    let why = until(&home, &["why", "second"], "the lock db");
    assert!(why.contains("it waits in line 1 for the lock db, which run first holds."), "{why}");
    let status = home.durun(&["status", "second", "-o", "json"]).stdout();
    for piece in ["\"held\":false", "\"holder\":\"first\"", "\"before\":1", "\"kind\":\"with_lock\""] {
        assert!(status.replace(": ", ":").contains(piece), "{piece} in {status}");
    }
    home.durun(&["terminate", "first"]).check();
    home.durun(&["wait", "second"]).out("7\n").check();
    home.durun(&["result", "second"]).out("7\n").check();
    let history = home.durun(&["history", "second"]).stdout();
    assert!(history.contains("lock db granted"), "{history}");
    assert!(!home.durun(&["status", "second"]).stdout().contains("holds"));
}

#[test]
fn a_run_that_is_stuck_under_a_lock_still_holds_it() {
    let home = Home::new();
    home.file("stuck.rhai", "with_lock(\"db\", || no_such_thing())\n");
    home.file("work.rhai", "with_lock(\"db\", #{ timeout: \"1 ms\" }, || 7)\n");
    let failure = home.durun(&["start", "--unchecked", "stuck.rhai", "--id", "first"]).exit(8).failure();
    assert!(failure.contains("no_such_thing"), "{failure}");
    let status = home.durun(&["status", "first"]).stdout();
    assert!(status.contains("holds"), "{status}");
    let failure = home.durun(&["start", "work.rhai", "--id", "second"]).exit(1).failure();
    assert!(failure.contains("the lock \"db\" was not free in time"), "{failure}");
}

#[test]
fn whoever_holds_what_a_run_waits_for_and_does_not_get_on_is_let_go_on_first() {
    let home = Home::new();
    home.file("hold.rhai", "with_lock(\"db\", || wait_signal(\"go\"))\n");
    home.file("work.rhai", "with_lock(\"db\", || 7)\n");
    for (script, id) in [("hold.rhai", "first"), ("work.rhai", "second")] {
        home.durun(&["start", script, "--id", id, "--park-after", "0s"]).exit(3).failure();
    }
    home.durun(&["signal", "first", "go"]).check();
    let why = home.durun(&["why", "second"]).stdout();
    assert!(why.ends_with("  durun resume first\n  durun resume second\n"), "{why}");
    home.durun(&["resume", "first"]).out("true\n").check();
    home.durun(&["resume", "second"]).out("7\n").check();
}
