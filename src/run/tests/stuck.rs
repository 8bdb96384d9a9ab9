//! Rulings 5, 12, 13: faults, and what they leave behind.

use super::story::{Story, Told};
use crate::history::{Fact, Value};
use crate::run::{Run, Stepped};

#[test]
fn ruling_12_a_stretch_that_faults_leaks_no_command_log_or_published_value() {
    let mut story = Story::of(
        r#"
        sleep(1);
        on_signal("s", |data| {
            log("never"); publish("key", "never"); set_summary("never");
            if data == 2 { nonsense(); }
            activity("never", data);
        });
        log("never"); publish("key", "never");
        activity("never");
        "#,
    );
    story.begin();
    story.sends("s", 1);
    story.sends("s", 2);
    let fact = story.firing(0);
    let (kind, message) = story.breaks(fact);
    assert_eq!((kind.as_str(), message.as_str()), ("fault", "there is no function nonsense()"));
    assert_eq!(story.waits(), ["0 sleep"], "as before the entry that began the stretch");
    assert_eq!((story.logs.len(), story.published.len()), (0, 0));
    let line = Some(5);
    assert_eq!(story.replayed(), Told::Stuck(message, line));
}

#[test]
fn ruling_12_upgrade_replays_all_entries_with_the_new_text() {
    let mut story = Story::of("activity(\"a\"); nonsense(); sleep(1);");
    story.begin();
    let fact = story.completion(0, Value::Null);
    story.breaks(fact);
    assert!(
        matches!(story.replayed_under("activity(\"a\"); sleep(1);"), Told::Other(open) if open.contains("1 sleep"))
    );
}

#[test]
fn ruling_13_a_fault_caught_in_main_is_data_of_kind_fault() {
    for fault in
        ["nonsense()", "let a = [1]; a[7]", "1 / 0", "unknown", "#{}.foo.bar", "9223372036854775807 + 1"]
    {
        let mut story = Story::of(&format!(
            "let said = (); try {{ {fault} }} catch (e) {{ said = `${{e.kind}} ${{e.message != \"\"}} ${{e.line}}`; }} said"
        ));
        story.begin();
        assert_eq!(*story.result(), Value::from("fault true 1"), "{fault}");
        assert_eq!(story.replayed(), Told::Same);
    }
}

#[test]
fn ruling_13_a_fault_thrown_again_is_still_a_fault() {
    for again in ["throw e;", "throw #{ kind: \"fault\", message: e.message };"] {
        let mut story = Story::of(&format!("try {{ nonsense(); }} catch (e) {{ sleep(1); {again} }}"));
        story.begin();
        let fact = story.firing(0);
        let (kind, message) = story.breaks(fact);
        assert!(kind == "fault" && message.contains("nonsense"), "{kind}: {message}");
    }
}

#[test]
fn ruling_13_a_fault_in_a_handler_makes_the_run_stuck() {
    let mut story =
        Story::of("on_signal(\"s\", |d| d.foo()); try { sleep(9); } catch (e) { log(\"not here\"); }");
    story.begin();
    let message = story.signalled("s", 1.into());
    let (kind, message) = story.breaks(Fact::of_message(&message));
    assert_eq!(kind, "fault");
    assert!(message.contains("foo"), "{message}");
    assert!(story.logs.is_empty());
}

#[test]
fn ruling_5_a_slice_gives_the_thread_away_and_nothing_else_of_the_run_runs_meanwhile() {
    let story = Story::of(
        "let n = 0; on_query(\"n\", || n); while n < 600_000 { n += 1; } log(\"counted\"); sleep(1); n",
    );
    let mut run = Run::new(&story.interpreter, story.script.clone(), story.charter.clone());
    let began = crate::history::Entry { at: crate::history::Moment(1), fact: Fact::RunBegan { seed: 1 } };
    let mut slices = 0;
    let mut stepped = run.deliver(&began);
    let stretch = loop {
        match stepped {
            Stepped::Sliced => {
                slices += 1;
                stepped = run.go_on();
            }
            Stepped::Blocked(stretch) => break stretch,
            Stepped::Stuck(stuck) => panic!("{stuck:?}"),
            Stepped::NoMemory(message) => panic!("{message}"),
        }
    };
    assert!(slices > 0, "a million operations are a slice");
    assert_eq!((stretch.logs.len(), stretch.commands.len()), (1, 1), "one stretch, however many slices");
}

#[test]
#[cfg(not(debug_assertions))]
fn ruling_5_fifty_million_operations_make_the_run_stuck_and_cannot_be_caught() {
    let mut story = Story::of("try { loop {} } catch (e) { log(\"caught\"); }");
    let (kind, message) = story.breaks(Fact::RunBegan { seed: 1 });
    assert_eq!(kind, "fault");
    assert!(message.contains("50000000 operations"), "{message}");
    assert!(story.logs.is_empty());
}

#[test]
fn a_closure_that_takes_more_than_it_is_given_is_told_by_the_call_that_has_it() {
    for (text, told) in [
        (
            "parallel([1], |a, b, c| a)",
            "the closure of parallel is given one argument, and this one is written |a, b, c|",
        ),
        (
            "let n = 1; strand(|a, b| n + a).join()",
            "the closure of strand is given no argument, and this one is written |a, b|",
        ),
        ("wait_until(|a| a)", "the closure of wait_until is given no argument, and this one is written |a|"),
    ] {
        let (_, message) = Story::of(text).breaks(Fact::RunBegan { seed: 1 });
        assert_eq!(message, told, "{text}");
    }
    let mut story = Story::of("let n = 1; on_signal(\"s\", |x, y| n += x); sleep(9)");
    story.begin();
    let message = story.signalled("s", 1.into());
    let (_, message) = story.breaks(Fact::of_message(&message));
    assert_eq!(message, "the closure of on_signal is given one argument, and this one is written |x, y|");
}
