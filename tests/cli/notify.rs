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
    // It stands in the whole list alone, is no work that ended, and is not what is meant by the last run.
    let alone = home.durun(&[]).stdout();
    assert!(alone.ends_with("Last 24 hours  1 failed, 1 completed\n"), "{alone}");
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
    home.durun(&["start", "--unchecked", "g.rhai", "--id", "g"]).exit(8).failure();
    home.durun(&["upgrade", "g", "--unchecked", "--script", "h.rhai"]).both();
    home.durun(&["resume", "g"]).exit(8).failure();
    assert_eq!(told(&home).len(), 5);
}

#[test]
fn a_stuck_run_and_a_completed_one_are_told_of_and_no_telling_is_told_of_itself() {
    let home = Home::new();
    let program = "[\"sh\", \"-c\", \"cat >>told\"]";
    home.file("durun.toml", format!("[notify]\non_stuck = {program}\non_success = {program}\n"));
    home.file("g.rhai", "chrage(1)").file("ok.rhai", "#{ n: 7 }");
    let err = home.durun(&["start", "--unchecked", "g.rhai", "--id", "g"]).exit(8).failure();
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

/// The ids of runs that tell of a run.
fn hook_of(home: &Home, run: &str) -> String {
    let begins = format!("{run}.on_");
    ids(home).into_iter().find(|id| id.starts_with(&begins)).expect("a run that tells")
}

#[test]
fn that_nobody_could_be_told_is_one_line_with_the_run_that_should_have() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failure = \"echo no mail here >&2; exit 64\"\n");
    home.file("f.rhai", "fail(\"no tape\")");
    let line = |hook: &str| {
        format!("nobody was told: run {hook} failed: exit code 64: no mail here: durun why {hook}\n")
    };
    let err = home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
    let hook = hook_of(&home, "f");
    assert!(err.starts_with("error[D0101]: run f failed: no tape\n") && err.ends_with(&line(&hook)), "{err}");
    // By a tick, too, and there is no block of the run that tells.
    home.durun(&["start", "f.rhai", "--id", "g", "--record-only"]).out("g\n").check();
    let err = home.durun(&["tick"]).exit(1).failure();
    assert!(err.ends_with(&line(&hook_of(&home, "g"))) && err.matches("error[").count() == 1, "{err}");
    let (doctor, _) = home.durun(&["doctor"]).exit(1).both();
    let problems: Vec<&str> = doctor.lines().filter(|line| line.starts_with("problem: ")).collect();
    let command = "list --script '(notify)' --status failed,timed_out,stuck";
    assert!(problems[0].starts_with("problem: 2 runs failed in the last 24 hours: "), "{doctor}");
    assert!(problems[1].starts_with("problem: 2 runs that were to tell somebody"), "{doctor}");
    assert!(problems[1].ends_with(&format!(": durun {command}")), "{doctor}");
    let listed = home.durun(&["list", "--script", "(notify)", "--status", "failed,timed_out,stuck"]).stdout();
    assert_eq!(listed.lines().count(), 3, "{listed}");
}

#[test]
fn runs_that_tell_are_not_listed_nor_meant_by_the_beginning_of_an_id() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failure = \"exit 64\"\n").file("f.rhai", "fail(\"no tape\")");
    home.durun(&["start", "f.rhai", "--id", "order-1"]).exit(1).failure();
    let hook = hook_of(&home, "order-1");
    let (listed, noted) = home.durun(&["-v", "list", "-o", "jsonl"]).both();
    assert!(listed.lines().count() == 1 && !listed.contains("on_failure"), "{listed}");
    assert_eq!(
        noted,
        "1 run that was to tell of others, as [notify] says, could not: durun list --script '(notify)'\n"
    );
    for words in [&["list", "-a", "-o", "jsonl"][..], &["list", "--script", "(notify)", "-o", "jsonl"]] {
        assert!(home.durun(words).stdout().contains(&hook), "{words:?}");
    }
    let status = home.durun(&["status", "order", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"id\":\"order-1\""), "{status}");
    let told = home.durun(&["status", "odrer-1"]).exit(4).failure();
    assert!(told.contains("order-1") && !told.contains("on_failure"), "{told}");
}

#[test]
fn one_who_will_be_told_later_is_one_line_too() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failure = \"echo busy >&2; exit 1\"\n")
        .file("f.rhai", "fail(\"no\")");
    let err = home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
    let hook = hook_of(&home, "f");
    let line =
        format!("nobody was told: run {hook} will be tried again: exit code 1: busy: durun why {hook}\n");
    assert!(err.ends_with(&line), "{err}");
}

#[test]
fn what_is_told_goes_to_whom_the_file_names_at_each_try() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failure = \"exit 64\"\n").file("f.rhai", "fail(\"no tape\")");
    home.durun(&["start", "f.rhai", "--id", "f"]).exit(1).failure();
    let hook = hook_of(&home, "f");
    home.file("durun.toml", "");
    let err = home.durun(&["retry", &hook]).exit(1).failure();
    assert!(err.contains("durun.toml has no on_failure any more"), "{err}");
    home.file("durun.toml", format!("[notify]\non_failure = {TELL}\n"));
    home.durun(&["retry", &hook]).both();
    let told = told(&home);
    assert_eq!((told.len(), &told[0]["run"]), (1, &"f".into()));
}

#[test]
fn who_is_told_elsewhere_is_told_of_the_store_where_it_is_not_the_users_own() {
    let home = Home::new();
    home.file("durun.toml", format!("[notify]\non_failure = {TELL}\non_struggling = {TELL}\n"));
    home.file("f.rhai", "exec([\"false\"], #{ retry: 1 })").file(
        "s.rhai",
        "exec([\"sh\", \"-c\", \"sleep 0.2; exit 3\"], #{ warn_after: \"100ms\", retry: #{ attempts: 2, first: \"100ms\" } })",
    );
    home.durun(&["--store", "an other", "start", "f.rhai", "--id", "f"]).exit(1).failure();
    home.durun(&["start", "s.rhai", "--id", "s"]).env("DURUN_STORE", "varied").exit(1).failure();
    let told = told(&home);
    let commands: Vec<&Value> = told.iter().map(|told| &told["commands"][0]).collect();
    let place = |name: &str| home.path().join(name).display().to_string();
    assert_eq!(*commands[0], format!("durun --store '{}' retry f", place("an other")), "{told:?}");
    assert!(commands.len() > 2, "of the struggle and of its end: {told:?}");
    for command in &commands[1..] {
        assert_eq!(**command, format!("durun --store {} retry s", place("varied")), "{told:?}");
    }
}

#[test]
fn the_document_names_the_step_and_the_commands_that_go_on() {
    let home = Home::new();
    home.file("durun.toml", format!("[notify]\non_failure = {TELL}\non_stuck = {TELL}\n"));
    home.file(
        "step.rhai",
        "step(\"one\", || 1);\nexec([\"sh\", \"-c\", \"echo no disk >&2; exit 3\"], #{ retry: 1 });",
    );
    home.file("own.rhai", "step(\"one\", || 1);\nstep(\"two\", || 2);\nfail(\"too few\")");
    home.file(
        "caught.rhai",
        "try { sh(\"exit 3\", #{ retry: 1 }) } catch { step(\"tell\", || 1); }\nfail(\"no\")",
    );
    home.file("stuck.rhai", "chrage(1)");
    for (script, exit) in [("step", 1), ("own", 1), ("caught", 1), ("stuck", 8)] {
        home.durun(&["start", "--unchecked", &format!("{script}.rhai"), "--id", script]).exit(exit).failure();
    }
    let told = told(&home);
    let commands = |place: usize| told[place]["commands"].clone();
    assert_eq!(commands(0), serde_json::json!(["durun retry step"]));
    let step =
        serde_json::json!({"attempts": 1, "exit_code": 3, "name": "sh", "status": null, "stderr": "no disk"});
    assert_eq!(told[0]["step"], step);
    assert_eq!(commands(1), serde_json::json!(["durun rewind own --to 1", "durun resume own"]));
    assert_eq!(told[1]["step"], Value::Null);
    assert_eq!(commands(2), serde_json::json!(["durun rewind caught --to 1", "durun resume caught"]));
    let file = told[3]["script"].as_str().expect("a path");
    let upgrade = format!("durun upgrade stuck --script {file}");
    assert_eq!(commands(3), serde_json::json!([upgrade, "durun resume stuck"]));
    // What is told is what the block says, and it works.
    let err = home.durun(&["status", "own"]).stdout();
    assert!(err.contains("durun rewind own --to 1"), "{err}");
    home.durun(&["retry", "step"]).exit(1).failure();
    home.durun(&["rewind", "own", "--to", "1"]).check();
    home.durun(&["resume", "own"]).exit(1).failure();
}
