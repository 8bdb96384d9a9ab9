//! `durun terminate`: the run is over at once.

use crate::harness::Home;

#[test]
fn a_terminated_run_stays_terminated() {
    let home = Home::recorded("one");
    home.durun(&["-v", "terminate", "one", "--reason", "a mistake"]).err("run one is terminated\n").check();
    home.durun(&["result", "one"]).exit(5).err("error[D0103]: run one was terminated: a mistake\n |\n = help: durun history one tells how far it came\n").check();
    home.durun(&["terminate", "one"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
    home.durun(&["resume", "one"]).exit(5).err("error[D0103]: run one was terminated: a mistake\n |\n = help: durun history one tells how far it came\n").check();
    home.durun(&["resume"])
        .exit(2)
        .err("error[D0305]: there is no run that could go on\n |\n = help: durun list shows all runs\n")
        .check();
    home.durun(&["resume", "--all"]).check();
}

#[test]
fn several_runs_that_could_go_on_are_listed() {
    let home = Home::recorded("one");
    home.durun(&["start", "order.rhai", "--record-only", "--id", "two"]).out("two\n").check();
    home.durun(&["resume"])
        .exit(2)
        .err(
            "error[D0306]: 2 runs can go on\n |\n \
             = note: one  ~/order.rhai  TIME\n         two  ~/order.rhai  TIME\n \
             = help: durun resume ID names one, durun resume --all takes them all\n",
        )
        .check();
}
