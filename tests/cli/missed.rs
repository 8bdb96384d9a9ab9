//! `durun missed`: slots that were not started, until they are made up for or seen.

use super::schedule::asleep;
use crate::harness::Home;

const HOUR: i64 = 3_600_000;

#[test]
fn what_was_missed_is_told_by_tick_listed_and_made_up_for() {
    let home = Home::new();
    home.durun(&["missed"]).check();
    home.file("s.rhai", "input.slot");
    home.durun(&["schedule", "add", "n", "0 * * * *", "s.rhai", "--tz", "UTC"]).check();
    home.durun(&["missed"]).check();
    std::fs::remove_file(home.path().join("s.rhai")).expect("gone");
    asleep(&home, "n", HOUR);
    let err = home.durun(&["tick"]).exit(1).failure();
    assert!(err.contains("error[D1110]: the schedule n has missed a slot"), "{err}");
    assert!(err.contains("there is no script ~/s.rhai"), "{err}");
    home.durun(&["tick"]).check();
    let out = home.durun(&["missed"]).exit(1).stdout();
    assert!(
        out.starts_with("SCHEDULE  SLOT") && out.contains("missed  there is no script ~/s.rhai"),
        "{out}"
    );
    let json = home.durun(&["missed", "n", "-o", "jsonl"]).exit(1).stdout();
    let record: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&record["schedule"], &record["count"]), (&"n".into(), &1.into()));
    home.file("s.rhai", "input.slot");
    let span = ["--from", "2026-01-01", "--to", "2126-01-01"];
    let many = home.durun(&[&["schedule", "backfill", "n"], &span[..]].concat()).exit(2).failure();
    assert!(many.contains("error[D1107]: these are more than 1000 slots"), "{many}");
    // As tick said it.
    let command = err.split("durun schedule backfill n ").nth(1).expect("a command");
    assert!(command.starts_with("--from TIME --to TIME makes up for them"), "{command}");
    let at = |ms: i64| durun::timer::rfc3339(durun::history::Moment(ms));
    let now = durun::timer::Clock::now(&durun::timer::SystemClock).0;
    let (from, to) = (at(now - 2 * HOUR), at(now));
    let words = ["schedule", "backfill", "n", "--from", &from, "--to", &to];
    let dry = home.durun(&[&words[..], &["--dry-run"]].concat()).stdout();
    assert!(dry.starts_with("RUN") && dry.lines().count() == 3, "{dry}");
    let runs = home.durun(&words).stdout();
    assert_eq!(runs.lines().count(), 2, "{runs}");
    home.durun(&words).check();
    home.durun(&["missed"]).check();
    let all: Vec<&str> = runs.lines().collect();
    home.durun(&[&["resume", "-q"], &all[..]].concat()).both();
    for run in runs.lines() {
        home.until(run, &["\"status\":\"completed\""]);
    }
}

#[test]
fn what_was_seen_is_listed_no_more() {
    let home = Home::new();
    home.file("s.rhai", "1");
    home.durun(&["schedule", "add", "n", "* * * * *", "s.rhai", "--catchup", "none"]).check();
    asleep(&home, "n", HOUR);
    let err = home.durun(&["tick"]).exit(1).failure();
    assert!(err.contains("nobody fired it in time"), "{err}");
    let out = home.durun(&["missed", "--seen"]).exit(1).stdout();
    assert!(out.contains("missed  nobody fired it in time"), "{out}");
    home.durun(&["missed"]).check();
    let err = home.durun(&["missed", "m"]).exit(4).failure();
    assert!(err.contains("error[D1104]"), "{err}");
}
