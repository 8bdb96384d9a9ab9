//! Ruling 10: where a message goes, and in which order handlers begin.

use super::story::{Story, Told};
use super::texts;
use crate::history::Value;

#[test]
fn ruling_10_on_signal_gets_the_buffered_ones_in_order_when_its_strand_blocks() {
    let mut story = Story::of(
        r#"
        let seen = [];
        sleep(1);
        on_signal("s", |data| { seen.push(`handler ${data}`); });
        seen.push("registered");
        sleep(1);
        seen
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("other", 9);
    story.sends("s", 2);
    story.fires(0);
    story.fires(1);
    assert_eq!(*story.result(), texts(&["registered", "handler 1", "handler 2"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_a_second_on_signal_of_a_name_replaces_the_first() {
    let mut story = Story::of(
        r#"
        let seen = [];
        on_signal("s", |data| { seen.push(`first ${data}`); });
        sleep(1);
        on_signal("s", |data| { seen.push(`second ${data}`); });
        sleep(1);
        seen
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.fires(0);
    story.sends("s", 2);
    story.fires(1);
    assert_eq!(*story.result(), texts(&["first 1", "second 2"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_wait_signal_takes_the_oldest_buffered_one_that_fits() {
    let mut story = Story::of(
        r#"
        sleep(1);
        let first = wait_signal(["a", "b"]);
        let second = wait_signal(["a", "b"]);
        let third = wait_signal("x");
        [`${first.name} ${first.data}`, `${second.name} ${second.data}`, `${third}`]
        "#,
    );
    story.begin();
    story.sends("x", 7);
    story.sends("b", 1);
    story.sends("a", 2);
    story.fires(0);
    assert_eq!(*story.result(), texts(&["b 1", "a 2", "7"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_a_signal_goes_to_the_longest_waiting_wait_that_names_it() {
    let mut story = Story::of(
        r#"
        let seen = [];
        on_signal("go", |data| { let got = wait_signal(["s", "t"]); seen.push(`${data} ${got.name} ${got.data}`); });
        sleep(1);
        let got = wait_signal("s");
        seen.push(`main ${got}`);
        sleep(1);
        seen
        "#,
    );
    story.begin();
    story.sends("go", 1);
    story.fires(0);
    story.sends("go", 2);
    assert_eq!(story.waits(), ["1 wait_signal \"s, t\"", "2 wait_signal \"s\"", "3 wait_signal \"s, t\""]);
    story.sends("t", "a");
    story.sends("s", "b");
    story.sends("s", "c");
    story.fires(4);
    assert_eq!(*story.result(), texts(&["1 t a", "main b", "2 s c"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_wait_signal_gives_true_where_nothing_was_sent() {
    let mut story = Story::of(r#"[wait_signal("a"), wait_signal(["a"]), wait_signal("a")]"#);
    story.begin();
    story.sends("a", Value::Null);
    story.sends("a", Value::Null);
    story.sends("a", false);
    let listed = Value::from([("name", Value::from("a")), ("data", Value::Null)]);
    assert_eq!(*story.result(), Value::List(vec![Value::Bool(true), listed, Value::Bool(false)]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_15_a_wait_that_runs_out_gives_otherwise_and_a_served_one_leaves_no_timer() {
    let mut story = Story::of(
        r#"
        let a = wait_signal("s", 60);
        let b = wait_signal("s", #{ timeout: "1m", otherwise: "none" });
        let c = wait_signal(["s"], #{ timeout: "1m", otherwise: "listed" });
        let d = wait_signal("s", "1m");
        sleep(1);
        [a, b, c, d]
        "#,
    );
    story.begin();
    story.fires(0);
    story.fires(1);
    story.fires(2);
    let late = story.firing(3);
    story.sends("s", "served");
    assert_eq!(story.waits(), ["4 sleep"], "its timer is gone with it");
    story.tell(late).expect("a timer that lost is dropped");
    assert_eq!(story.waits(), ["4 sleep"]);
    story.fires(4);
    let expected = vec![Value::Null, "none".into(), "listed".into(), "served".into()];
    assert_eq!(*story.result(), Value::List(expected));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_10_a_signal_is_delivered_while_strands_wait_for_activities_and_handlers_overlap() {
    let mut story = Story::of(
        r#"
        let seen = [];
        on_signal("s", |data| { let r = activity("work", data); seen.push(`${data} gave ${r}`); });
        let r = activity("main");
        seen.push(`main gave ${r}`);
        seen
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("s", 2);
    assert_eq!(story.waits(), ["0 activity \"main\"", "1 activity \"work\"", "2 activity \"work\""]);
    story.completes(2, "b".into());
    story.completes(1, "a".into());
    story.completes(0, "m".into());
    assert_eq!(*story.result(), texts(&["2 gave b", "1 gave a", "main gave m"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_1_a_handler_whose_capture_is_held_waits_and_those_behind_it_in_order() {
    let mut story = Story::of(
        r#"
        fn slow() { sleep(1); this.push("main"); }
        let seen = [];
        on_signal("a", |data| { seen.push(`a ${data}`); });
        on_signal("b", |data| { log(`b ${data}`); });
        seen.slow();
        sleep(1);
        seen
        "#,
    );
    story.begin();
    story.sends("a", 1);
    story.sends("b", 2);
    story.sends("a", 3);
    assert_eq!(story.logs, Vec::<String>::new(), "b waits behind a");
    story.fires(0);
    assert_eq!(story.logs, ["b 2"]);
    story.fires(1);
    assert_eq!(*story.result(), texts(&["main", "a 1", "a 3"]));
    assert_eq!(story.replayed(), Told::Same);
}
