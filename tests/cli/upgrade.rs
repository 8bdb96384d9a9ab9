//! `durun upgrade`: a stuck run goes on under a mended script, and nothing recorded is done again.

use crate::harness::Home;

const BROKEN: &str = "log(\"one\");\nlet a = step(\"one\", || { log(\"step\"); 1 });\nlet b = a + missing(2);\nstep(\"two\", || b)\n";

fn stuck() -> Home {
    let home = Home::new();
    home.file("s.rhai", BROKEN);
    let error = home.durun(&["start", "s.rhai", "--id", "r"]).exit(8).failure();
    assert!(error.contains("durun upgrade r --script ~/s.rhai && durun resume r"), "{error}");
    home
}

#[test]
fn a_stuck_run_goes_on_under_the_mended_script() {
    let home = stuck();
    home.file("s.rhai", BROKEN.replace("missing(2)", "2"));
    home.durun(&["-v", "upgrade", "r", "--script", "s.rhai", "--dry-run"])
        .err("run r would go on under s.rhai: 2 entries fit\n")
        .check();
    home.durun(&["status", "r", "--exit-code"]).exit(8).stdout();
    home.durun(&["-v", "upgrade", "r", "--script", "s.rhai"])
        .err("run r goes on under s.rhai, 2 entries replayed: durun resume r\n")
        .check();
    home.durun(&["resume", "r"]).out("3\n").check();
    assert_eq!(home.durun(&["logs", "r"]).stdout().matches("step").count(), 1, "nothing is done again");
    home.durun(&["upgrade", "r", "--script", "s.rhai"])
        .exit(7)
        .err(
            "error[D0709]: run r has ended: completed\n |\n = note: it keeps the text that it had\n \
             = help: durun result r prints its result\n",
        )
        .check();
}

#[test]
fn a_text_that_asks_for_something_else_is_refused_with_the_first_difference() {
    let home = stuck();
    home.file("other.rhai", BROKEN.replace("missing(2)", "2").replace("\"one\", ||", "\"uno\", ||"));
    home.durun(&["upgrade", "r", "--script", "other.rhai"])
        .exit(8)
        .err(
            "error[D0710]: run r cannot go on under that script: at entry 1: op 0: the history has step \"one\", the \
             script now asks for step \"uno\"\n |\n = note: nothing was changed\n = note: in line 2 of ~/other.rhai\n \
             = help: what is recorded has to be asked for again, in the same order; durun history r shows it\n",
        )
        .check();
    let status = home.durun(&["status", "r"]).stdout();
    assert!(status.contains("stuck") && status.contains("~/s.rhai"), "it stands as it stood: {status}");
}

#[test]
fn what_is_no_script_or_no_run_changes_nothing() {
    let home = stuck();
    home.file("bad.rhai", "let = 1");
    home.durun(&["upgrade", "r", "--script", "bad.rhai"]).exit(2).failure();
    home.durun(&["upgrade", "r", "--script", "none.rhai"]).exit(4).failure();
    home.durun(&["upgrade", "nobody", "--script", "s.rhai"]).exit(4).failure();
    home.durun(&["upgrade", "r"]).exit(2).failure();
}
