//! `durun signal`: what is accepted, what is refused, what is said.

use crate::harness::Home;
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

#[test]
fn a_signal_is_accepted_in_silence_and_waits() {
    let home = Home::recorded("one");
    home.durun(&["signal", "one", "paid"]).check();
    home.durun(&["signal", "on", "picked", "-5"]).check();
    home.durun(&["-v", "signal", "@last", "paid", "{\"a\": 1}"])
        .err("accepted; nobody executes run one: durun resume one\n")
        .check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"unread_signals\":3"), "{status}");
}

#[test]
fn a_key_sent_twice_counts_once() {
    let home = Home::recorded("one");
    let send = || home.durun(&["-v", "signal", "one", "paid", "1", "--key", "invoice-7"]);
    send().err("accepted; nobody executes run one: durun resume one\n").check();
    send().err("the signal with this key was accepted before; nothing was added to run one\n").check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"unread_signals\":1"), "{status}");
}

#[test]
fn a_name_that_the_script_never_mentions_is_noted_or_refused() {
    let home = Home::recorded("one");
    // Told to everybody, not only at a terminal.
    let note = "note: the script of run one never mentions \"payed\" (did you mean paid?); the signal waits in its inbox\n";
    home.durun(&["signal", "one", "payed"]).err(note).check();
    home.durun(&["-v", "signal", "one", "payed"]).err(note).check();
    home.durun(&["-q", "signal", "one", "payed"]).check();
    let note =
        "note: the script of run one never mentions \"quite_another\"; the signal waits in its inbox\n";
    home.durun(&["signal", "one", "quite_another"]).err(note).check();
    home.durun(&["-q", "signal", "one", "quite_another"]).check();
    // Also where it is a part of some other word of the script, and what was meant is a name that was put together.
    home.file("s.rhai", "let name = \"g\" + \"o\"; log(name); wait_signal(name)");
    home.durun(&["start", "s.rhai", "--id", "two", "--park-after", "0s"]).exit(3).make();
    let err = home.durun(&["signal", "two", "og"]).spoken();
    assert_eq!(
        err,
        "note: the script of run two never mentions \"og\" (did you mean go?); the signal waits in its inbox\n"
    );
    home.durun(&["signal", "two", "go"]).check();
    home.durun(&["signal", "one", "payed", "--strict"])
        .exit(4)
        .err(
            "error[D0702]: the script of run one never mentions the signal \"payed\"\n |\n \
             = help: did you mean paid?\n \
             = help: without --strict the signal is accepted and waits\n",
        )
        .check();
    home.durun(&["signal", "one", ""])
        .exit(2)
        .err("error[D0703]: \"\" is no name for a signal: 1 to 256 characters\n |\n = help: for example: durun signal ID picked_up '{\"by\": \"Ada\"}'\n")
        .check();
}

#[test]
fn a_payload_that_is_no_json_is_shown_quoted() {
    let home = Home::recorded("one");
    home.durun(&["signal", "one", "paid", "it's late"])
        .exit(2)
        .err(
            "error[D0215]: the payload is not valid JSON: expected value at line 1 column 1\n |\n \
             = help: text is written '\"it'\\''s late\"'\n",
        )
        .check();
    home.durun(&["signal", "one", "paid", "\"it's late\""]).check();
    // What looks like a list or a map is not meant as a text.
    let json = "\n = help: in JSON text and names stand in double quotes, the whole in the shell's: '{\"by\": \"Ada\"}'\n";
    for payload in ["{by: Ada}", "['late']"] {
        let told = home.durun(&["signal", "one", "paid", payload]).exit(2).failure();
        assert!(told.starts_with("error[D0215]: ") && told.ends_with(json), "{payload}: {told}");
    }
}

#[test]
fn an_ended_run_takes_no_signal() {
    let home = Home::recorded("one");
    home.durun(&["terminate", "one"]).check();
    home.durun(&["signal", "one", "paid"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
}

#[test]
fn what_comes_too_late_for_its_wait_is_not_recommended() {
    let script = "wait_signal(\"go\", #{ timeout: \"1s\", otherwise: 7 })";
    let home = Home::killed_at("a", script, &[r#""status":"waiting""#]);
    let told = |home: &Home| [home.durun(&["status", "a"]).stdout(), home.durun(&["why", "a"]).stdout()];
    assert!(told(&home).iter().all(|told| told.contains("durun signal a go")), "{:?}", told(&home));
    SystemClock.pause(Duration::from_millis(1_100));
    for told in told(&home) {
        assert!(told.contains("time is over") && told.contains("durun resume a"), "{told}");
        assert!(!told.contains("durun signal a go"), "{told}");
    }
    home.durun(&["resume", "a"]).out("7\n").check();
}

#[test]
fn what_a_run_was_told_in_vain_is_named_once_it_has_ended() {
    let home = Home::new();
    home.file("a.rhai", "wait_signal(\"go\")");
    home.durun(&["start", "a.rhai", "--id", "one", "--record-only"]).out("one\n").check();
    home.durun(&["signal", "one", "go"]).check();
    home.durun(&["cancel", "one"]).check();
    home.durun(&["terminate", "one"]).check();
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains("\n  unread    2 messages: signal go ("), "{status}");
    assert!(status.contains("), request to cancel ("), "{status}");
    let why = home.durun(&["why", "one"]).stdout();
    assert!(
        why.contains(" It was terminated. 2 messages were never told to its script: signal go ("),
        "{why}"
    );
    let block = home.durun(&["result", "one"]).exit(5).failure();
    assert!(block.contains(" = note: 2 messages were never told to its script: signal go ("), "{block}");
    let document = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    for part in
        ["\"unread\":[{\"at\":", "\"kind\":\"signal\",\"name\":\"go\"}", "\"kind\":\"cancel\",\"name\":\"\"}"]
    {
        assert!(document.contains(part), "{part}: {document}");
    }
}

#[test]
fn signals_that_were_delivered_and_never_taken_are_named_once_the_run_has_ended() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"fin\");\n");
    home.durun(&["start", "s.rhai", "--id", "one", "--record-only"]).out("one\n").check();
    for name in ["typo", "fin", "fin"] {
        home.durun(&["-q", "signal", "one", name, "1"]).check();
    }
    home.durun(&["resume", "one"]).out("1\n").check();
    let said = "never taken by its script: signals typo, fin";
    // Which of them are delivered before it ends is a matter of their times.
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains("never taken by its script: signal typo\n") || status.contains(said), "{status}");
    let document = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(document.contains("\"untaken_signals\":[\"typo\""), "{document}");
}
