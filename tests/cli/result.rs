//! `durun result` of runs that have none.

use crate::harness::Home;

#[test]
fn a_run_that_has_not_ended_has_no_result() {
    let home = Home::recorded("one");
    home.durun(&["result", "one"])
        .exit(3)
        .err(
            "error[D0107]: run one has not ended: it is parked\n |\n \
             = help: durun status one says what it waits for; durun resume one goes on with it\n",
        )
        .check();
}
