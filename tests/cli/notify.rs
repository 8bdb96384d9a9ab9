//! `[notify]`: whoever is named is told once of how a run came out, by a run of its own.

use super::schedule::asleep;
use crate::harness::Home;
use serde_json::Value;

const TELL: &str = "\"cat >>told\"";

/// What was told so far.
fn told(home: &Home) -> Vec<Value> {
    let text = std::fs::read_to_string(home.path().join("told")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn ids(home: &Home) -> Vec<String> {
    let listed = home.durun(&["list", "-a", "-o", "jsonl"]).stdout();
    let id = |line: &str| {
        let run: Value = serde_json::from_str(line).expect("JSON");
        run.get("id").and_then(Value::as_str).map(str::to_owned)
    };
    listed.lines().filter_map(id).collect()
}

#[test]
fn a_run_that_fails_is_told_of_once() {
    let home = Home::new();
    home.file("durun.toml", format!("[notify]\non_failure = {TELL}\n"));
    home.file("f.rhai", "fail(\"no tape\")").file("ok.rhai", "7");
    for _ in 0..2 {
        let err = home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
        assert!(err.contains("run f failed: no tape"), "{err}");
    }
    home.durun(&["start", "ok.rhai", "--id", "ok"]).out("7\n").check();
    home.durun(&["tick"]).check();
    let told = told(&home);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["event"], &told[0]["run"]), (&"failed".into(), &"f".into()));
    assert_eq!((&told[0]["error"]["message"], &told[0]["error"]["line"]), (&"no tape".into(), &1.into()));
    let ids = ids(&home);
    let hooks: Vec<&String> = ids.iter().filter(|id| id.starts_with("f.on_failure.")).collect();
    assert_eq!((hooks.len(), ids.len()), (1, 3), "{ids:?}");
    // It stands in the whole list alone, and is not what is meant by the last run.
    let listed = home.durun(&["list", "-o", "jsonl"]).stdout();
    assert!(listed.lines().count() == 2 && !listed.contains("on_failure"), "{listed}");
    home.durun(&["start", "f.rhai", "--id", "g"]).exit(1).failure();
    let last = home.durun(&["status", "@last", "-o", "jsonl"]).stdout();
    assert!(last.contains("\"id\":\"g\""), "{last}");
    let history = home.durun(&["history", hooks[0], "-o", "jsonl"]).stdout();
    assert_eq!(history.matches("ActivityCompleted").count(), 1, "{history}");
}

#[test]
fn a_run_that_fails_again_after_it_was_mended_is_told_of_again() {
    let home = Home::new();
    home.file("f.rhai", "activity(\"none\", 1)")
        .file("g.rhai", "chrage(1)")
        .file("h.rhai", "chareg(step(\"a\", || 1))");
    home.file("activities/none", "#!/bin/sh\nexit 9\n");
    let none = home.path().join("activities/none");
    std::fs::set_permissions(none, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
    home.file(
        "durun.toml",
        format!(
            "[activity.none]\nretry = {{ attempts = 1 }}\n[notify]\non_failure = {TELL}\non_stuck = {TELL}\n"
        ),
    );
    home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
    home.durun(&["retry", "f"]).exit(1).failure();
    home.durun(&["prune", "--older-than", "0s", "--status", "failed"]).check();
    home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
    let runs = |told: &[Value]| told.iter().map(|told| told["run"].to_string()).collect::<String>();
    assert_eq!(runs(&told(&home)), "\"f\"".repeat(3));
    home.durun(&["start", "g.rhai", "--id", "g"]).exit(8).failure();
    home.durun(&["upgrade", "g", "--script", "h.rhai"]).both();
    home.durun(&["resume", "g"]).exit(8).failure();
    assert_eq!(told(&home).len(), 5);
}

#[test]
fn a_stuck_run_and_a_completed_one_are_told_of_and_no_telling_is_told_of_itself() {
    let home = Home::new();
    let program = "[\"sh\", \"-c\", \"cat >>told\"]";
    home.file("durun.toml", format!("[notify]\non_stuck = {program}\non_success = {program}\n"));
    home.file("g.rhai", "chrage(1)").file("ok.rhai", "#{ n: 7 }");
    let err = home.durun(&["start", "g.rhai", "--id", "g"]).exit(8).failure();
    assert!(err.contains("run g is stuck"), "{err}");
    home.durun(&["start", "ok.rhai", "--id", "ok"]).out("{\"n\":7}\n").check();
    let told = told(&home);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((&told[0]["event"], &told[0]["run"]), (&"stuck".into(), &"g".into()));
    assert!(told[0]["error"]["message"].as_str().is_some_and(|text| text.contains("chrage")), "{told:?}");
    assert_eq!((&told[1]["event"], &told[1]["result"]["n"]), (&"completed".into(), &7.into()));
    assert_eq!(ids(&home).len(), 4);
    // Gone on with, it is stuck at the same place: that is no news.
    home.durun(&["resume", "g"]).exit(8).failure();
    assert_eq!((self::told(&home).len(), ids(&home).len()), (2, 4));
}

#[test]
fn children_are_their_parent_s_business_and_what_was_ended_by_a_person_is_no_news() {
    let home = Home::new();
    home.file("durun.toml", format!("[notify]\non_failure = {TELL}\non_success = {TELL}\n"));
    home.file("p.rhai", "let n = 0; try { child(\"c.rhai\"); } catch { n = 1; } n")
        .file("c.rhai", "fail(\"no\")");
    home.file("w.rhai", "wait_signal(\"go\")");
    home.durun(&["start", "p.rhai", "--id", "p"]).out("1\n").check();
    home.durun(&["start", "w.rhai", "--id", "w", "--record-only"]).out("w\n").check();
    home.durun(&["terminate", "w"]).check();
    home.durun(&["start", "w.rhai", "--id", "v", "--record-only"]).out("v\n").check();
    home.durun(&["cancel", "v"]).check();
    home.durun(&["tick"]).check();
    let told = told(&home);
    let runs: Vec<&Value> = told.iter().map(|told| &told["run"]).collect();
    assert_eq!(runs, ["p"]);
}

#[test]
fn one_who_cannot_be_told_now_is_told_later_and_nobody_waits_for_it() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failure = \"test -e open && cat >told\"\n");
    home.file("f.rhai", "fail(\"no tape\")");
    let err = home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
    assert!(err.contains("run f failed: no tape"), "{err}");
    let hook = ids(&home).into_iter().find(|id| id.starts_with("f.on_failure.")).expect("a hook");
    home.file("open", "");
    home.until(&hook, &["\"executor\":null"]);
    home.durun(&["retry", &hook]).both();
    home.durun(&["tick"]).check();
    home.until(&hook, &["\"status\":\"completed\""]);
    assert_eq!(told(&home).len(), 1);
}

#[test]
fn missed_slots_are_told_with_their_record() {
    let home = Home::new();
    home.file("durun.toml", format!("[notify]\non_missed = {TELL}\n")).file("s.rhai", "1");
    home.durun(&["schedule", "add", "n", "0 * * * *", "s.rhai", "--tz", "UTC"]).check();
    std::fs::remove_file(home.path().join("s.rhai")).expect("gone");
    asleep(&home, "n", 3_600_000);
    home.durun(&["tick"]).exit(1).failure();
    home.durun(&["tick"]).check();
    let told = told(&home);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["event"], &told[0]["schedule"]), (&"missed".into(), &"n".into()));
    assert!(
        told[0]["reason"].as_str().is_some_and(|text| text.starts_with("there is no script")),
        "{told:?}"
    );
}

#[test]
fn a_wrong_key_is_told_with_the_one_that_was_meant() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failur = \"mail ops\"\n").file("s.rhai", "1");
    let err = home.durun(&["start", "s.rhai"]).exit(78).failure();
    assert!(err.contains("did you mean \"on_failure\"?"), "{err}");
    home.file("durun.toml", "[notify]\non_failure = \"https://\"\n");
    let err = home.durun(&["start", "s.rhai"]).exit(78).failure();
    assert!(err.contains("the address has no host"), "{err}");
}
