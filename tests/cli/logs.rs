//! `durun logs` of a run that has written nothing.

use crate::harness::Home;

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
