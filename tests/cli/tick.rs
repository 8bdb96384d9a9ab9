//! `durun tick`: what is due goes on until it waits again, and nothing is said of it.

use super::harness::Home;

const SLEEPS: &str = "let n = step(\"one\", || 1); sleep(\"300ms\"); n + 1";

#[test]
fn a_recorded_run_goes_on_tick_by_tick() {
    let home = Home::new();
    home.file("s.rhai", SLEEPS);
    home.durun(&["start", "s.rhai", "--record-only", "--id", "a"]).out("a\n").check();
    home.until("a", &[r#""woken_by":"nobody""#, r#""status":"parked""#]);
    home.durun(&["tick"]).check();
    let status = home.durun(&["status", "a", "-o", "jsonl"]).stdout();
    assert!(status.contains(r#""executor":null"#) && status.contains(r#""entries":2"#), "{status}");
    // One tick says nothing of a next one. Both say the same of who goes on with it.
    assert!(status.contains(r#""woken_by":"nobody""#), "{status}");
    let said = [home.durun(&["status", "a"]).stdout(), home.durun(&["why", "a"]).stdout()];
    assert!(said.iter().all(|said| said.to_lowercase().contains("nobody executes it")), "{said:?}");
    // Its timer is due only now and then; a tick before does nothing, and says nothing.
    home.until("a", &[r#""status":"parked""#]);
    home.durun(&["tick"]).check();
    home.durun(&["result", "a"]).out("2\n").check();
    home.durun(&["tick"]).check();
}

#[test]
fn a_run_that_fails_or_is_stuck_prints_its_block_and_decides_the_exit_code() {
    let home = Home::new();
    home.file("f.rhai", "fail(\"no tape\")").file("g.rhai", "chrage(1)").file("h.rhai", "1");
    for (script, id) in [("f.rhai", "f"), ("g.rhai", "g"), ("h.rhai", "h")] {
        home.durun(&["start", "--unchecked", script, "--record-only", "--id", id])
            .out(&format!("{id}\n"))
            .check();
    }
    let err = home.durun(&["tick"]).exit(8).failure();
    assert!(err.contains("error[D0101]: run f failed: no tape"), "{err}");
    assert!(err.contains("error[D0105]: run g is stuck"), "{err}");
    assert_eq!(err.matches("error[").count(), 2, "{err}");
    home.durun(&["tick"]).check();
}

#[test]
fn a_message_wakes_a_run_at_the_next_tick() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"go\")");
    home.durun(&["start", "s.rhai", "--record-only", "--id", "a"]).out("a\n").check();
    home.durun(&["tick"]).check();
    home.until("a", &[r#""status":"waiting""#, r#""executor":null"#]);
    home.durun(&["tick", "--next"]).check();
    home.durun(&["signal", "a", "go", "7"]).check();
    home.durun(&["tick", "--next"]).out("TIME\n").check();
    home.durun(&["tick"]).check();
    home.durun(&["result", "a"]).out("7\n").check();
}

#[test]
fn the_next_timer_is_told_and_nothing_is_executed() {
    let home = Home::new();
    home.file("s.rhai", "sleep(\"1h\")");
    home.durun(&["tick", "--next"]).check();
    home.durun(&["start", "s.rhai", "--record-only", "--id", "a"]).out("a\n").check();
    home.durun(&["tick", "--next"]).out("TIME\n").check();
    home.until("a", &[r#""entries":0"#]);
    home.durun(&["tick"]).check();
    let json = home.durun(&["tick", "--next", "-o", "jsonl"]).stdout();
    let next: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let ms = next["in_ms"].as_i64().expect("a number");
    assert!((3_000_000..=3_600_000).contains(&ms), "{json}");
}

#[test]
fn a_named_store_that_is_not_there_is_told_as_a_crontab_would_do_nothing_for_ever() {
    let home = Home::new();
    home.durun(&["tick"]).check();
    let err = home.durun(&["--store", "away", "tick"]).exit(4).failure();
    assert!(err.contains("error[D0301]"), "{err}");
    let err = home.durun(&["tick", "--jobs", "0"]).exit(2).failure();
    assert!(err.contains("at least 1"), "{err}");
}

#[test]
fn ticks_that_were_installed_go_on_with_a_run() {
    let (home, path) = super::tick_install::home();
    home.file("s.rhai", SLEEPS);
    home.durun(&["tick", "--install"]).env("PATH", &path).stdout();
    home.durun(&["start", "s.rhai", "--record-only", "--id", "a"]).out("a\n").check();
    let both = || [home.durun(&["status", "a"]).stdout(), home.durun(&["why", "a"]).stdout()];
    assert!(
        both().iter().all(|said| said.contains("woken by tick, the first within a minute")),
        "{:?}",
        both()
    );
    home.durun(&["tick"]).check();
    assert!(
        both().iter().all(|said| said.contains("woken by the next durun tick, the last came ")),
        "{:?}",
        both()
    );
    assert!(!both().iter().any(|said| said.to_lowercase().contains("nobody")), "{:?}", both());
}
