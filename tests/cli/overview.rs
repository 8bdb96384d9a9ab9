//! `durun` alone.

use crate::harness::Home;

#[test]
fn without_a_store_three_lines_say_how_to_begin() {
    let home = Home::new();
    home.durun(&[])
        .out(
            "durun makes Rhai scripts durable: killed at any moment, they go on where they stopped.\n  \
             durun my.rhai      executes a script; durun resume goes on with it after Ctrl-C, kill or reboot\n  \
             durun --help       lists the commands, with examples\n",
        )
        .check();
    assert!(!home.store().exists(), "looking makes no store");
}

#[test]
fn with_a_store_it_tells_what_goes_on_and_what_ended() {
    let home = Home::recorded("one");
    home.durun(&["start", "order.rhai", "--record-only", "--id", "two"]).out("two\n").check();
    home.durun(&["terminate", "two"]).check();
    home.durun(&[])
        .out("Open\n  one  parked  nobody executes it: durun resume one\n\nLast 24 hours  1 terminated\n")
        .check();
    let document = home.durun(&["-o", "jsonl"]).stdout();
    assert!(document.contains("\"ended\":{\"terminated\":1}"), "{document}");
}
