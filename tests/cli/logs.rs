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
