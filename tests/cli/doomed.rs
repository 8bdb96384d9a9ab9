//! A script of which each run would be stuck is not begun, unless somebody says so; a run that is there is never refused.

use crate::harness::Home;
use crate::schedule::asleep;

const DOOMED: &str = "let a = step(\"one\", || 1);\nlet b = chrage(a);\n";

/// Without a store, or in one without runs.
#[track_caller]
fn nothing_recorded(home: &Home) {
    home.durun(&["list", "-o", "jsonl"]).check();
}

#[test]
fn it_is_refused_with_what_check_says_before_anything_is_recorded() {
    let home = Home::new();
    home.file("a.rhai", DOOMED);
    let block = "\
error[D1310]: there is no function chrage
 --> a.rhai:2:9
  |
2 | let b = chrage(a);
  |         ^^^^^^
  |
  = note: nothing was recorded: each run comes to this line, and would be stuck there
  = help: write it as fn name(argument) { … }, in the script or in a module that it imports
  = help: --unchecked starts it all the same
";
    for how in [
        &["start", "a.rhai"][..],
        &["start", "a.rhai", "--id", "a", "--overlap", "skip"],
        &["start", "a.rhai", "--detach"],
        &["start", "a.rhai", "--record-only"],
        &["run", "a.rhai"],
        &["a.rhai"],
        &["signal", "a", "go", "--start", "a.rhai"],
        &["schedule", "add", "a", "@daily", "a.rhai"],
    ] {
        home.durun(how).exit(2).err(block).check();
        assert!(!home.store().exists(), "{how:?}: not even a store");
    }
    nothing_recorded(&home);
}

#[test]
fn what_else_is_wrong_is_counted_and_a_mistake_that_a_run_may_pass_by_stops_nothing() {
    let home = Home::new();
    home.file("a.rhai", "if input == 7 { slep(1); }\nsleep(\"1 moth\");\nlet c = \" x\".trim();\n");
    let err = home.durun(&["start", "a.rhai"]).exit(2).failure();
    assert!(err.starts_with("error[D1325]: ") && err.contains(" --> a.rhai:2:7\n"), "{err}");
    assert!(err.contains("durun check a.rhai shows all of it: 2 errors and 1 warning"), "{err}");
    for text in [
        "if input == 7 { slep(1); }",
        "try { slep(1); } catch { }",
        "fn never() { slep(1); }",
        "on_failure(|_e| slep(1));",
        "for n in [] { slep(1); }",
        "if input == () { return 5; } slep(1);",
    ] {
        home.file("b.rhai", format!("{text}\n"));
        home.durun(&["start", "b.rhai"]).exit(0).make();
    }
}

#[test]
fn unchecked_starts_it_and_a_run_that_is_there_is_never_refused() {
    let home = Home::new();
    home.file("a.rhai", DOOMED);
    let stuck = home.durun(&["start", "a.rhai", "--id", "a", "--unchecked"]).exit(8).failure();
    assert!(stuck.contains("run a is stuck"), "{stuck}");
    let again = home.durun(&["start", "a.rhai", "--id", "a"]).exit(8).failure();
    assert!(again.contains("run a is stuck"), "{again}");
    home.durun(&["start", "a.rhai", "--overlap", "skip"]).exit(8).failure();
    home.durun(&["start", "a.rhai", "--key", "other"]).exit(2).failure();
    home.durun(&["start", "a.rhai", "--overlap", "allow"]).exit(2).failure();
    home.durun(&["resume", "a"]).exit(8).failure();
    home.durun(&["signal", "a", "go", "--start", "a.rhai"]).exit(0).make();
    // One that was fine when it was recorded goes on with its text.
    home.file("b.rhai", "7\n");
    home.durun(&["start", "b.rhai", "--id", "b", "--record-only"]).out("b\n").check();
    home.file("b.rhai", "slep(7)\n");
    let (out, told, _) = home.durun(&["start", "b.rhai", "--id", "b"]).make();
    let note = "note: b.rhai was edited; run b goes on under the text it was started with; ";
    assert!(out == "7\n" && told.starts_with(note), "{out}{told}");
    home.durun(&["start", "b.rhai", "--id", "b", "--if-ended", "again"]).exit(2).failure();
    home.durun(&["start", "b.rhai", "--id", "b"]).out("7\n").check();
    let ids = home.durun(&["list", "-o", "jsonl"]).stdout();
    assert_eq!(ids.lines().count(), 2, "{ids}");
}

#[test]
fn a_slot_of_it_is_missed_with_the_reason_unless_the_schedule_is_unchecked() {
    let home = Home::new();
    home.file("a.rhai", "1\n").file("b.rhai", DOOMED);
    home.durun(&["schedule", "add", "fine", "0 * * * *", "a.rhai"]).check();
    home.durun(&["schedule", "add", "open", "0 * * * *", "b.rhai", "--unchecked"]).check();
    home.file("a.rhai", "slep(1)\n");
    for name in ["fine", "open"] {
        asleep(&home, name, 3_600_000);
    }
    let (_, err) = home.durun(&["tick"]).exit(8).both();
    assert!(err.contains("a.rhai line 1: there is no function slep"), "{err}");
    assert!(err.contains("is stuck: there is no function chrage"), "{err}");
    let listed = home.durun(&["list", "-o", "jsonl"]).stdout();
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(listed.contains("\"id\":\"open-"), "{listed}");
    let err = home.durun(&["schedule", "trigger", "fine"]).exit(2).failure();
    assert!(err.contains("D1310") && err.contains("--replace --unchecked"), "{err}");
    let fill = ["schedule", "backfill", "fine", "--from", "2026-11-01", "--to", "2026-11-01"];
    home.durun(&fill).exit(2).failure();
    home.durun(&[&fill[..], &["--dry-run"]].concat()).exit(0).make();
    home.durun(&["schedule", "trigger", "open", "--record-only"]).exit(1).make();
}
