//! `with_lock`: what is under a lock runs once it is granted, and it is let go of when its closure ends, however it ends.

use super::story::{Story, Told};
use super::texts;
use crate::history::{Failure, Value, kind};

#[test]
fn the_closure_runs_when_the_lock_is_granted_and_shares_variables() {
    let mut story = Story::of(
        "let seen = []; let given = with_lock(\"db\", || { seen.push(activity(\"a\")); 7 }); seen.push(given); seen",
    );
    story.begin();
    assert_eq!((story.waits(), story.holds()), (vec!["0 with_lock \"db\"".to_owned()], vec![]));
    story.grants(0, "db");
    assert_eq!((story.waits(), story.holds()), (vec!["1 activity \"a\"".to_owned()], vec![0]));
    story.completes(1, Value::Int(5));
    assert_eq!(story.result(), &Value::List(vec![Value::Int(5), Value::Int(7)]));
    assert_eq!(story.holds(), Vec::<u32>::new());
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn an_error_in_the_closure_lets_go_and_passes_on() {
    let mut story = Story::of(
        "let told = (); try { with_lock(\"db\", || activity(\"a\")) } catch (err) { told = err.message; } sleep(1); told",
    );
    story.begin();
    story.grants(0, "db");
    story.fails(1, Failure::new(kind::ACTIVITY, "declined"));
    assert_eq!((story.waits(), story.holds()), (vec!["2 sleep".to_owned()], vec![]));
    story.fires(2);
    assert_eq!(story.result(), &Value::from("declined"));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_lock_that_is_not_free_in_time_is_a_timeout_and_a_late_grant_changes_nothing() {
    let mut story = Story::of(
        "try { with_lock(\"db\", #{ timeout: \"1 min\" }, || 1) } catch (err) { sleep(1); [err.kind, err.message] }",
    );
    story.begin();
    story.fires(0);
    assert_eq!(story.waits(), ["1 sleep"]);
    story.grants(0, "db");
    assert_eq!((story.waits(), story.holds()), (vec!["1 sleep".to_owned()], vec![]));
    story.fires(1);
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_cancel_ends_the_wait_for_a_lock() {
    let mut story = Story::of("with_lock(\"db\", || 1)");
    story.begin();
    story.cancel("enough");
    assert!(matches!(story.end(), Some(crate::history::RunEnd::Cancelled { .. })), "{:?}", story.end());
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_cancel_inside_lets_go_after_the_clean_up_of_the_closure() {
    let mut story = Story::of(
        "with_lock(\"db\", || { try { sleep(9) } catch (err) { activity(\"clean\"); throw err; } }); 1",
    );
    story.begin();
    story.grants(0, "db");
    story.cancel("enough");
    assert_eq!((story.waits(), story.holds()), (vec!["2 activity \"clean\"".to_owned()], vec![0]));
    story.completes(2, Value::Null);
    assert_eq!(story.holds(), Vec::<u32>::new());
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_strand_that_asks_for_its_own_lock_is_told() {
    for text in [
        "with_lock(\"db\", || with_lock(\"db\", || 1))",
        "with_lock(\"db\", || strand(|| with_lock(\"db\", || 1)).join())",
        "with_lock(\"db\", || parallel([1, 2], |n| with_lock(\"db\", || n)))",
    ] {
        let mut story = Story::of(text);
        story.begin();
        story.grants(0, "db");
        let (kind, message) = story.failure();
        assert_eq!(kind, "lock", "{message}");
        let expected = "this strand holds the lock \"db\" already, taken in line 1; it would wait for itself";
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn two_strands_of_a_run_take_turns_and_two_locks_may_be_nested() {
    let mut story = Story::of(
        "let seen = []; parallel([1, 2], |n| { with_lock(\"db\", || { sleep(1); seen.push(`${n}`); }); }); \
         with_lock(\"a\", || with_lock(\"b\", || seen))",
    );
    story.begin();
    assert_eq!(story.waits(), ["0 with_lock \"db\"", "1 with_lock \"db\""]);
    story.grants(1, "db");
    assert_eq!(story.holds(), [1]);
    story.fires(2);
    assert_eq!(story.holds(), Vec::<u32>::new());
    story.grants(0, "db");
    story.fires(3);
    story.grants(4, "a");
    story.grants(5, "b");
    assert_eq!(story.result(), &texts(&["2", "1"]));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_bad_name_and_a_bad_option_are_told() {
    for (text, told) in [
        ("with_lock(\"\", || 1)", "the name of a lock has from 1 to 256 bytes"),
        ("with_lock(\"db\", #{ timeuot: 1 }, || 1)", "did you mean"),
        ("with_lock(\"db\", #{ timeout: \"soon\" }, || 1)", "soon"),
    ] {
        let mut story = Story::of(text);
        let (_, message) = story.breaks(crate::history::Fact::RunBegan { seed: 1 });
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_lock_whose_closure_ended_well_is_not_kept() {
    let mut story = Story::of(
        "with_lock(\"db\", || { on_undo(|| activity(\"back\")); activity(\"load\"); }); sleep(1); throw \"no\";",
    );
    story.begin();
    story.grants(0, "db");
    story.completes(1, Value::Null);
    assert_eq!(story.holds(), Vec::<u32>::new());
}
