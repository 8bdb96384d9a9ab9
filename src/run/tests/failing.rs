//! `on_failure`: once, after the undos, with a report; what goes wrong in it hides nothing.

use super::story::{Story, Told};
use crate::history::{Failure, RunEnd, Value, kind};

const MAIL: &str = "on_failure(|err| { activity(\"mail\", err.report); activity(\"page\", err.kind); });\n\
    on_undo(|| activity(\"back\"));\nactivity(\"load\");";

#[test]
fn the_handler_runs_after_the_undos_with_a_report() {
    let mut story = Story::of(MAIL);
    story.begin();
    let failure = Failure { line: Some(3), ..Failure::new(kind::EXEC, "load exited with 3") }
        .with("name", "load")
        .with("attempts", 5_i64)
        .with("exit_code", 3_i64)
        .with("stderr", "no space\n");
    story.fails(0, failure);
    assert_eq!(story.waits(), ["1 activity \"back\""]);
    story.completes(1, Value::Null);
    assert_eq!(story.waits(), ["2 activity \"mail\""]);
    let report = "error: run story failed: load exited with 3\n --> story.rhai:3\n   3 | activity(\"load\");\n  = exec \"load\", attempts: 5\n  = exit code 3\n  = stderr of the last attempt:\n      no space\n  = what happened: durun history story\n";
    assert_eq!(story.given(2), Value::from(report));
    story.completes(2, Value::Null);
    assert_eq!(story.input(3), "\"exec\"");
    story.completes(3, Value::Null);
    assert_eq!(story.failure(), ("exec", "load exited with 3"));
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn the_report_names_the_command_that_goes_on_for_whoever_reads_it_elsewhere() {
    let text = "on_failure(|err| activity(\"mail\", err.report));\ntry { activity(\"load\"); } catch (e) { CAUGHT throw e; }";
    let charter = crate::run::Charter { aim: " --store /s".into(), ..super::story::plain() };
    let retry = "  = what happened: durun --store /s history story\n  = to go on at the failed step: durun --store /s retry story\n";
    let rewind = "  = to go on from before it: durun --store /s rewind story --to 0 && durun --store /s resume story\n";
    for (caught, ends, mail) in [("", retry, 1), ("activity(\"clean\");", rewind, 2)] {
        let mut story = Story::with(&text.replace("CAUGHT", caught), charter.clone());
        story.begin();
        story.fails(0, Failure::new(kind::ACTIVITY, "declined").with("name", "load"));
        if mail == 2 {
            story.completes(1, Value::Null);
        }
        let report = story.given(mail);
        assert!(report.as_text().is_some_and(|report| report.ends_with(ends)), "{report}");
    }
}

#[test]
fn the_report_names_what_could_not_be_taken_back() {
    let mut story = Story::of(MAIL);
    story.begin();
    story.fails(0, Failure::new(kind::ACTIVITY, "declined"));
    story.fails(1, Failure::new(kind::ACTIVITY, "the door is shut"));
    let report = story.given(2).to_string();
    assert!(report.contains("not undone: on_undo of line 2: the door is shut"), "{report}");
}

#[test]
fn an_error_in_the_handler_is_logged_and_kept_and_does_not_call_it_again() {
    let mut story = Story::of(MAIL);
    story.begin();
    story.fails(0, Failure::new(kind::ACTIVITY, "declined"));
    story.completes(1, Value::Null);
    story.fails(2, Failure::new(kind::ACTIVITY, "no mail today"));
    let Some(RunEnd::Failed { failure }) = story.end() else { panic!("{:?}", story.end()) };
    assert_eq!(failure.message, "declined");
    assert!(failure.data["on_failure_error"].to_string().contains("no mail today"));
    assert_eq!(story.logs, ["the on_failure handler failed: no mail today"]);
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_run_that_timed_out_has_failed_and_one_that_was_cancelled_has_not() {
    let charter = crate::run::Charter {
        id: "story".into(),
        generation: 0,
        input: Value::Null,
        timeout_ms: Some(60_000),
        secret: [7; 16],
        ..Default::default()
    };
    let text = "on_failure(|err| activity(\"mail\", err.message)); wait_signal(\"never\");";
    let mut story = Story::with(text, charter);
    story.begin();
    story.times_out();
    assert_eq!(story.input(1), "\"the run exceeded its time-out\"");
    story.completes(1, Value::Null);
    assert!(matches!(story.end(), Some(RunEnd::TimedOut { .. })));
    assert!(matches!(story.replayed(), Told::Same));
    let mut story = Story::of(text);
    story.begin();
    story.cancel("enough");
    assert!(matches!(story.end(), Some(RunEnd::Cancelled { .. })));
}

#[test]
fn the_last_handler_counts_shares_variables_and_is_not_interrupted() {
    let mut story = Story::of(
        "let state = \"old\"; on_failure(|| activity(\"never\")); on_failure(|err| { sleep(1); activity(\"mail\", state); }); state = \"new\"; throw \"no\";",
    );
    story.begin();
    story.cancel("enough");
    story.grace_ends();
    story.fires(0);
    assert_eq!(story.input(1), "\"new\"");
    story.completes(1, Value::Null);
    assert_eq!(story.failure().1, "no");
    assert!(matches!(story.replayed(), Told::Same));
}

#[test]
fn a_run_that_completes_or_is_terminated_calls_no_handler() {
    let mut story = Story::of("on_failure(|| activity(\"never\")); sleep(1); 7");
    story.begin();
    story.fires(0);
    assert_eq!(story.result(), &Value::Int(7));
    let mut story = Story::of("on_failure(|| activity(\"never\")); sleep(1); 7");
    story.begin();
    story.abandon("");
    assert!(matches!(story.end(), Some(RunEnd::Terminated { .. })));
}
