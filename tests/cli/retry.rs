//! `durun retry`: the wait for another attempt is cut short, its count is kept.

use crate::harness::Home;

const FLAKY: &str = r#"
exec(["sh", "-c", "echo try >>tries; test -e up"], #{ retry: #{ first: "10 min", attempts: 3, jitter: 0 } });
"done"
"#;
const WAITS: &[&str] = &["\"next_try\":\"TIME\""];

#[test]
fn a_run_that_nobody_executes_is_tried_here_and_its_failures_count_on() {
    let home = Home::killed_at("one", FLAKY, WAITS);
    home.executed_until(&["retry", "one"], "one", &["\"attempt\":3"]);
    home.file("up", "");
    home.durun(&["retry", "one"]).out("done\n").check();
    let history = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    assert!(history.contains("\"attempts\":3"), "{history}");
}

#[test]
fn the_last_attempt_is_the_last_also_when_it_comes_early() {
    let home = Home::killed_at("one", FLAKY, WAITS);
    home.executed_until(&["retry", "one"], "one", &["\"attempt\":3"]);
    let told = home.durun(&["retry", "one"]).exit(1).failure();
    assert!(told.contains("run one failed: exit code 1"), "{told}");
    home.durun(&["retry", "one"])
        .exit(7)
        .err(
            "error[D0728]: run one has ended: failed\n |\n \
             = note: retry cuts short the wait of a run that has not ended; reopening an ended one comes later\n \
             = help: durun history one says what happened; durun start with another --id begins anew\n",
        )
        .check();
}

#[test]
fn a_live_executor_is_told() {
    let home = Home::new();
    home.file("script.rhai", FLAKY);
    home.durun(&["start", "script.rhai", "--id", "one", "--detach"]).out("one\n").check();
    home.until("one", &["\"attempt\":2", "\"next_try\":\"TIME\""]);
    home.file("up", "");
    home.durun(&["retry", "one"]).check();
    home.durun(&["wait", "one", "--timeout", "1 min"]).out("done\n").check();
    let tries = std::fs::read_to_string(home.path().join("tries")).expect("tries");
    assert_eq!(tries, "try\ntry\n");
}

#[test]
fn a_run_that_waits_for_something_else_is_told_so() {
    let home = Home::killed_at("one", "sleep(\"1h\")", &["\"kind\":\"sleep\""]);
    home.durun(&["retry", "one"])
        .exit(2)
        .err(
            "error[D0729]: run one waits for no other attempt\n |\n \
             = help: durun why one says what it waits for and what unblocks it\n",
        )
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["retry", "one"]).exit(7).failure();
}

#[test]
fn a_stuck_run_is_not_tried_again() {
    let home = Home::new();
    home.file("script.rhai", "nonsense(1)");
    home.durun(&["start", "script.rhai", "--id", "one"]).exit(8).failure();
    let told = home.durun(&["retry", "one"]).exit(8).failure();
    assert!(told.contains("nonsense"), "{told}");
}

#[test]
fn impossible_retries_are_told() {
    let home = Home::new();
    for (retry, message) in [
        ("0", "retry is a whole number, 1 or more"),
        ("-1", "retry is a whole number, 1 or more"),
        ("#{ attemps: 3 }", "there is no retry option \"attemps\"; did you mean \"attempts\"?"),
        ("#{ first: \"3 months\" }", "retry.first: "),
        ("true", "retry: true says nothing; write how often, for example retry: 5"),
    ] {
        home.file("script.rhai", format!("exec([\"true\"], #{{ retry: {retry} }})"));
        let told = home.durun(&["start", "script.rhai"]).exit(8).failure();
        assert!(told.contains(message), "{told}");
    }
}
