//! `durun cancel`: the wish is recorded, the run is not ended by it.

use crate::harness::Home;

#[test]
fn cancelling_a_run_that_nobody_executes_is_recorded() {
    let home = Home::recorded("one");
    home.durun(&["-v", "cancel", "one", "--reason", "no money"])
        .err("recorded: run one is asked to end; nobody executes it; its script is told by durun resume one, or by durun tick\n")
        .check();
    home.durun(&["cancel", "one"]).check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"status\":\"parked\""), "{status}");
    let status = home.durun(&["status", "one"]).stdout();
    assert!(
        status.contains(
            "\n  unread    2 messages: request to cancel (no money), request to cancel\n  \
             cancel    requested now, told to its script when it goes on\n"
        ),
        "{status}"
    );
    let why = home.durun(&["why", "one"]).stdout();
    assert!(why.contains("2 messages wait in its inbox: request to cancel (no money), request"), "{why}");
    home.durun(&["list"])
        .out("ID   STATUS  STARTED  SCRIPT      WHAT\none  parked  now      order.rhai  could go on, nobody executes it · asked to end now\n")
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["cancel", "one"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
}
