//! `durun wait`: its time-out, and runs that are over.

use crate::harness::Home;

#[test]
fn a_wait_that_runs_out_is_exit_124() {
    let home = Home::recorded("one");
    home.durun(&["-v", "wait", "one", "--timeout", "20ms"])
        .exit(124)
        .err(
            "nobody executes run one now: durun resume one\nerror[D0108]: run one has not ended within 20ms: it is parked\n |\n = note: nobody executes it: it does not go on by itself\n = help: durun why one says what it waits for, and what unblocks it\n",
        )
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["wait", "one"])
        .exit(5)
        .err("error[D0103]: run one was terminated\n |\n = help: durun history one tells how far it came\n")
        .check();
}
