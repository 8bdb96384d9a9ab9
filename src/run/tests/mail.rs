//! Ruling 10: where a signal goes.

use super::story::{Story, Told};
use crate::history::{RunEnd, Value};

#[expect(clippy::unnecessary_wraps, reason = "as a story gives it")]
fn list(items: &[&str]) -> Option<RunEnd> {
    Some(RunEnd::Completed { result: Value::List(items.iter().map(|item| Value::from(*item)).collect()) })
}

#[test]
fn ruling_10_a_signal_before_its_wait_is_kept_in_order() {
    let mut story = Story::of("sleep(1); [wait_signal(\"s\"), wait_signal(\"s\")]");
    story.begin();
    story.signal("s", "a".into());
    story.signal("other", "x".into());
    story.signal("s", "b".into());
    story.fires(0);
    assert_eq!(story.end().cloned(), list(&["a", "b"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_the_longest_waiting_wait_that_names_it_takes_it() {
    let text = r#"
        let got = [];
        on_signal("go", |n| { got.push(`${n}${wait_signal("s")}`); });
        wait_until(|| got.len() == 2);
        got
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.signal("go", 1.into());
    story.signal("go", 2.into());
    story.signal("s", "a".into());
    story.signal("s", "b".into());
    assert_eq!(story.end().cloned(), list(&["1a", "2b"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_a_list_of_names_says_which_and_null_is_true() {
    let mut story = Story::of(
        "let a = wait_signal([\"x\", \"y\"]); let b = wait_signal(\"z\"); [a.name, a.data, `${b}`]",
    );
    story.begin();
    story.signal("y", "data".into());
    story.signal("z", Value::Null);
    assert_eq!(story.end().cloned(), list(&["y", "data", "true"]));
}

#[test]
fn ruling_10_a_second_handler_replaces_the_first_and_handlers_overlap_and_call_activities() {
    let text = r#"
        let got = [];
        on_signal("s", |d| { got.push("first"); });
        on_signal("s", |d| { let r = activity("a", d); got.push(r); });
        wait_until(|| got.len() == 2);
        got
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.signal("s", "one".into());
    story.signal("s", "two".into());
    assert_eq!(story.open(), ["0 wait_until", "1 activity \"a\"", "2 activity \"a\""], "both are under way");
    story.completes(2, "two".into());
    story.completes(1, "one".into());
    assert_eq!(story.end().cloned(), list(&["two", "one"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_wait_that_runs_out_gives_otherwise_or_nothing() {
    let mut story = Story::of(
        "[`${wait_signal(\"s\", 5)}`, wait_signal(\"s\", #{ timeout: \"5s\", otherwise: \"none\" })]",
    );
    story.begin();
    story.fires(0);
    story.fires(1);
    assert_eq!(story.end().cloned(), list(&["", "none"]));
    assert_eq!(story.replayed(), Told::Same);
}
