//! Until when a run waits, where its text is changed meanwhile: what the text says that it has, for whoever looks, wakes or answers.

use crate::harness::Home;
use durun::timer::{Clock as _, SystemClock};
use serde_json::Value;
use std::time::Duration;

/// A run of a script that waits, and nobody executes it.
fn parked(script: &str) -> Home {
    let home = Home::new();
    home.file("s.rhai", script);
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).exit(3).failure();
    home
}

fn upgrade(home: &Home, script: &str) {
    home.file("s.rhai", script);
    home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
}

fn told(home: &Home, args: &[&str]) -> Value {
    serde_json::from_slice(&home.durun(args).bytes()).expect("JSON")
}

/// How long the run was to wait in all for what it asked for first, in milliseconds.
fn patience(home: &Home) -> i64 {
    let status = told(home, &["status", "r", "-o", "json"]);
    let instant = |name: &str| {
        let at = status.pointer(&format!("/waits_for/0/{name}")).and_then(Value::as_str);
        let at = at.and_then(durun::timer::parse_moment);
        at.unwrap_or_else(|| panic!("no instant {name}: {status}")).0
    };
    instant("due") - instant("scheduled_at")
}

fn pass(time: Duration) {
    SystemClock.pause(time);
}

const WAITS: [&str; 4] = [
    "sleep(TIME); 7",
    "wait_signal(\"go\", #{ timeout: TIME, otherwise: 7 })",
    "ask(\"ok?\", #{ timeout: TIME, otherwise: 7 })",
    "if wait_until(|| false, TIME) { 1 } else { 7 }",
];

#[test]
fn a_wait_that_an_upgrade_makes_shorter_is_over_when_the_new_text_says() {
    for script in WAITS {
        let home = parked(&script.replace("TIME", "\"1h\""));
        assert_eq!(patience(&home), 3_600_000, "{script}");
        upgrade(&home, &script.replace("TIME", "\"1s\""));
        assert_eq!(patience(&home), 1_000, "{script}");
        home.until("r", &["\"status\":\"parked\""]);
        home.durun(&["tick"]).check();
        home.durun(&["result", "r"]).out("7\n").check();
    }
}

#[test]
fn a_wait_that_an_upgrade_makes_longer_is_not_over_before_that() {
    for script in WAITS {
        let home = parked(&script.replace("TIME", "\"1s\""));
        home.until("r", &["\"status\":\"parked\""]);
        upgrade(&home, &script.replace("TIME", "\"1h\""));
        assert_eq!(patience(&home), 3_600_000, "{script}");
        home.durun(&["tick"]).check();
        let status = home.durun(&["status", "r", "-o", "jsonl"]).stdout();
        assert!(status.contains("\"status\":\"waiting\"") && status.contains("\"entries\":1"), "{status}");
        let next = home.durun(&["tick", "--next"]).bytes();
        let (next, now) = (String::from_utf8(next).expect("text"), SystemClock.now());
        let next = durun::timer::parse_moment(next.trim_end()).expect("an instant");
        assert!(next > now.plus_ms(1_800_000), "{next:?} of {script}");
    }
}

#[test]
fn a_late_answer_is_refused_and_not_thrown_away() {
    let script = "ask(\"ok?\", #{ timeout: TIME, otherwise: \"too late\" })";
    let home = parked(&script.replace("TIME", "\"10min\""));
    upgrade(&home, &script.replace("TIME", "\"1s\""));
    home.until("r", &["\"status\":\"parked\""]);
    pass(Duration::from_millis(5));
    for choice in ["yes", "what"] {
        home.durun(&["answer", "r", choice])
            .exit(7)
            .err(
                "error[D0730]: the time to answer is over: ok?\n |\n \
                 = note: it could be answered until TIME; nothing was stored\n \
                 = help: the run goes on as its script says of that: durun resume r\n",
            )
            .check();
    }
    let status = home.durun(&["status", "r"]).stdout();
    assert!(status.contains("asked: ok? ") && status.contains("its time is over\n"), "{status}");
    assert!(!status.contains("durun answer"), "{status}");
    let list = home.durun(&["list"]).stdout();
    assert!(list.contains("ok?: the time to answer is over"), "{list}");
    let why = home.durun(&["why", "r"]).stdout();
    assert!(why.contains("ok? The time to answer is over.") && !why.contains("durun answer"), "{why}");
    home.durun(&["resume", "r"]).out("too late\n").check();
}

#[test]
fn an_answer_that_was_accepted_counts_whatever_the_new_text_says() {
    let script = "ask(\"ok?\", #{ timeout: TIME, otherwise: \"too late\" })";
    let home = parked(&script.replace("TIME", "\"10min\""));
    pass(Duration::from_millis(20));
    home.durun(&["answer", "r", "yes"]).check();
    upgrade(&home, &script.replace("TIME", "\"10ms\""));
    home.durun(&["answer", "r", "yes"]).check();
    home.durun(&["answer", "r", "no"]).exit(7).failure();
    home.durun(&["resume", "r"]).out("yes\n").check();
}

#[test]
fn the_choices_of_a_question_are_those_of_the_new_text() {
    let home = parked("ask(\"which?\", #{ choices: [\"red\", \"green\"] })");
    upgrade(&home, "ask(\"which?\", #{ choices: [\"red\", \"blue\"] })");
    home.durun(&["answer", "r", "green"]).exit(2).failure();
    home.durun(&["answer", "r", "blue"]).check();
    home.durun(&["resume", "r"]).out("blue\n").check();
}

#[test]
fn what_a_mended_text_has_to_do_is_due_while_others_of_its_strands_wait() {
    let script =
        "strand(|| sleep(\"1h\"));\nsleep(\"10ms\");\nstep(\"two\", || WHAT);\nwait_signal(\"go\");\n";
    let home = Home::new();
    home.file("s.rhai", script.replace("step(\"two\", || WHAT)", "missing(2)"));
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "r"]).exit(8).failure();
    upgrade(&home, &script.replace("WHAT", "2"));
    let status = home.durun(&["status", "r"]).stdout();
    assert!(status.contains("step two · line 3 · to be begun\n"), "{status}");
    // Nobody has begun it: yet another text is as good.
    upgrade(&home, &script.replace("step(\"two\", || WHAT)", "step(\"deux\", || 2)"));
    home.durun(&["tick"]).check();
    let history = home.durun(&["history", "r"]).stdout();
    assert!(history.contains("step deux"), "{history}");
}

#[test]
fn what_a_rewind_makes_it_wait_for_again_is_due_while_others_of_its_strands_wait() {
    let home = parked("strand(|| sleep(\"1h\"));\nsleep(\"1s\");\nwait_signal(\"go\");\n");
    home.until("r", &["\"status\":\"parked\""]);
    home.durun(&["tick"]).check();
    home.until("r", &["\"entries\":2", "\"status\":\"waiting\""]);
    home.durun(&["rewind", "r", "--to", "0"]).check();
    home.until("r", &["\"entries\":1", "\"status\":\"parked\""]);
    // It sleeps once more, from the rewind on.
    home.durun(&["tick"]).check();
    home.until("r", &["\"entries\":1", "\"status\":\"parked\""]);
    home.durun(&["tick"]).check();
    home.until("r", &["\"entries\":2", "\"status\":\"waiting\""]);
}
