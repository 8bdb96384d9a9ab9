//! What others complete, and what is asked for again and again: tokens, polls and defaults outlive a kill.

use crate::world::{World, kill};

#[test]
fn a_token_that_is_resolved_while_nobody_executes_its_run_is_there_when_it_goes_on() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"
        let paid = wait_token(token(), "1h");
        let told = attempt(|| wait_token(token(), "1h")).error;
        [paid, told.kind, told.message]
        "#,
    );
    let token = |world: &World| world.status("r")["waits_for"][0]["name"].as_str().map(str::to_owned);
    let child = world.spawn(&["start", &script, "--id", "r"]);
    let first = world.until("a token", token);
    assert!(kill(child));
    world.good(&["resolve", &first, "{\"amount\": 7}"]);
    let child = world.spawn(&["resume", "r"]);
    let second = world.until("another token", |world| token(world).filter(|token| *token != first));
    assert!(kill(child));
    world.good(&["reject", &second, "too late"]);
    assert_eq!(world.quiet(&["resume", "r"]), r#"[{"amount":7},"rejected","too late"]"#);
}

#[test]
fn a_poll_and_the_defaults_of_its_run_go_on_after_a_kill() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"
        defaults(#{ retry: #{ first: "20ms", max: "20ms", attempts: 3 } });
        let found = poll("there", #{ every: "100ms", timeout: "10 min" }, || {
            sh("echo try >>$LEDGER; cat $LEDGER.there 2>/dev/null || true").stdout != ""
        });
        let failed = attempt(|| sh("echo failing >>$LEDGER; exit 1")).error;
        [found, failed.attempts]
        "#,
    );
    let child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    world.until("some tries", |world| (world.lines("ledger").len() >= 3).then_some(()));
    assert!(kill(child));
    let waits = &world.status("r")["waits_for"][0];
    assert_eq!((&waits["kind"], &waits["name"]), (&"poll".into(), &"there".into()));
    world.write("ledger.there", "yes");
    assert_eq!(world.quiet(&["resume", "r"]), "[true,3]");
    assert_eq!(world.lines("ledger").iter().filter(|line| *line == "failing").count(), 3);
    let polls: Vec<_> = world.completed("r");
    assert_eq!(polls.len(), 1, "one entry however often it was tried: {polls:?}");
    assert!(polls[0]["attempts"].as_u64() >= Some(3), "its tries count on: {polls:?}");
}
