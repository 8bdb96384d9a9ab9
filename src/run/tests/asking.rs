//! Rulings 1, 9, 12: queries, which look and change nothing.

use super::story::{Story, Told};
use crate::history::{Fact, Failure, RunEnd, RunEnded, Value};
use crate::run::QueryError;

const COUNT: &str = r#"
    let state = "new";
    on_query("state", || state);
    on_signal("s", |data| { state = `got ${data}`; log(state); });
    activity("a");
    state = "paid";
    on_query("late", |args| args);
    sleep(60);
    state = "slept";
    "done"
"#;

fn known(names: &[&str]) -> Result<Value, QueryError> {
    Err(QueryError::Unknown { known: names.iter().map(|name| (*name).to_owned()).collect() })
}

#[test]
fn ruling_9_a_query_is_answered_before_during_and_after_a_run() {
    let mut story = Story::of(COUNT);
    assert_eq!(story.asks("state"), known(&[]), "nothing was delivered yet");
    story.begin();
    assert_eq!(story.asks("state"), Ok("new".into()));
    assert_eq!(story.asks("late"), known(&["state"]));
    story.completes(0, Value::Null);
    assert_eq!(story.asks("state"), Ok("paid".into()));
    assert_eq!(story.asks("late"), Ok(Value::Null));
    assert_eq!(story.asks("lat"), known(&["late", "state"]));
    story.fires(1);
    let end = RunEnd::Completed { result: "done".into() };
    assert_eq!(story.end(), Some(&end));
    assert_eq!(story.asks("state"), Ok("slept".into()), "ended, its entry not recorded");
    story.tell(Fact::RunEnded(Box::new(RunEnded::of(end)))).expect("ends");
    assert_eq!(story.asks("state"), Ok("slept".into()));
}

#[test]
fn ruling_9_a_query_on_a_terminated_run_delivers_nothing_more() {
    let mut story = Story::of(COUNT);
    story.begin();
    let end = RunEnd::Terminated { reason: "enough".into() };
    story.tell(Fact::RunEnded(Box::new(RunEnded::of(end)))).expect("ends");
    let waiting = story.signalled("s", 1.into());
    assert_eq!(story.asks_with("state", &[waiting], story.now), Ok("new".into()));
}

#[test]
fn ruling_9_a_query_delivers_inbox_and_due_timers_in_order_and_records_nothing() {
    let mut story = Story::of(COUNT);
    story.begin();
    let waiting = [story.signalled("s", 1.into()), story.signalled("s", 2.into())];
    let (entries, logs) = (story.entries().len(), story.logs.clone());
    assert_eq!(story.asks_with("state", &waiting, story.now), Ok("got 2".into()));
    story.completes(0, Value::Null);
    assert_eq!(story.asks_with("state", &[], story.now + 59_000), Ok("paid".into()), "never early");
    assert_eq!(story.asks_with("state", &[], story.now + 60_000), Ok("slept".into()));
    let mut signal = story.signalled("s", 3.into());
    signal.accepted_at.0 += 70_000;
    assert_eq!(
        story.asks_with("state", &[signal], story.now + 80_000),
        Ok("slept".into()),
        "the timer came first and ended the run"
    );
    assert_eq!((story.entries().len(), &story.logs), (entries + 1, &logs));
    assert_eq!(story.asks("state"), Ok("paid".into()));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_12_a_query_on_a_stuck_run_answers_from_the_last_good_step() {
    let mut story = Story::of(
        "let n = 0; on_query(\"n\", || n); activity(\"a\"); n = 1; activity(\"b\"); n = 2; nonsense();",
    );
    story.begin();
    story.completes(0, Value::Null);
    let fact = story.completion(1, Value::Null);
    assert_eq!(story.breaks(fact).0, "fault");
    assert_eq!(story.asks("n"), Ok(Value::Int(1)));
    let mut story = Story::of("on_query(\"n\", || 1); nonsense();");
    assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).0, "fault");
    assert!(matches!(story.asks("n"), Err(QueryError::Stuck(_))), "there was no good step");
}

#[test]
fn ruling_12_a_query_whose_delivery_of_the_inbox_faults_answers_from_before_it() {
    let mut story = Story::of(
        "let n = 0; on_query(\"n\", || n); on_signal(\"s\", |d| { n = d; if d == 2 { nonsense(); } }); sleep(9);",
    );
    story.begin();
    let waiting = [1, 2, 3].map(|data| story.signalled("s", data.into()));
    assert_eq!(story.asks_with("n", &waiting, story.now), Ok(Value::Int(1)));
}

#[test]
fn ruling_1_a_query_whose_capture_is_held_is_answered_from_the_latest_step_where_it_was_free() {
    let mut story = Story::of(
        r#"
        fn slow() { this.push("begun"); sleep(1); sleep(1); this.push("done"); }
        let list = [];
        on_query("list", || list);
        on_query("free", || "free");
        sleep(1);
        list.push("free");
        sleep(1);
        list.slow();
        sleep(1);
        "#,
    );
    story.begin();
    let list = |texts: &[&str]| Ok(super::texts(texts));
    story.fires(0);
    assert_eq!(story.asks("list"), list(&["free"]));
    story.fires(1);
    assert_eq!(story.asks("list"), list(&["free"]), "held in op 2");
    assert_eq!(story.asks("free"), Ok("free".into()));
    story.fires(2);
    assert_eq!(story.asks("list"), list(&["free"]), "held in op 3");
    story.fires(3);
    assert_eq!(story.asks("list"), list(&["free", "begun", "done"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_query_may_read_and_not_write_ask_or_loop_for_ever() {
    let mut story = Story::of(
        r#"
        let n = 1;
        on_query("throws", || throw "no");
        on_query("writes", || n += 1);
        on_query("asks", || sleep(1));
        on_query("loops", || loop {});
        on_query("logs", || { log("asked"); n });
        sleep(1);
        n
        "#,
    );
    story.begin();
    assert!(
        matches!(story.asks("throws"), Err(QueryError::Failed(Failure { message, .. })) if message == "no")
    );
    for name in ["writes", "asks"] {
        assert!(matches!(story.asks(name), Err(QueryError::Stuck(_))), "{name}: {:?}", story.asks(name));
    }
    let endless = story.asks("loops");
    assert!(
        matches!(&endless, Err(QueryError::Failed(failure)) if failure.message.contains("over a limit")),
        "{endless:?}"
    );
    assert_eq!(story.asks("logs"), Ok(Value::Int(1)));
    assert!(story.logs.is_empty());
    let answer = |name: &str| story.run().answer(name, &Value::Null);
    assert!(answer("writes").is_err(), "asked of the live run");
    assert_eq!(answer("logs"), Ok(Value::Int(1)));
    story.fires(0);
    assert_eq!(*story.result(), Value::Int(1));
    assert_eq!(story.replayed(), Told::Same);
}
