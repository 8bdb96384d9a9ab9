//! Defaults: options said once for all later effects; and the options of a poll.

use super::story::{Story, Told};
use crate::history::{Fact, Value};

#[test]
fn a_call_wins_over_the_defaults_and_they_over_what_is_built_in() {
    let text = r#"
        activity("before");
        defaults(#{ timeout: "30s", retry: #{ first: "5s", attempts: 7 } });
        activity("a");
        exec(["b"], #{ timeout: "1s", retry: #{ first: "2s" } });
        step("c", #{ retry: false }, || 1);
        defaults(#{ timeout: (), retry: 2 });
        sh("d");
    "#;
    let mut story = Story::of(text);
    story.begin();
    let mut seen = Vec::new();
    for op in 0..5 {
        let options = story.options(op);
        seen.push((options.timeout_ms, options.retry.first_ms, options.retry.attempts));
        story.completes(op, Value::Null);
    }
    let expected = [
        (None, 1_000, None),
        (Some(30_000), 5_000, Some(7)),
        (Some(1_000), 2_000, Some(7)),
        (Some(30_000), 5_000, Some(1)),
        (None, 1_000, Some(2)),
    ];
    assert_eq!(seen, expected);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn at_most_once_stays_one_attempt_whatever_the_defaults_say() {
    let mut story = Story::of("defaults(#{ retry: 9 }); activity(\"pay\", 1, #{ at_most_once: true })");
    story.begin();
    assert_eq!(story.options(0).retry.attempts, Some(1));
}

#[test]
fn a_default_that_is_none_is_told() {
    for (map, message) in [
        ("#{ timout: 1 }", "there is no default \"timout\"; did you mean \"timeout\"?"),
        ("#{ once: \"k\" }", "once belongs to one call and has no default"),
        ("#{ retry: 0 }", "retry is a whole number, 1 or more"),
        ("#{ retry: -3 }", "retry is a whole number, 1 or more"),
        ("#{ timeout: 0 }", "timeout must be longer than nothing"),
    ] {
        let mut story = Story::of(&format!("defaults({map})"));
        assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).1, message);
    }
}

#[test]
fn a_poll_is_one_command_and_its_options_are_its_own() {
    let text = r#"
        defaults(#{ timeout: "1s", retry: 3 });
        let copy = 1;
        let got = poll("issued", #{ every: "1 min", factor: 2, max: "5 min", timeout: "1h" }, || { copy += 1; copy });
        [got, copy, poll("plain", || true)]
    "#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.open(), ["0 poll \"issued\""]);
    let options = story.options(0);
    let policy = &options.retry;
    assert_eq!((policy.first_ms, policy.max_ms, policy.attempts), (60_000, 300_000, None));
    assert!((policy.factor - 2.0).abs() < f64::EPSILON && policy.jitter.abs() < f64::EPSILON);
    assert_eq!(options.deadline.map(|at| at.since_ms(story.run().now())), Some(3_600_000));
    assert_eq!(options.timeout_ms, None, "a default is for one attempt, not for the whole of a poll");
    story.completes(0, "there".into());
    assert_eq!(story.options(1).retry.first_ms, 10_000);
    story.completes(1, true.into());
    assert_eq!(story.result().to_string(), r#"["there",1,true]"#, "its captures are copies");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_poll_with_impossible_options_is_told() {
    for (map, message) in [
        ("#{ evry: 1 }", "there is no option \"evry\"; did you mean \"every\"?"),
        ("#{ every: 0 }", "every must be longer than nothing"),
        ("#{ factor: 0.5 }", "factor is a number from 1 to 1000"),
        ("#{ every: 60, max: 5 }", "max, the longest wait, may not be shorter than every"),
        (
            "#{ timeout: \"soon\" }",
            "timeout: \"soon\" is no duration; write for example \"30s\", \"1 min\", \"1h 30m\" or \"2 days\"",
        ),
    ] {
        let mut story = Story::of(&format!("poll(\"p\", {map}, || true)"));
        assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).1, message);
    }
}
