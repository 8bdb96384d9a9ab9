//! `durun cancel`: the wish is recorded, the run is not ended by it.

use crate::harness::Home;

#[test]
fn cancelling_a_run_that_nobody_executes_is_recorded() {
    let home = Home::recorded("one");
    home.durun(&["-v", "cancel", "one", "--reason", "no money"])
        .err("recorded; the script of run one is told when it goes on: durun resume one\n")
        .check();
    home.durun(&["cancel", "one"]).check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"status\":\"parked\""), "{status}");
    home.durun(&["terminate", "one"]).check();
    home.durun(&["cancel", "one"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
}
