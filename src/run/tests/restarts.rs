//! `restart_with`: what ends a generation, what it hands on, and who may.

use super::story::{Story, Told};
use crate::history::{RunEnd, Value};
use crate::run::Charter;

fn limited(ms: i64) -> Charter {
    Charter {
        id: "story".into(),
        generation: 4,
        input: Value::Int(7),
        timeout_ms: Some(ms),
        secret: [7; 16],
        ..Default::default()
    }
}

#[test]
fn restart_with_ends_the_generation_and_hands_on_the_signals_that_nobody_took() {
    let mut story = Story::of(
        r#"
        sleep(1);
        wait_signal("taken");
        try { restart_with(#{ month: 2 }); } catch { log("caught"); }
        log("beyond")
        "#,
    );
    story.begin();
    story.sends("kept", 1);
    story.sends("taken", 2);
    story.sends("kept", 3);
    assert_eq!(story.restart(), None);
    story.fires(0);
    let restart = story.restart().expect("the generation is over");
    assert_eq!(restart.input, Value::from([("month", Value::Int(2))]));
    let unread: Vec<(u64, i64)> =
        restart.unread.iter().map(|message| (message.no.0, message.accepted_at.0)).collect();
    assert_eq!(unread, [(1, 1_001_000), (3, 1_003_000)]);
    assert_eq!((story.end(), restart.timeout_ms), (None, None));
    assert_eq!(story.logs, Vec::<String>::new(), "nothing catches it, nothing goes on after it");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_handlers_that_have_begun_are_awaited_and_the_rest_is_cancelled() {
    let mut story = Story::of(
        r#"
        on_signal("s", |_d| { activity("handler"); log("handled"); });
        strand(|| { try { sleep("1h"); } catch (e) { log(e.kind); throw e; } });
        wait_signal("go");
        restart_with(());
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("go", 1);
    assert_eq!((story.restart(), story.end()), (None, None));
    assert_eq!(story.logs, ["cancelled"]);
    assert!(!story.run().takes_signals());
    story.completes(2, Value::Null);
    assert_eq!(story.logs, ["cancelled", "handled"]);
    assert!(story.restart().is_some());
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_error_of_a_handler_decides_more_than_the_restart() {
    let mut story = Story::of(
        r#"
        on_signal("s", |_d| { activity("handler"); fail("not so"); });
        wait_signal("go");
        restart_with(());
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("go", 1);
    story.completes(1, Value::Null);
    assert_eq!(story.restart(), None);
    assert_eq!(story.failure(), ("failure", "not so"));
}

#[test]
fn strands_and_handlers_may_not_restart_their_run() {
    let mut story = Story::of(
        r#"
        let kind = "";
        on_signal("s", |_d| { try { restart_with(1); } catch (e) { kind = e.kind; } });
        wait_signal("go");
        let h = strand(|| { let told = (); try { restart_with(1); } catch (e) { told = e.kind; } told });
        `${kind} ${h.join()}`
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("go", 1);
    assert_eq!(*story.result(), Value::from("nested nested"));
}

#[test]
fn a_run_that_was_asked_to_end_begins_no_other_generation() {
    let mut story = Story::of("try { sleep(\"1h\"); } catch { restart_with(1); }");
    story.begin();
    story.cancel("enough");
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "enough".into() }));
    assert_eq!(story.replayed(), Told::Same);

    let mut story = Story::of(
        r#"on_signal("s", |_d| { try { sleep("1h"); } catch { log("tidied"); } }); wait_signal("go"); restart_with(1);"#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("go", 1);
    story.cancel("late, not too late");
    assert_eq!(story.restart(), None);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "late, not too late".into() }));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn the_time_out_of_a_run_counts_from_its_first_generation_on() {
    let mut story =
        Story::with("sleep(\"40s\"); restart_with(`${input} ${run.generation}`);", limited(60_000));
    story.begin();
    story.fires(0);
    let restart = story.restart().expect("the generation is over");
    assert_eq!((restart.timeout_ms, &restart.input), (Some(19_000), &Value::from("7 4")));
}
