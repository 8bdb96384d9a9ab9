//! Undos: what completed, and what may have happened, is taken back newest first; nothing interrupts it and nothing is taken back twice.

use super::story::{Story, Told};
use crate::history::{Failure, OpId, RunEnd, Value, kind};

/// Trips with three steps back.
const TRIP: &str = r#"
    let flight = activity("flight", 1, #{ undo: |it| activity("cancel flight", it) });
    let hotel = activity("hotel", 2, #{ undo: |it| activity("cancel hotel", it) });
    on_undo(|| activity("look for a car"));
    activity("car", 3);
    "booked"
"#;

fn declined() -> Failure {
    Failure::new(kind::ACTIVITY, "declined")
}

fn booked(text: &str) -> Story {
    let mut story = Story::of(text);
    story.begin();
    story.completes(0, Value::from("F1"));
    story.completes(1, Value::from("H2"));
    assert_eq!(story.waits(), ["2 activity \"car\""]);
    story
}

#[test]
fn a_failure_takes_back_newest_first_each_with_what_its_step_gave() {
    let mut story = booked(TRIP);
    story.fails(2, declined());
    assert_eq!(story.waits(), ["3 activity \"look for a car\""]);
    assert_eq!(story.names(), ["undoing 1 of 3: on_undo of line 4"]);
    assert_eq!(story.end(), None);
    story.completes(3, Value::Null);
    assert_eq!(
        (story.waits(), story.input(4)),
        (vec!["4 activity \"cancel hotel\"".to_owned()], "\"H2\"".into())
    );
    assert_eq!(story.names(), ["undoing 2 of 3: activity \"hotel\""]);
    story.completes(4, Value::Null);
    assert_eq!(story.input(5), "\"F1\"");
    story.completes(5, Value::Null);
    assert_eq!(story.failure(), ("activity", "declined"));
    assert!(matches!(story.replayed(), Told::Same));
    let undone = story.run().undone_so_far().iter().map(|it| (it.number, it.op));
    assert!(undone.eq([(2, None), (1, Some(OpId(1))), (0, Some(OpId(0)))]));
    assert!(story.run().to_be_undone().is_empty());
}

#[test]
fn what_completed_well_is_not_taken_back() {
    let mut story = booked(TRIP);
    story.completes(2, Value::Null);
    assert_eq!(story.result(), &Value::from("booked"));
    assert!(!story.run().has_undone());
}

#[test]
fn what_did_not_complete_is_not_taken_back_unless_it_was_said_before() {
    let mut story = Story::of("activity(\"a\", 1, #{ undo: || activity(\"back\") }); 1");
    story.begin();
    story.fails(0, declined());
    assert_eq!(story.failure(), ("activity", "declined"));
    let mut story = Story::of("on_undo(|| activity(\"back\")); activity(\"a\"); 1");
    story.begin();
    story.fails(0, declined());
    assert_eq!(story.waits(), ["1 activity \"back\""]);
}

#[test]
fn each_turn_of_a_loop_takes_back_its_own() {
    let mut story = Story::of(
        r#"
        for host in ["a", "b", "c"] { on_undo(|| activity("back", host)); step("s", #{ undo: |it| activity("undo", `${host}${it}`) }, || 1); }
        throw "enough";
        "#,
    );
    story.begin();
    for op in 0..3 {
        story.completes(op, Value::Int(i64::from(op)));
    }
    let mut told = Vec::new();
    for op in 3..9 {
        told.push(story.input(op));
        story.completes(op, Value::Null);
    }
    assert_eq!(told, ["\"c2\"", "\"c\"", "\"b1\"", "\"b\"", "\"a0\"", "\"a\""]);
    assert_eq!(story.failure().1, "enough");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_variable_that_changes_later_is_taken_back_as_it_was() {
    let mut story =
        Story::of("let list = [1]; on_undo(|| activity(\"back\", list)); list.push(2); throw \"no\";");
    story.begin();
    assert_eq!(story.input(0), "[1]");
}

#[test]
fn an_undo_of_a_process_sees_what_the_script_saw() {
    let mut story =
        Story::of("exec([\"make\"], #{ undo: |made| activity(\"back\", made.json.id) }); throw \"no\";");
    story.begin();
    story.completes(0, Value::from([("stdout", Value::from("{\"id\": 7}")), ("code", Value::Int(0))]));
    assert_eq!(story.input(1), "7");
}

#[test]
fn an_undo_of_a_call_sees_what_the_script_saw() {
    let mut story = Story::of(
        "http(#{ method: \"POST\", url: \"http://localhost/book\", undo: |made| activity(\"back\", made.json.id) }); throw \"no\";",
    );
    story.begin();
    story.completes(0, Value::from([("status", Value::Int(201)), ("body", Value::from("{\"id\": 7}"))]));
    assert_eq!(story.input(1), "7");
}

#[test]
fn a_started_activity_that_completed_is_taken_back_though_nobody_joined_it() {
    let mut story = Story::of(
        "let h = start_activity(\"a\", 1, #{ undo: |it| activity(\"back\", it) }); sleep(1); throw \"no\";",
    );
    story.begin();
    story.completes(0, Value::Int(9));
    story.fires(1);
    assert_eq!(story.input(2), "9");
}

#[test]
fn a_cancel_takes_back_and_the_run_is_cancelled() {
    let mut story = booked(TRIP);
    story.cancel("enough");
    assert_eq!(story.waits(), ["3 activity \"look for a car\""]);
    for op in 3..6 {
        story.completes(op, Value::Null);
    }
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "enough".into() }));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn neither_cancel_nor_time_out_nor_the_end_of_the_grace_interrupts_an_undo() {
    let charter = crate::run::Charter {
        id: "story".into(),
        generation: 0,
        input: Value::Null,
        timeout_ms: Some(3_600_000),
        secret: [7; 16],
        ..Default::default()
    };
    let mut story = Story::with("on_undo(|| { sleep(1); activity(\"back\"); }); throw \"no\";", charter);
    story.begin();
    assert_eq!(story.waits(), ["0 sleep"]);
    story.cancel("enough");
    story.times_out();
    story.grace_ends();
    assert_eq!(story.waits(), ["0 sleep"]);
    story.fires(0);
    assert_eq!(story.waits(), ["1 activity \"back\""]);
    story.completes(1, Value::Null);
    assert_eq!(story.failure().1, "no");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_time_out_takes_back_and_the_run_has_timed_out() {
    let charter = crate::run::Charter {
        id: "story".into(),
        generation: 0,
        input: Value::Null,
        timeout_ms: Some(60_000),
        secret: [7; 16],
        ..Default::default()
    };
    let mut story = Story::with("on_undo(|| activity(\"back\")); wait_signal(\"never\");", charter);
    story.begin();
    story.times_out();
    assert_eq!(story.waits(), ["1 activity \"back\""]);
    story.completes(1, Value::Null);
    assert!(matches!(story.end(), Some(RunEnd::TimedOut { .. })), "{:?}", story.end());
}

#[test]
fn an_undo_that_fails_hinders_no_other_and_is_told_beside_the_first_error() {
    let mut story = booked(TRIP);
    story.fails(2, declined());
    story.completes(3, Value::Null);
    story.fails(4, Failure::new(kind::ACTIVITY, "the hotel is closed"));
    assert_eq!(story.input(5), "\"F1\"");
    story.completes(5, Value::Null);
    let Some(RunEnd::Failed { failure }) = story.end() else { panic!("{:?}", story.end()) };
    assert_eq!(failure.message, "declined");
    let told = failure.data["undo_failures"].to_string();
    assert!(told.contains("activity \\\"hotel\\\"") && told.contains("the hotel is closed"), "{told}");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_cancelled_run_whose_undo_fails_has_failed() {
    let mut story = Story::of("on_undo(|| activity(\"back\")); wait_signal(\"never\");");
    story.begin();
    story.cancel("enough");
    story.fails(1, Failure::new(kind::ACTIVITY, "stuck door"));
    let Some(RunEnd::Failed { failure }) = story.end() else { panic!("{:?}", story.end()) };
    assert_eq!(failure.kind, "cancelled");
    assert!(failure.data["undo_failures"].to_string().contains("stuck door"));
}

#[test]
fn undo_takes_back_now_and_nothing_of_it_again() {
    let mut story = Story::of(
        r#"
        let n = 0;
        try {
            activity("a", 1, #{ undo: |it| { n += 1; activity("back", it); } });
            activity("b");
        } catch (err) { undo(); }
        undo();
        sleep(1);
        if n != 0 { throw "an undo works on copies"; }
        throw "no";
        "#,
    );
    story.begin();
    story.completes(0, Value::Int(5));
    story.fails(1, declined());
    assert_eq!(story.waits(), ["2 activity \"back\""]);
    story.completes(2, Value::Null);
    assert_eq!(story.waits(), ["3 sleep"]);
    story.fires(3);
    assert_eq!(story.failure().1, "no");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn undo_tells_what_could_not_be_taken_back() {
    let mut story = Story::of(
        "on_undo(|| activity(\"one\")); on_undo(|| activity(\"two\")); let told = attempt(|| undo()); [told.error.kind, told.error.message]",
    );
    story.begin();
    story.fails(0, Failure::new(kind::ACTIVITY, "closed"));
    assert_eq!(story.waits(), ["1 activity \"one\""]);
    story.completes(1, Value::Null);
    assert_eq!(story.result(), &super::texts(&["undo", "1 of 2 undos failed: closed"]));
}

#[test]
fn a_cancel_waits_until_undo_has_taken_back() {
    let mut story = Story::of("on_undo(|| activity(\"back\")); undo(); activity(\"more\"); 1");
    story.begin();
    story.cancel("enough");
    assert_eq!(story.waits(), ["0 activity \"back\""]);
    story.completes(0, Value::Null);
    assert_eq!(story.end(), Some(&RunEnd::Cancelled { reason: "enough".into() }));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn the_undos_of_many_strands_run_one_after_the_other_when_all_have_ended() {
    let mut story =
        Story::of("parallel([1, 2, 3], |n| { on_undo(|| activity(\"back\", n)); activity(\"do\", n); }); 1");
    story.begin();
    story.fails(1, declined());
    assert_eq!(story.waits(), ["3 activity \"back\""]);
    let mut told = Vec::new();
    for op in 3..6 {
        told.push(story.input(op));
        story.completes(op, Value::Null);
    }
    assert_eq!(told, ["3", "2", "1"]);
    assert_eq!(story.failure().0, "activity");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn an_undo_may_wait_for_a_signal_start_strands_and_registers_nothing() {
    let mut story = Story::of(
        r#"
        on_undo(|| {
            on_undo(|| activity("never"));
            wait_signal("go");
            parallel([1, 2], |n| activity("back", n, #{ undo: || activity("never") }));
        });
        throw "no";
        "#,
    );
    story.begin();
    assert!(story.run().takes_signals());
    story.signal("go", Value::Null);
    assert_eq!(story.waits(), ["1 activity \"back\"", "2 activity \"back\""]);
    story.completes(2, Value::Null);
    story.completes(1, Value::Null);
    assert_eq!(story.failure().1, "no");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn undo_inside_an_undo_is_told() {
    let mut story = Story::of("on_undo(|| undo()); undo();");
    let (_, message) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
    assert!(message.contains("undo() may not stand inside an undo"), "{message}");
}

#[test]
fn a_termination_with_undo_drops_the_script_and_takes_back() {
    let mut story = booked(
        r#"
        on_signal("x", |_d| activity("never"));
        let flight = activity("flight", 1, #{ undo: |it| activity("cancel flight", it) });
        let h = start_activity("hotel", 2, #{ undo: |it| activity("cancel hotel", it) });
        let t = strand(|| { try { sleep(9); } catch (e) { activity("never"); } });
        h.join();
        try { shielded(|| activity("car")); } catch (e) { activity("never"); }
        "#
        .replace("let t = strand(|| { try { sleep(9); } catch (e) { activity(\"never\"); } });", "")
        .as_str(),
    );
    story.abandon("a mistake");
    assert_eq!(story.input(3), "\"H2\"");
    assert_eq!(story.waits().len(), 1, "nothing else is open: {:?}", story.waits());
    story.completes(3, Value::Null);
    story.completes(4, Value::Null);
    assert_eq!(story.end(), Some(&RunEnd::Terminated { reason: "a mistake".into() }));
    assert!(!story.is_set(OpId::GRACE));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_termination_with_undo_while_undos_run_changes_nothing_but_who_waits() {
    let mut story = Story::of(
        "on_undo(|| activity(\"one\")); on_undo(|| activity(\"two\")); undo(); activity(\"never\");",
    );
    story.begin();
    story.abandon("now");
    assert_eq!(story.waits(), ["0 activity \"two\""]);
    story.fails(0, Failure::new(kind::ACTIVITY, "closed"));
    story.completes(1, Value::Null);
    let Some(RunEnd::Failed { failure }) = story.end() else { panic!("{:?}", story.end()) };
    assert!(failure.data["undo_failures"].to_string().contains("closed"));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_lock_is_kept_until_the_undos_that_were_registered_under_it_have_ended() {
    let mut story = Story::of(
        r#"
        with_lock("other", || 1);
        with_lock("db", || {
            on_undo(|| { with_lock("db", || activity("back")); });
            activity("load");
        });
        "#,
    );
    story.begin();
    story.grants(0, "other");
    story.grants(1, "db");
    story.fails(2, declined());
    assert_eq!((story.waits(), story.holds()), (vec!["4 activity \"back\"".to_owned()], vec![1]));
    story.completes(4, Value::Null);
    assert_eq!(story.failure().1, "declined");
    assert_eq!(story.holds(), Vec::<u32>::new());
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_lock_that_is_kept_for_undos_is_entered_again_and_let_go_of_by_undo() {
    let mut story = Story::of(
        r#"
        try { with_lock("db", || { on_undo(|| activity("back")); throw "no"; }); } catch (err) { }
        with_lock("db", || activity("again"));
        undo();
        sleep(1);
        "#,
    );
    story.begin();
    story.grants(0, "db");
    assert_eq!((story.waits(), story.holds()), (vec!["2 activity \"again\"".to_owned()], vec![0]));
    story.completes(2, Value::Null);
    assert_eq!((story.waits(), story.holds()), (vec!["3 activity \"back\"".to_owned()], vec![0]));
    story.completes(3, Value::Null);
    assert_eq!((story.waits(), story.holds()), (vec!["4 sleep".to_owned()], vec![]));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_bad_undo_is_told() {
    for (text, told) in [
        ("on_undo(|a| 1)", "the closure of on_undo takes no argument, not 1"),
        ("activity(\"a\", 1, #{ undo: |a, b| 1 })", "takes no argument or one, what the effect gave, not 2"),
        ("activity(\"a\", 1, #{ undo: 7 })", "undo is a closure: undo: |result| …"),
        ("defaults(#{ undo: || 1 })", "undo belongs to one call"),
    ] {
        let mut story = Story::of(text);
        let (_, message) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
        assert!(message.contains(told), "{message}");
    }
}
