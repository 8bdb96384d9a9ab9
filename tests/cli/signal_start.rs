//! `durun signal --start`.

use crate::harness::Home;

const SCRIPT: &str = "let got = wait_signal(\"add\");\n`${input.name ?? \"nobody\"} ${got}`\n";

fn home() -> Home {
    let home = Home::new();
    home.file("cart.rhai", SCRIPT);
    home
}

#[test]
fn a_signal_starts_its_run_and_it_is_executed_here() {
    let home = home();
    home.durun(&["signal", "cart-7", "add", "3", "--start", "cart.rhai", "-i", "name=ada"])
        .out("ada 3\n")
        .check();
    let refused = home
        .durun(&["signal", "cart-7", "add", "4", "--start", "cart.rhai", "-i", "name=ada"])
        .exit(7)
        .failure();
    assert!(refused.contains("run cart-7 has ended"), "{refused}");
}

#[test]
fn a_run_that_is_there_gets_the_signal_and_nothing_is_started() {
    let home = home();
    let first = ["signal", "cart-7", "add", "3", "--key", "k", "--start", "cart.rhai", "--record-only"];
    home.durun(&first).out("cart-7\n").check();
    home.durun(&[&first[..], &["-v"]].concat())
        .err("the signal with this key was accepted before; nothing was added to run cart-7\n")
        .check();
    let other = ["signal", "cart-7", "add", "4", "--start", "cart.rhai", "-i", "name=bob", "-v"];
    home.durun(&other).err("accepted; nobody executes run cart-7: durun resume cart-7\n").check();
    home.durun(&["resume", "cart-7"]).out("nobody 3\n").check();
    let runs = home.durun(&["list", "-a", "-o", "jsonl"]).stdout();
    assert_eq!(runs.lines().count(), 1, "{runs}");
}

#[test]
fn what_is_said_of_a_start_needs_the_script() {
    let home = home();
    let refused = home.durun(&["signal", "cart-7", "add", "-i", "a=b"]).exit(2).failure();
    assert!(refused.contains("the options of a start need --start SCRIPT"), "{refused}");
    let refused = home.durun(&["signal", "-x", "add", "--start", "cart.rhai"]).exit(2).failure();
    assert!(!refused.is_empty());
    let refused = home.durun(&["signal", "cart-7", "add", "--start", "crat.rhai"]).exit(4).failure();
    assert!(refused.contains("cart.rhai"), "{refused}");
    let bare = home.durun(&["signal", "cart-7", "add"]).exit(4).failure();
    assert!(!bare.is_empty(), "nothing was recorded by the refused ones");
}
