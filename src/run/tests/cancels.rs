//! Ruling 17: a request to end, the grace after it, and the run's own time-out.

use super::story::{Story, Told};
use crate::history::{Fact, OpId, RunEnd, Value};
use crate::run::Charter;

#[test]
fn ruling_17_a_cancel_is_raised_in_every_strand_in_order_and_lets_it_clean_up() {
    let text = r#"
        on_signal("s", |d| { try { sleep("1h"); } catch (err) { log(`handler ${err.kind}`); activity("tidy"); } });
        try { activity("long"); } catch (err) { log(`main ${err.kind}`); activity("clean"); throw err; }
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.signal("s", Value::Null);
    story.cancel("enough");
    assert_eq!(story.logs, ["main cancelled", "handler cancelled"]);
    assert_eq!(story.open(), ["2 activity \"clean\"", "3 activity \"tidy\"", "4294967294 grace"]);
    assert!(story.run().is_cancelled());
    story.completes(2, Value::Null);
    story.completes(3, Value::Null);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "enough".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_after_the_grace_every_command_raises_it_again() {
    let mut story = Story::of(
        "try { sleep(\"1h\"); } catch (err) { try { activity(\"clean\"); } catch (e) { log(e.kind); } activity(\"more\"); }",
    );
    story.begin();
    story.cancel("");
    assert_eq!(story.open(), ["1 activity \"clean\"", "4294967294 grace"]);
    story.fires(OpId::GRACE.0);
    assert_eq!(story.logs, ["cancelled"]);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: String::new() }), "\"more\" raised it again");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_run_that_ends_normally_after_a_cancel_is_completed() {
    let mut story = Story::of("try { sleep(\"1h\"); } catch (err) { return \"made the best of it\"; }");
    story.begin();
    story.cancel("x");
    assert_eq!(story.end(), Some(&RunEnd::Completed { result: "made the best of it".into() }));
}

#[test]
fn an_error_thrown_as_cancelled_without_a_cancel_is_a_failure() {
    let mut story = Story::of("throw #{ kind: \"cancelled\", message: \"I say so\" };");
    story.begin();
    assert!(matches!(story.end(), Some(RunEnd::Failed { .. })), "{:?}", story.end());
}

#[test]
fn ruling_17_the_runs_own_time_out_is_a_cancel_that_ends_as_timed_out() {
    let charter = Charter {
        id: "t".into(),
        generation: 0,
        input: Value::Null,
        timeout_ms: Some(60_000),
        secret: [7; 16],
        ..Default::default()
    };
    let mut story = Story::with("sleep(\"1h\");", charter);
    story.begin();
    assert_eq!(story.open(), ["0 sleep", "4294967295 run_timeout"]);
    story.fires(OpId::RUN_TIMEOUT.0);
    assert!(matches!(story.entries().last().map(|entry| &entry.fact), Some(Fact::CancelRequested(_))));
    assert_eq!(story.end(), Some(&RunEnd::TimedOut { reason: "timeout".into() }));
    assert_eq!(story.replayed(), Told::Same);
}
