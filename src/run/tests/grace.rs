//! Ruling 17: cancel, its grace, and the run's own time-out.

use super::story::{Story, Told};
use crate::history::{OpId, RunEnd, Value};
use crate::run::{Charter, GRACE_MS};

fn cancelled(reason: &str) -> RunEnd {
    RunEnd::Cancelled { reason: reason.into() }
}

fn with_timeout(text: &str) -> Story {
    let charter = Charter {
        id: "t".into(),
        generation: 0,
        input: Value::Null,
        timeout_ms: Some(60_000),
        secret: [7; 16],
        ..Default::default()
    };
    Story::with(text, charter)
}

#[test]
fn ruling_17_cancel_raises_in_every_strand_in_order_of_creation_at_the_call_it_is_blocked_in() {
    let mut story = Story::of(
        r#"
        on_signal("s", |name| { try { wait_until(|| false); } catch (e) { log(`${name} ${e.kind} ${e.line}`); throw e; } });
        try { activity("work"); } catch (e) { log(`main ${e.kind} ${e.line} ${e.cause} ${e.reason} ${run.cancelled}`); throw e; }
        "#,
    );
    story.begin();
    story.sends("s", "a");
    story.sends("s", "b");
    story.cancel("enough");
    assert_eq!(story.logs, ["main cancelled 3 request enough true", "a cancelled 2", "b cancelled 2"]);
    assert_eq!(story.end(), Some(&cancelled("enough")));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_each_kind_of_wait_raises_and_leaves_no_command_open() {
    for call in [
        "sleep(100)",
        "wait_signal(\"s\")",
        "wait_signal(\"s\", 9)",
        "wait_until(|| false, 9)",
        "step(\"s\", || 1)",
    ] {
        let mut story =
            Story::of(&format!("try {{ {call}; }} catch (e) {{ log(e.kind); sleep(1); throw e; }}"));
        story.begin();
        assert_eq!(story.waits().len(), 1);
        story.cancel("");
        assert_eq!(
            (story.logs.clone(), story.waits()),
            (vec!["cancelled".to_owned()], vec!["1 sleep".to_owned()])
        );
        story.fires(1);
        assert_eq!(story.end(), Some(&cancelled("")));
        assert_eq!(story.replayed(), Told::Same);
    }
}

#[test]
fn ruling_17_an_outcome_for_what_a_cancel_ended_is_dropped() {
    let mut story = Story::of("try { activity(\"a\"); } catch (e) { sleep(1); throw e; }");
    story.begin();
    let late = story.completion(0, Value::Int(1));
    story.cancel("");
    story.tell(late).expect("is dropped");
    assert_eq!((story.end(), story.waits()), (None, vec!["1 sleep".to_owned()]));
    story.fires(1);
    assert_eq!(story.end(), Some(&cancelled("")));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_a_run_that_ends_normally_after_a_cancel_is_completed() {
    let mut story = Story::of("try { sleep(100); } catch (e) { activity(\"clean_up\"); } \"tidy\"");
    story.begin();
    assert!(!story.is_set(OpId::GRACE));
    story.cancel("");
    assert!(story.is_set(OpId::GRACE) && story.run().is_cancelled());
    story.completes(1, Value::Null);
    assert_eq!(*story.result(), Value::from("tidy"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_a_clean_up_that_throws_fails_the_run() {
    let mut story = Story::of("try { sleep(100); } catch (e) { fail(\"cannot tidy\"); }");
    story.begin();
    story.cancel("");
    assert_eq!(story.failure(), ("failure", "cannot tidy"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_when_the_grace_is_over_every_command_raises_again() {
    let mut story = Story::of(
        r#"
        let raised = 0;
        try { sleep(100); } catch (e) { raised += 1; }
        try { sleep(100); } catch (e) { raised += 1; }
        try { activity("a"); } catch (e) { raised += 1; }
        try { wait_until(|| true); } catch (e) { raised += 1; }
        try { wait_signal("s"); } catch (e) { raised += 1; }
        log(`${raised}`);
        sleep(1);
        "#,
    );
    story.begin();
    let before = story.now;
    story.cancel("late");
    assert_eq!(story.waits(), ["1 sleep"], "clean-up works during the grace");
    story.grace_ends();
    assert!(story.now >= before + GRACE_MS);
    assert_eq!(story.logs, ["5"]);
    assert_eq!(story.end(), Some(&cancelled("late")));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_a_second_cancel_raises_again_with_one_grace() {
    let mut story = Story::of(
        r"
        try { sleep(100); } catch (e) { log(e.reason); }
        try { sleep(100); } catch (e) { log(e.reason); }
        sleep(100);
        ",
    );
    story.begin();
    story.cancel("one");
    let due = story.firing(OpId::GRACE.0);
    story.cancel("two");
    assert_eq!(story.logs, ["one", "two"]);
    assert_eq!(story.waits(), ["2 sleep"]);
    assert_eq!(story.firing(OpId::GRACE.0), due, "the grace began with the first");
    story.grace_ends();
    assert_eq!(story.end(), Some(&cancelled("two")));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_a_handler_that_only_obeys_the_cancel_decides_nothing() {
    let mut story =
        Story::of(r#"on_signal("s", |_d| sleep(100)); try { sleep(100); } catch (e) { sleep(1); } "tidy""#);
    story.begin();
    story.sends("s", 1);
    story.cancel("");
    story.fires(2);
    assert_eq!(*story.result(), Value::from("tidy"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_the_time_out_runs_from_run_began_and_gives_timed_out() {
    let mut story = with_timeout("sleep(100);");
    let began = story.now + 1_000;
    story.begin();
    story.times_out();
    assert!(story.now >= began + 60_000);
    assert_eq!(story.end(), Some(&RunEnd::TimedOut { reason: "timeout".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_a_script_sees_the_time_out_as_a_cancel_and_may_still_complete() {
    let mut story = with_timeout("try { sleep(100); } catch (e) { log(`${e.kind} ${e.cause}`); } \"tidy\"");
    story.begin();
    story.times_out();
    assert_eq!(story.logs, ["cancelled timeout"]);
    assert_eq!(*story.result(), Value::from("tidy"));
    assert!(!story.is_set(OpId::RUN_TIMEOUT), "it has fired");
    assert_eq!(story.replayed(), Told::Same);
}
