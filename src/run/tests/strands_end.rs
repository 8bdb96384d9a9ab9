//! Ruling 11: the end of a run with several strands.

use super::story::{Story, Told};
use crate::history::{Failure, RunEnd, Value};

const WORKING: &str = r#"
    on_signal("s", |data| { let r = activity("work", data); log(`worked ${r}`); if r == "bad" { fail("spoilt"); } });
    sleep(1);
    "main"
"#;

#[test]
fn ruling_11_main_returns_and_handlers_already_begun_are_awaited() {
    let mut story = Story::of(WORKING);
    story.begin();
    story.sends("s", 1);
    assert!(story.run().takes_signals());
    story.fires(0);
    assert_eq!((story.end(), story.waits()), (None, vec!["1 activity \"work\"".to_owned()]));
    assert!(!story.run().takes_signals(), "no new message is delivered");
    story.completes(1, "good".into());
    assert_eq!(*story.result(), Value::from("main"));
    assert_eq!(story.logs, ["worked good"]);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_a_handler_that_throws_after_main_returned_fails_the_run() {
    let mut story = Story::of(WORKING);
    story.begin();
    story.sends("s", 1);
    story.fires(0);
    story.completes(1, "bad".into());
    assert_eq!(story.failure(), ("failure", "spoilt"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_a_handler_throws_and_the_others_are_cancelled_and_clean_up_before_the_run_fails() {
    let mut story = Story::of(
        r#"
        on_signal("bad", |_d| fail("first"));
        on_signal("other", |_d| { try { sleep(100); } catch (e) { log(`other: ${e.kind}`); throw "second"; } });
        try { activity("main"); } catch (e) { log(`main: ${e.kind}`); activity("clean_up"); }
        "never seen"
        "#,
    );
    story.begin();
    story.sends("other", 1);
    story.sends("bad", 1);
    assert_eq!(story.logs, ["main: cancelled", "other: cancelled"], "in order of creation");
    assert_eq!((story.end(), story.waits()), (None, vec!["2 activity \"clean_up\"".to_owned()]));
    assert!(!story.run().takes_signals());
    story.completes(2, Value::Null);
    assert_eq!(story.failure(), ("failure", "first"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_main_throws_and_handlers_are_cancelled() {
    let mut story = Story::of(
        r#"
        on_signal("s", |_d| { try { sleep(100); } catch (e) { log(e.kind); activity("clean_up"); } });
        activity("main");
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.fails(0, Failure::new("activity", "no money"));
    assert_eq!((story.logs.clone(), story.end()), (vec!["cancelled".to_owned()], None));
    story.completes(2, Value::Null);
    assert_eq!(story.failure(), ("activity", "no money"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_after_the_first_error_no_further_handler_begins() {
    let mut story = Story::of(
        r#"
        sleep(1);
        on_signal("s", |data| { if data == 1 { fail("first"); } log("begun"); sleep(1000); });
        sleep(1);
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("s", 2);
    story.fires(0);
    assert_eq!(story.logs, Vec::<String>::new(), "the second handler does not begin");
    assert_eq!(story.failure(), ("failure", "first"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_a_message_delivered_before_main_returned_is_handled() {
    let mut story = Story::of(r#"sleep(1); on_signal("s", |data| { activity("work", data); }); "done""#);
    story.begin();
    story.sends("s", 1);
    story.fires(0);
    assert_eq!((story.end(), story.waits()), (None, vec!["1 activity \"work\"".to_owned()]));
    story.completes(1, Value::Null);
    assert_eq!(*story.result(), Value::from("done"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_11_a_thrown_value_of_any_kind_is_the_failure() {
    for (text, kind, message) in [
        ("throw 7", "thrown", "7"),
        ("throw #{ kind: \"mine\", message: \"so\" }", "mine", "so"),
        ("fail(\"why\", #{ type: \"t\", data: 1 })", "failure", "why"),
    ] {
        let mut story = Story::of(text);
        story.begin();
        assert_eq!(story.failure(), (kind, message));
    }
    let mut story = Story::of("throw #{ kind: \"cancelled\", message: \"says who\" }");
    story.begin();
    assert!(matches!(story.end(), Some(RunEnd::Failed { .. })), "nobody asked for a cancel");
}

#[test]
fn what_main_began_and_nobody_waited_for_is_counted_as_it_returns() {
    for (text, left) in [
        ("strand(|| sleep(9)); start_activity(\"a\"); 1", 2),
        ("let s = strand(|| sleep(9)); 1", 1),
        ("let s = strand(|| sleep(9)); s.cancel(); timer(9); start_child(\"a.rhai\"); 1", 0),
        ("let s = strand(|| sleep(9)); select([s, strand(|| 1)]); 1", 0),
        ("strand(|| 1).join()", 0),
    ] {
        let mut story = Story::of(text);
        story.begin();
        assert_eq!(story.run().left_unjoined(), left, "{text}");
        assert_eq!(story.replayed(), Told::Same);
    }
}
