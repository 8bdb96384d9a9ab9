//! `durun start` from a crontab: what is in the way of a start, and what is done about a run that has ended or only waits.

use super::harness::Home;
use super::tick_install;

const HOLD: &str = "wait_signal(\"go\")\n";

fn holding(home: &Home) {
    home.file("s.rhai", HOLD);
    home.durun(&["start", "s.rhai", "--id", "first", "--detach"]).out("first\n").check();
    home.until("first", &[r#""status":"waiting""#]);
}

fn is_absent(home: &Home, id: &str) {
    let err = home.durun(&["status", id]).exit(4).failure();
    assert!(err.contains("error[D0302]"), "{err}");
}

fn is_left_out(home: &Home, id: &str, beside: &str) {
    let err = home.durun(&["status", id]).exit(4).failure();
    let said = [
        "its start was left out at ",
        &format!(": run {beside} had not ended"),
        &format!("durun status {beside}"),
    ];
    assert!(err.contains("error[D0302]") && said.iter().all(|part| err.contains(part)), "{err}");
}

#[test]
fn starts_that_were_left_out_are_told_with_the_run_in_their_way_while_that_is_there() {
    let home = Home::new();
    holding(&home);
    let left_out = |home: &Home| {
        let status = home.durun(&["status", "first"]).stdout();
        status.lines().find_map(|line| line.strip_prefix("  left out  ").map(str::to_owned))
    };
    assert_eq!(left_out(&home), None);
    home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "second"]).check();
    assert_eq!(left_out(&home).as_deref(), Some("1 start while it had not ended: second, now"));
    for id in ["third", "fourth"] {
        home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", id]).check();
    }
    assert_eq!(left_out(&home).as_deref(), Some("3 starts while it had not ended: the last fourth, now"));
    home.durun(&["signal", "first", "go", "1"]).check();
    home.durun(&["wait", "first"]).out("1\n").check();
    for id in ["second", "third", "fourth"] {
        is_left_out(&home, id, "first");
    }
    is_absent(&home, "fifth");
    let document = home.durun(&["status", "first", "-o", "jsonl"]).stdout();
    assert!(document.contains("\"skipped_starts\":{\"count\":3,\"latest\":[{\"at\":"), "{document}");
    // What is started after all is no longer missing.
    home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "second", "--record-only"])
        .out("second\n")
        .check();
    home.durun(&["status", "second"]).stdout();
}

#[test]
fn a_start_beside_a_run_that_is_executed_is_skipped_without_a_word() {
    let home = Home::new();
    holding(&home);
    home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "second"]).check();
    is_left_out(&home, "second", "first");
    // The same id is not waited for either.
    home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "first"]).check();
    let err = home.durun(&["-v", "start", "s.rhai", "--overlap", "skip", "--id", "second"]).spoken();
    assert!(
        err.contains("nothing was started: run first has not ended, and is waiting (executed by pid "),
        "{err}"
    );
    let text = std::fs::read_to_string(home.path().join("s.rhai")).expect("a script");
    home.file("s.rhai", format!("{text}\n// Edited."));
    let err = home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "second"]).spoken();
    assert!(err.contains("s.rhai was edited; run first goes on under the text it was started with"), "{err}");
    home.durun(&["signal", "first", "go", "1"]).check();
    home.durun(&["wait", "first"]).out("1\n").check();
    home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "second", "--record-only"])
        .out("second\n")
        .check();
}

#[test]
fn a_run_that_was_killed_is_gone_on_with_by_the_next_start() {
    let home = Home::killed_at(
        "first",
        "let n = step(\"one\", || 41); sleep(\"300ms\"); n + 1",
        &[r#""entries":2"#],
    );
    home.until("first", &[r#""status":"parked""#]);
    home.durun(&["start", "script.rhai", "--overlap", "skip", "--id", "second"]).out("42\n").check();
    is_left_out(&home, "second", "first");
    home.durun(&["result", "first"]).out("42\n").check();
}

#[test]
fn a_run_that_was_killed_is_gone_on_with_by_the_same_line_of_a_crontab() {
    for unattended in [["--overlap", "skip"], ["--key", "nightly"]] {
        let home = Home::killed_at(
            "first",
            "let n = step(\"one\", || 41); sleep(\"300ms\"); n + 1",
            &[r#""entries":2"#],
        );
        home.until("first", &[r#""status":"parked""#]);
        let [option, value] = unattended;
        home.durun(&["start", "script.rhai", option, value, "--id", "first"]).out("42\n").check();
        home.durun(&["start", "script.rhai", option, value, "--id", "first"]).out("42\n").check();
    }
}

#[test]
fn a_skip_over_a_run_that_does_not_get_on_is_no_silence() {
    let script = "exec([\"sh\", \"-c\", \"echo no tape >&2; exit 3\"], #{ warn_after: \"1ms\", retry: #{ first: \"1h\", attempts: 5 } })\n";
    let home = Home::killed_at("first", script, &["failing_since"]);
    let err = home.durun(&["start", "script.rhai", "--overlap", "skip", "--id", "second"]).exit(1).failure();
    for piece in [
        "error[D1001]: run first has been failing for ",
        "script.rhai:1:1",
        "stderr of the last attempt:",
        "no tape",
        "nothing was started: this run has not ended",
        "durun why first",
    ] {
        assert!(err.contains(piece), "{piece}: {err}");
    }
    assert_eq!(err.matches("error[").count(), 1, "{err}");
    is_left_out(&home, "second", "first");
}

#[test]
fn a_skip_over_a_stuck_run_prints_its_block() {
    let home = Home::new();
    home.file("s.rhai", "chrage(1)\n");
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "first"]).exit(8).failure();
    let err = home.durun(&["start", "s.rhai", "--overlap", "skip", "--id", "second"]).exit(8).failure();
    assert!(err.contains("error[D0105]: run first is stuck"), "{err}");
}

#[test]
fn a_key_parts_runs_of_one_script() {
    let home = Home::new();
    home.file("s.rhai", HOLD).file("t.rhai", "2\n");
    home.durun(&["start", "s.rhai", "--key", "disk-a", "--id", "a", "--detach"]).out("a\n").check();
    home.until("a", &[r#""status":"waiting""#]);
    home.durun(&["start", "t.rhai", "--key", "disk-a", "--id", "b"]).check();
    home.durun(&["start", "t.rhai", "--key", "disk-b", "--id", "c"]).out("2\n").check();
    is_absent(&home, "b");
    let err = home.durun(&["start", "t.rhai", "--key", ""]).exit(2).failure();
    assert!(err.contains("a key has from 1 to 256 bytes"), "{err}");
    home.durun(&["cancel", "a"]).check();
    let err = home.durun(&["wait", "a"]).exit(5).failure();
    assert!(err.contains("run a was cancelled"), "{err}");
}

#[test]
fn a_queued_start_waits_for_the_run_before_it() {
    let home = Home::new();
    holding(&home);
    home.durun(&["start", "s.rhai", "--overlap", "queue", "--id", "second", "--detach"])
        .out("second\n")
        .check();
    home.until("second", &["same script: ", "1 of 1 busy (first)"]);
    home.durun(&["signal", "second", "go", "2"]).check();
    home.durun(&["signal", "first", "go", "1"]).check();
    home.durun(&["wait", "second"]).out("2\n").check();
    home.durun(&["result", "first"]).out("1\n").check();
    let err = home.durun(&["start", "s.rhai", "--overlap", "queue", "--queue", "q"]).exit(78).failure();
    assert!(err.contains("error[D0219]"), "{err}");
    home.file("durun.toml", "[queue.q]\nmax_concurrent = 1\n");
    let err = home.durun(&["start", "s.rhai", "--overlap", "queue", "--queue", "q"]).exit(2).failure();
    assert!(err.contains("--queue cannot be given too"), "{err}");
}

#[test]
fn a_cancelling_start_ends_the_run_before_it_also_where_nobody_executes_that() {
    let home = Home::new();
    home.file("script.rhai", "if input.wait { on_undo(|| log(\"tidied\")); wait_signal(\"go\") } else { 7 }");
    home.executed_until(
        &["start", "script.rhai", "--id", "second", "-i", "wait:=true"],
        "second",
        &[r#""status":"waiting""#],
    );
    home.durun(&["start", "script.rhai", "--overlap", "cancel", "--id", "third", "-i", "wait:=false"])
        .out("7\n")
        .check();
    let err = home.durun(&["result", "second"]).exit(5).failure();
    assert!(err.contains("run second was cancelled: run third was started in its place"), "{err}");
}

#[test]
fn a_run_that_has_ended_is_reported_repeated_or_refused() {
    let home = Home::new();
    home.file("s.rhai", "log(\"again\"); 5\n");
    let start = |what: &[&str]| home.durun(&[&["start", "s.rhai", "--id", "a"], what].concat());
    start(&[]).out("5\n").check();
    start(&["--if-ended", "report"]).out("5\n").check();
    let err = start(&["--if-ended", "fail"]).exit(7).failure();
    assert!(err.contains("error[D1000]: run a has ended: completed"), "{err}");
    for id in ["a-2", "a-3"] {
        is_absent(&home, id);
        start(&["--if-ended", "again"]).out("5\n").check();
        home.durun(&["result", id]).out("5\n").check();
    }
    let err = home.durun(&["start", "s.rhai", "--if-ended", "again"]).exit(2).failure();
    assert!(err.contains("--id"), "{err}");
    let long = "x".repeat(128);
    home.durun(&["start", "s.rhai", "--id", &long]).out("5\n").check();
    let err = home.durun(&["start", "s.rhai", "--id", &long, "--if-ended", "again"]).exit(2).failure();
    assert!(err.contains("error[D1002]"), "{err}");
}

#[test]
fn an_open_run_is_gone_on_with_whatever_is_to_be_done_when_it_has_ended() {
    let home = Home::killed_at("a", "sleep(\"200ms\"); 3", &[r#""entries":1"#]);
    home.durun(&["start", "script.rhai", "--id", "a", "--if-ended", "fail"]).out("3\n").check();
}

#[test]
fn a_run_that_only_waits_is_left_to_the_next_tick() {
    let (home, path) = tick_install::home();
    home.file("s.rhai", "let n = step(\"one\", || 4); sleep(\"300ms\"); n + 1");
    home.durun(&["tick"]).check();
    let start = || home.durun(&["start", "s.rhai", "--id", "a", "--park-after", "0s"]);
    // One tick, by hand perhaps, is no crontab, and a run that nobody goes on with is no success.
    let err = start().exit(3).failure();
    assert_eq!(err, "run a waits, and nobody goes on with it when its time has come: durun tick --install\n");
    home.until("a", &[r#""status":"parked""#]);
    home.durun(&["tick"]).check();
    start().out("5\n").check();
    home.durun(&["tick", "--install"]).env("PATH", &path).stdout();
    home.durun(&["start", "s.rhai", "--id", "b", "--park-after", "0s"]).exit(3).check();
}

#[test]
fn child_runs_that_only_wait_are_left_to_the_next_tick_as_silently() {
    let (home, path) = tick_install::home();
    home.file("kid.rhai", "sleep(\"1h\")");
    home.file("waits.rhai", "start_child(\"kid.rhai\"); sleep(\"2h\")");
    home.file("ends.rhai", "start_child(\"kid.rhai\"); 5");
    let start = |script, id| home.durun(&["start", script, "--id", id, "--park-after", "0s"]);
    let said = "nobody goes on with it when its time has come: durun tick --install\n";
    assert_eq!(start("waits.rhai", "a").exit(3).failure(), format!("run a waits, and {said}"));
    let (out, err) = start("ends.rhai", "b").both();
    assert_eq!((out.as_str(), err), ("5\n", format!("run b.0 waits, and {said}")));
    home.durun(&["tick", "--install"]).env("PATH", &path).stdout();
    start("waits.rhai", "c").exit(3).check();
    start("ends.rhai", "d").out("5\n").check();
}

#[test]
fn what_only_waits_is_put_down_by_resume_too() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"go\")").file("t.rhai", "4");
    home.durun(&["start", "s.rhai", "--id", "a", "--record-only"]).out("a\n").check();
    let resume = |words: &[&str]| home.durun(&[&["resume"], words, &["--park-after", "0s"]].concat());
    let err = resume(&["a"]).exit(3).failure();
    assert_eq!(err, "run a waits, and nobody goes on with it when its time has come: durun tick --install\n");
    // Of several one line tells, and none where one that waits no more came to its end.
    home.durun(&["start", "s.rhai", "--id", "b", "--record-only"]).out("b\n").check();
    let (out, err) = resume(&["--all"]).exit(3).both();
    assert_eq!(out.matches("waiting").count(), 2, "{out}");
    assert_eq!(
        err,
        "2 runs wait, and nobody goes on with them when their time has come: durun tick --install\n"
    );
    home.durun(&["signal", "a", "go", "7"]).spoken();
    resume(&["a"]).out("7\n").check();
}

#[test]
fn success_is_silent_and_failure_is_one_block() {
    let home = Home::new();
    home.file("good.rhai", "step(\"one\", || 1); ()")
        .file("bad.rhai", "step(\"one\", || 1);\nfail(\"no tape\")\n");
    home.durun(&["start", "good.rhai", "--id", "good", "--overlap", "skip"]).check();
    let block = "\
error[D0101]: run bad failed: no tape
 --> ~/bad.rhai:2:1
  |
2 | fail(\"no tape\")
  | ^^^^ no tape
  |
  = help: durun history bad tells what happened, durun logs bad what it wrote
  = help: its script ended it; to go on from before its last step, step \"one\": durun rewind bad --to 0 && durun resume bad
";
    for _ in 0..2 {
        home.durun(&["start", "bad.rhai", "--id", "bad", "--overlap", "skip"]).exit(1).err(block).check();
    }
}

/// What two shell commands beside each other say, `$1` being durun; what the first tells is in the file `said` meanwhile.
fn beside(home: &Home, waiting: &str, script: &str) -> (String, String) {
    let both = format!("({waiting}) & {script}; wait $!; cat said >&2");
    let done = std::process::Command::new("/bin/sh")
        .args(["-c", both.as_str(), "sh", env!("CARGO_BIN_EXE_durun")])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&done.stdout), text(&done.stderr))
}

#[test]
fn a_queued_start_behind_a_stuck_run_says_so_and_what_to_type() {
    let home = Home::new();
    home.file("s.rhai", "if input.good { 7 } else { chrage(1) }\n");
    home.durun(&["start", "s.rhai", "--id", "first", "-i", "good:=false"]).exit(8).failure();
    let mend = "durun why first says how to mend it, durun terminate first ends it";
    // It waits in the foreground, not on a terminal: another process frees its place once it has spoken.
    let script = "n=0; until test -s said || test $n -gt 600; do sleep 0.05; n=$((n + 1)); done; \"$1\" why second; \"$1\" terminate first";
    let waiting = "\"$1\" start s.rhai -i good:=true --overlap queue --id second 2>said";
    let (out, err) = beside(&home, waiting, script);
    assert!(out.contains("1 of 1 busy (first is stuck).") && out.ends_with("7\n"), "{out}{err}");
    assert!(out.contains("\n  durun why first\n  durun terminate first\n"), "{out}");
    assert_eq!(err.matches(mend).count(), 1, "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn a_queued_start_behind_a_run_that_nobody_executes_says_so_and_what_to_type() {
    let home = Home::new();
    home.file("s.rhai", "7\n");
    home.durun(&["start", "s.rhai", "--id", "first", "--record-only"]).out("first\n").check();
    // Another process goes on with what is in the way once this one has spoken.
    let script = "n=0; until test -s said || test $n -gt 600; do sleep 0.05; n=$((n + 1)); done; \"$1\" why second; \"$1\" resume first";
    let waiting = "\"$1\" start s.rhai --overlap queue --id second 2>said";
    let (out, err) = beside(&home, waiting, script);
    assert!(
        out.contains("\n  durun why first\n  durun resume first\n") && out.ends_with("7\n7\n"),
        "{out}{err}"
    );
    let line = "! run second does not begin before run first has ended, and nobody executes that: durun resume first goes on with it\n";
    assert_eq!(err, line);
}
