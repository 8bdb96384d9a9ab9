//! `durun status`: for people and for programs.

use crate::harness::Home;

#[test]
fn a_run_that_nobody_executes_says_how_to_go_on() {
    let home = Home::recorded("one");
    home.durun(&["status", "one"])
        .out(
            "one  parked\n  \
             script    ~/order.rhai\n  \
             started   TIME (now)\n  \
             last      TIME (now), 0 entries\n  \
             executor  nobody executes it: durun resume one\n",
        )
        .check();
    home.durun(&["status", "one", "--exit-code", "-o", "jsonl"])
        .exit(3)
        .out(
            "{\"cancel_requested_at\":null,\"children\":[],\"entries\":0,\"error\":null,\"executor\":null,\"generation\":0,\"id\":\"one\",\
             \"locks\":[],\"parent\":null,\"progress\":null,\"published\":{},\"result\":null,\"schedule\":null,\"schema\":1,\"script\":\"~/order.rhai\",\"started_at\":\"TIME\",\
             \"status\":\"parked\",\"summary\":null,\"unread_signals\":0,\"updated_at\":\"TIME\",\"waits_for\":[],\
             \"woken_by\":\"nobody\"}\n",
        )
        .check();
}

#[test]
fn a_reason_cannot_command_the_terminal() {
    let home = Home::recorded("one");
    home.durun(&["terminate", "one", "--reason", "\u{1b}[2Jgone\nforged: line"]).check();
    home.durun(&["status", "one"])
        .out(
            "one  terminated\n  \
             script    ~/order.rhai\n  \
             started   TIME (now)\n  \
             last      TIME (now), 1 entry\n  \
             reason    \\x1b[2Jgone\\nforged: line\n",
        )
        .check();
    home.durun(&["result", "one"])
        .exit(5)
        .err("error[D0103]: run one was terminated: \\x1b[2Jgone\\nforged: line\n")
        .check();
}

#[test]
fn watching_an_ended_run_ends() {
    let home = Home::recorded("one");
    home.durun(&["terminate", "one"]).check();
    let out = home.durun(&["status", "one", "--watch", "--exit-code", "-o", "json"]).exit(5).stdout();
    assert_eq!(out.lines().count(), 1, "{out}");
}
