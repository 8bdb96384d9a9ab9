//! `durun logs` of a run that has written nothing.

use crate::harness::Home;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// `durun logs -f`, which has shown that many lines so far.
fn following(home: &Home, id: &str, count: usize) -> (Child, BufReader<ChildStdout>, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_durun"))
        .args(["logs", "-f", id, "--store"])
        .arg(home.store())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let seen = (0..count).map(|_| line(&mut stdout).expect("a line")).collect();
    (child, stdout, seen)
}

/// The last word of the next line.
fn line(stdout: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    stdout.read_line(&mut line).expect("reads");
    line.split_whitespace().last().map(str::to_owned)
}

/// What it shows until the run has ended.
fn rest((mut child, mut stdout, mut seen): (Child, BufReader<ChildStdout>, Vec<String>)) -> Vec<String> {
    seen.extend(std::iter::from_fn(|| line(&mut stdout)));
    assert!(child.wait().expect("it ends").success());
    seen
}

#[test]
fn whoever_follows_sees_what_is_written_after_a_rewind_once() {
    let home = Home::new();
    let text = "log(\"a\");\nstep(\"one\", || 1);\nlog(\"b\");\nstep(\"two\", || { log(\"c\"); 2 });\n\
                sh(\"echo d\");\nlog(\"e\");\nwait_signal(\"go\");\nlog(\"f\");\n";
    home.file("s.rhai", text);
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).exit(3).make();
    let follower = following(&home, "r", 5);
    assert_eq!(follower.2, ["a", "b", "c", "d", "e"]);
    home.durun(&["rewind", "r", "--to", "1"]).exit(0).make();
    home.durun(&["signal", "r", "go"]).exit(0).make();
    home.durun(&["resume", "r"]).exit(0).make();
    assert_eq!(rest(follower), ["a", "b", "c", "d", "e", "c", "d", "e", "f"]);
}

#[test]
fn whoever_follows_sees_what_the_next_generation_writes_from_its_beginning() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "log(`a${input}`);\nstep(\"one\", || 1);\nlog(`b${input}`);\nif input < 2 { wait_signal(\"go\"); restart_with(input + 1); }\n",
    );
    home.durun(&["start", "s.rhai", "--id", "r", "--input", "1", "--park-after", "0s"]).exit(3).make();
    let follower = following(&home, "r", 2);
    assert_eq!(follower.2, ["a1", "b1"]);
    home.durun(&["signal", "r", "go"]).exit(0).make();
    home.durun(&["resume", "r"]).exit(0).make();
    assert_eq!(rest(follower), ["a1", "b1", "a2", "b2"]);
}

#[test]
fn a_run_without_lines_has_an_empty_log() {
    let home = Home::recorded("one");
    home.durun(&["logs", "one"]).check();
    home.durun(&["logs", "one", "-o", "json"]).out("[]\n").check();
    home.durun(&["logs", "one", "charge"])
        .exit(4)
        .err("error[D0307]: run one has no step \"charge\"\n |\n = help: durun history one shows its steps\n")
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["logs", "one", "-f"]).check();
}

#[test]
fn a_step_is_named_as_history_shows_it() {
    let home = Home::new();
    home.file("s.rhai", "sh(\"echo hi >&2\");\nsh(\"echo ho >&2\");\n");
    home.durun(&["start", "s.rhai", "--id", "r"]).make();
    for name in ["echo hi >&2", "sh echo hi >&2", "1"] {
        let log = home.durun(&["logs", "r", name]).stdout();
        assert!(log.contains("hi") && !log.contains(" ho"), "{name}: {log}");
    }
    home.durun(&["logs", "r", "exec echo hi >&2"]).exit(4).failure();
}
