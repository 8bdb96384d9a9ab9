//! Handles: what they are of, races, and that they enter no history.

use super::story::{Story, Told};
use crate::history::{Failure, Value};

#[test]
fn a_handle_enters_no_history() {
    for text in ["activity(\"a\", strand(|| 1))", "publish(\"h\", timer(1))", "let h = strand(|| 1); h"] {
        let mut story = Story::of(text);
        let (_, message) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
        assert!(message.contains("a value of type handle (join it, and record its value)"), "{message}");
    }
}

#[test]
fn an_activity_against_a_timer_and_the_loser_is_cancelled() {
    let text = r#"
        let work = start_activity("work", 1);
        let limit = timer("30s");
        let first = select([work, limit]);
        [work, limit][1 - first.index].cancel();
        sleep(1);
        `${first.index} ${first.value}`
    "#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.waits(), ["0 activity \"work\"", "1 sleep"]);
    story.completes(0, Value::from("good"));
    assert_eq!(story.waits(), ["2 sleep"], "the timer is settled");
    story.fires(2);
    assert_eq!(*story.result(), Value::from("0 good"));
    assert_eq!(story.replayed(), Told::Same);

    let mut story = Story::of(text);
    story.begin();
    let late = story.completion(0, Value::from("late"));
    story.fires(1);
    assert_eq!(story.waits(), ["2 sleep"]);
    story.tell(late).expect("is dropped");
    story.fires(2);
    assert_eq!(*story.result(), Value::from("1 "));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_activity_against_a_signal() {
    let mut story = Story::of(
        r#"
        let early = start_wait_signal("early");
        let work = start_activity("work");
        let stop = start_wait_signal(["stop", "halt"], "1h");
        let first = select([work, stop]);
        `${first.index} ${first.value.name} ${first.value.data} ${early.done()}`
        "#,
    );
    story.begin();
    assert_eq!(story.waits().len(), 3);
    story.sends("halt", 3);
    assert_eq!(*story.result(), Value::from("1 halt 3 false"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_activity_that_fails_is_raised_at_its_join_or_fails_the_run() {
    let mut story = Story::of(
        "let h = start_activity(\"work\");\nsleep(1);\ntry { h.join(); } catch (e) { return e.message; }",
    );
    story.begin();
    story.fails(0, Failure::new("activity", "broken"));
    story.fires(1);
    assert_eq!(*story.result(), Value::from("broken"));
    assert_eq!(story.replayed(), Told::Same);

    let mut story = Story::of("start_activity(\"work\");\nsleep(1);");
    story.begin();
    story.fails(0, Failure::new("activity", "broken"));
    let message = "command \"work\" started in line 1, which nobody joined: broken";
    assert_eq!(story.failure(), ("activity", message));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_timer_until_an_instant_and_one_that_is_cancelled_raises_cancelled_at_its_join() {
    let mut story = Story::of(
        r#"
        let late = timer_until(now() + "1h");
        let soon = timer_until(now() + "1s");
        soon.join();
        late.cancel();
        try { late.join(); } catch (e) { return `${e.kind} ${late.done()} ${late} ${strand(1, #{ name: "n" }, |x| x)}`; }
        "#,
    );
    story.begin();
    story.fires(1);
    let told = "cancelled true command started in line 2 strand \"n\" started in line 6";
    assert_eq!(*story.result(), Value::from(told));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn what_is_no_handle_and_nothing_at_all_are_told() {
    for (text, told) in [
        (
            "join_all([1])",
            "join_all takes an array of handles, of strand, start_activity, start_child or timer; one is a number",
        ),
        ("select([])", "select needs at least one handle: of nothing, nothing ever ends"),
        ("strand(1, #{ nme: 2 }, |x| x)", "there is no option \"nme\"; did you mean \"name\"?"),
        (
            "wait_until(|| { strand(|| 1); true })",
            "strand may not stand inside a predicate or query, which only look",
        ),
    ] {
        let mut story = Story::of(text);
        let (_, message) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
        assert_eq!(message, told);
    }
    let mut story = Story::of("join_all([])");
    story.begin();
    assert_eq!(*story.result(), Value::List(vec![]));
}

#[test]
fn a_handle_where_its_value_is_meant_is_told_with_the_way_to_it() {
    let join = "its value is what .join() gives";
    for (text, told) in [
        (
            "let s = strand(|| 1); sh(\"echo $1\", [s])",
            format!("an argument of a process is text or a number, not a handle; {join}"),
        ),
        (
            "exec([\"echo\", timer(\"1h\")])",
            format!("an argument of a process is text or a number, not a handle; {join}"),
        ),
        (
            "let s = strand(|| 1); exec([\"true\"], #{ env: #{ A: s } })",
            format!("env.A: an argument of a process is text or a number, not a handle; {join}"),
        ),
        ("let s = strand(|| 1); \"a\" + s", format!("a handle is no text: {join}")),
        ("let s = strand(|| 1); s + \"a\"", format!("a handle is no text: {join}")),
        ("let s = strand(|| 1); let t = \"a\"; t += s; t", format!("a handle is no text: {join}")),
        ("let s = strand(|| 1); s + 1", "'+' does not take handle and int".to_owned()),
        ("let s = strand(|| 1); s.stdout", "there is no field stdout in handle".to_owned()),
        ("let s = strand(|| 1); if s { 1 }", "bool is wanted here, not handle".to_owned()),
    ] {
        let mut story = Story::of(text);
        let (_, message) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
        assert_eq!(message, told, "{text}");
    }
}
