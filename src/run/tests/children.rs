//! Children as their parent's script sees them: ends that come before and after the wait, cancels, unjoined errors, the end of main.

use super::story::{Story, Told};
use super::texts;
use crate::history::{
    ChildEnded, ChildOutcome, Fact, Failure, MessageId, MessageNo, Moment, OpId, RunEnd, RunId, Value,
};

/// The store has recorded the child that a command starts.
fn starts(story: &mut Story, op: u32) {
    let id = format!("story.{op}");
    story.completes(op, Value::from([("run", Value::from(id)), ("op", Value::from(op))]));
}

fn ended(op: u32, end: RunEnd) -> Fact {
    Fact::ChildEnded(Box::new(ChildEnded {
        message_no: MessageNo(u64::from(op) + 1),
        message_id: MessageId::default(),
        op: OpId(op),
        child: RunId::parse(&format!("story.{op}")).expect("an id"),
        outcome: ChildOutcome::Ended(end),
        accepted_at: Moment(0),
    }))
}

fn completed(value: i64) -> RunEnd {
    RunEnd::Completed { result: Value::Int(value) }
}

fn failed() -> RunEnd {
    RunEnd::Failed { failure: Failure::new("failure", "no") }
}

fn result(story: &Story) -> Value {
    match story.end() {
        Some(RunEnd::Completed { result }) => result.clone(),
        other => panic!("{other:?} {:?}", story.open()),
    }
}

#[test]
fn child_waits_for_the_end_and_gives_its_value() {
    let mut story = Story::of("child(\"c.rhai\", #{ n: 1 }) + 1");
    story.begin();
    assert_eq!(story.open(), ["0 start_child \"c.rhai\""]);
    starts(&mut story, 0);
    assert_eq!(story.open(), ["1 child \"story.0\""]);
    story.tell(ended(0, completed(41))).expect("goes on");
    assert_eq!(result(&story), Value::Int(42));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_end_that_comes_before_the_start_is_known_is_kept() {
    let mut story = Story::of("let c = start_child(\"c.rhai\"); sleep(1); [c.done(), c.result(), c.id]");
    story.begin();
    story.tell(ended(0, completed(7))).expect("is kept");
    starts(&mut story, 0);
    story.fires(2);
    assert_eq!(result(&story).to_string(), "[true,7,\"story.0\"]");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn handles_of_children_join_and_select_like_others() {
    let text = r#"
        let a = start_child("a.rhai"); let b = start_child("b.rhai");
        let first = select([a, b, timer("1h")]);
        let all = join_all([a, b]);
        let hs = [a];
        [first.index, first.value, all, hs[0].result()]
    "#;
    let mut story = Story::of(text);
    story.begin();
    starts(&mut story, 0);
    starts(&mut story, 2);
    story.tell(ended(2, completed(2))).expect("goes on");
    story.tell(ended(0, completed(1))).expect("goes on");
    assert_eq!(result(&story).to_string(), "[1,2,[1,2],1]");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_error_says_which_child_and_why() {
    let mut story = Story::of(
        "let r = (); try { child(\"c.rhai\"); } catch (e) { r = [e.kind, e.id, e.status, e.message, e.cause.kind]; } r",
    );
    story.begin();
    starts(&mut story, 0);
    story.tell(ended(0, failed())).expect("goes on");
    let told = ["child", "story.0", "failed", "child run story.0 failed: no", "failure"];
    assert_eq!(result(&story), texts(&told));
}

#[test]
fn a_child_that_nobody_joins_fails_its_parent_unless_it_was_abandoned() {
    for (options, fails) in [("", true), (", (), #{ on_parent_close: \"abandon\" }", false)] {
        let mut story = Story::of(&format!("start_child(\"c.rhai\"{options}); sleep(10); \"well\""));
        story.begin();
        starts(&mut story, 0);
        story.tell(ended(0, failed())).expect("goes on");
        if fails {
            let Some(RunEnd::Failed { failure }) = story.end() else { panic!("{:?}", story.end()) };
            assert_eq!(
                failure.message,
                "child run story.0 started in line 1, which nobody joined: child run story.0 failed: no"
            );
        } else {
            story.fires(2);
            assert_eq!(result(&story), "well".into());
        }
        assert_eq!(story.replayed(), Told::Same);
    }
}

#[test]
fn a_cancel_of_the_parent_reaches_its_children_and_their_end_can_be_waited_for() {
    let text = r#"
        let mine = start_child("a.rhai");
        let own = start_child("b.rhai", (), #{ on_parent_close: "abandon" });
        try { child("c.rhai"); } catch (e) {
            try { mine.result(); } catch (e2) { log(`${e.kind} ${e2.kind} ${e2.status}`); }
            throw e;
        }
    "#;
    let mut story = Story::of(text);
    story.begin();
    for op in [0, 2, 4] {
        starts(&mut story, op);
    }
    assert_eq!(story.open(), ["1 child \"story.0\"", "3 child \"story.2\"", "5 child \"story.4\""]);
    story.cancel("enough");
    let asked = ["6 cancel_child \"story.4\"", "7 cancel_child \"story.0\""];
    let open = story.open();
    assert!(asked.iter().all(|asked| open.iter().any(|line| line == asked)), "{open:?}");
    assert!(!open.iter().any(|line| line.contains("cancel_child \"story.2\"")), "{open:?}");
    assert!(open.iter().any(|line| line == "1 child \"story.0\""), "its end is waited for: {open:?}");
    story.cancel("again");
    let again = story.open().iter().filter(|line| line.contains("cancel_child")).count();
    assert_eq!(again, 2, "a child is asked once");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_cancelled_strand_or_handle_asks_its_child_to_end_once() {
    let text = r#"
        let s = strand(|| child("a.rhai"));
        let c = start_child("b.rhai", (), #{ on_parent_close: "abandon" });
        s.cancel(); c.cancel(); c.cancel();
        let r = ();
        try { c.result(); } catch (e) { r = e.status; }
        r
    "#;
    let mut story = Story::of(text);
    story.begin();
    // The script runs until it is blocked before its strand does.
    starts(&mut story, 1);
    starts(&mut story, 0);
    let open = story.open();
    let asked = |child: &str| {
        let line = format!("cancel_child \"{child}\"");
        open.iter().filter(|open| open.ends_with(&line)).count()
    };
    assert_eq!((asked("story.0"), asked("story.1")), (1, 1), "{open:?}");
    story.tell(ended(0, RunEnd::Cancelled { reason: String::new() })).expect("goes on");
    assert_eq!(result(&story), "cancelled".into());
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn shielded_children_are_left_alone_by_a_cancel() {
    let mut story =
        Story::of("let c = (); shielded(|| { c = start_child(\"a.rhai\"); }); sleep(9); c.result()");
    story.begin();
    starts(&mut story, 0);
    story.cancel("enough");
    assert!(!story.open().iter().any(|line| line.contains("cancel_child")), "{:?}", story.open());
}

#[test]
fn main_ends_without_waiting_for_children_nor_asking_them() {
    let mut story = Story::of("start_child(\"a.rhai\"); sleep(1); 3");
    story.begin();
    starts(&mut story, 0);
    story.fires(2);
    assert_eq!(result(&story), Value::Int(3));
    assert!(!story.open().iter().any(|line| line.contains("cancel_child")), "{:?}", story.open());
}

/// A strand that nobody waits for is asked to end when main has ended; what it does in a shield, or while it cleans up, it does to the end.
#[test]
fn a_strand_that_nobody_waits_for_may_still_wait_for_a_child() {
    // The command that starts the child, the sleep of main, and that of the strand where it is not broken off.
    let cases = [
        (
            "strand(|| shielded(|| { let c = start_child(\"a.rhai\"); sleep(1); log(`${c.result()}`); }));",
            1,
            0,
            Some(3),
        ),
        (
            "strand(|| { let c = start_child(\"a.rhai\"); shielded(|| { sleep(1); log(`${c.result()}`); }) });",
            1,
            0,
            Some(3),
        ),
        (
            "let c = start_child(\"a.rhai\"); strand(|| shielded(|| { sleep(1); log(`${c.result()}`); }));",
            0,
            2,
            Some(3),
        ),
        (
            "strand(|| { let c = start_child(\"a.rhai\"); try { sleep(1); } catch (e) { log(`${c.result()}`); } });",
            1,
            0,
            None,
        ),
    ];
    for (begins, start, main, inner) in cases {
        let mut story = Story::of(&format!("{begins} sleep(2); 3"));
        story.begin();
        starts(&mut story, start);
        story.fires(main);
        if let Some(op) = inner {
            story.fires(op);
        }
        story.tell(ended(start, completed(7))).expect("goes on");
        assert_eq!((story.logs.clone(), result(&story)), (vec!["7".to_owned()], Value::Int(3)), "{begins}");
        assert_eq!(story.replayed(), Told::Same, "{begins}");
    }
}

#[test]
fn what_a_shielded_call_has_started_is_left_to_it_when_nobody_waits_for_its_strand() {
    let mut story = Story::of(
        r#"strand(|| shielded(|| { let a = start_activity("a"); sleep(1); log(`had ${a.join()}`); })); sleep(2); 3"#,
    );
    story.begin();
    story.fires(0);
    story.fires(2);
    story.completes(1, Value::Int(7));
    assert_eq!((story.logs.as_slice(), result(&story)), (&["had 7".to_owned()][..], Value::Int(3)));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_end_of_a_child_that_was_never_started_does_not_fit() {
    let mut story = Story::of("sleep(1)");
    story.begin();
    let (kind, message) = story.breaks(ended(3, completed(1)));
    assert_eq!(kind, "nondeterminism");
    assert!(message.contains("start_child \"story.3\""), "{message}");
}

#[test]
fn what_is_wrong_with_a_call_is_told_before_anything_is_asked() {
    let calls = [
        ("child(\"\")", "by the file of its script"),
        (
            "start_child(\"a\", (), #{ on_parent_close: \"kill\" })",
            "\"cancel\", \"terminate\" or \"abandon\"",
        ),
        ("start_child(\"a\", (), #{ idd: \"x\" })", "did you mean \"id\""),
        ("start_child(\"a\", (), #{ id: \"a/b\" })", "a run id may not have '/'"),
        ("timer(1).signal(\"s\")", "for the handle of a child run"),
        ("child(\"a\", timer(1))", "a value of type handle"),
    ];
    for (call, message) in calls {
        let mut story = Story::of(&format!("let r = (); try {{ {call} }} catch (e) {{ r = e.message; }} r"));
        story.begin();
        let told = result(&story).to_string().replace("\\\"", "\"");
        assert!(told.contains(message), "{call}: {told}");
        assert!(!story.open().iter().any(|line| line.contains("child")), "{:?}", story.open());
    }
}
