//! Queries: a function of history and inbox, on running, waiting, stuck and ended runs alike.

use super::story::Story;
use crate::history::{Fact, MessageBody, Moment, Value};
use crate::run::{QueryError, ReplayError, Seen, query};

const COUNTER: &str = r#"
    let n = 0;
    on_query("n", || n);
    on_query("add", |x| n + x);
    on_signal("up", |d| { n += 1; });
    on_signal("oops", |d| { n = 99; nowhere(); });
    wait_signal("end");
    n += 100;
"#;

#[test]
fn a_query_answers_while_it_waits_and_after_its_end() {
    let mut story = Story::of(COUNTER);
    assert!(matches!(story.asks("n"), Err(QueryError::Unknown { .. })), "nothing has begun");
    story.begin();
    assert_eq!(story.asks("n"), Ok(Value::Int(0)));
    story.signal("up", Value::Null);
    assert_eq!(story.asks("n"), Ok(Value::Int(1)));
    story.signal("end", Value::Null);
    assert_eq!(story.asks("n"), Ok(Value::Int(101)));
    assert_eq!(story.asks("m"), Err(QueryError::Unknown { known: vec!["add".into(), "n".into()] }));
    assert_eq!(story.run().answer("add", &Value::Int(5)), Ok(Value::Int(106)));
}

#[test]
fn ruling_9_a_query_sees_what_was_accepted_and_the_timers_due_and_records_nothing() {
    let mut story = Story::of(
        "let seen = []; on_query(\"seen\", || seen); on_signal(\"s\", |d| { seen.push(d); }); sleep(5); seen.push(\"slept\"); wait_signal(\"end\");",
    );
    story.begin();
    let inbox = [story.message(MessageBody::Signal { name: "s".into(), payload: "mail".into() })];
    let ask = |now: i64| {
        let seen = Seen { history: story.entries(), inbox: &inbox, now: Moment(now) };
        query(&story.interpreter, &story.script, &story.charter, seen, "seen", &Value::Null)
            .map(|value| value.to_string())
    };
    assert_eq!(ask(story.now).as_deref(), Ok("[\"mail\"]"));
    assert_eq!(ask(story.now + 60_000).as_deref(), Ok("[\"mail\",\"slept\"]"));
    assert_eq!(story.entries().len(), 1);
    assert_eq!(story.asks("seen").map(|value| value.to_string()).as_deref(), Ok("[]"));
}

#[test]
fn ruling_12_a_query_of_a_stuck_run_answers_from_the_last_good_step() {
    let mut story = Story::of(COUNTER);
    story.begin();
    story.signal("up", Value::Null);
    let message = story.message(MessageBody::Signal { name: "oops".into(), payload: Value::Null });
    assert!(matches!(story.tell(Fact::of_message(&message)), Err(ReplayError::Stuck { .. })));
    assert_eq!(story.asks("n"), Ok(Value::Int(1)), "what the faulting stretch wrote does not count");
}

#[test]
fn ruling_1_a_query_whose_capture_is_held_answers_from_the_step_before() {
    let text = r#"
        fn work() { this.n = 1; wait_signal("done"); this.n = 2; }
        let thing = #{ n: 0 };
        on_query("n", || thing.n);
        sleep(1);
        thing.work();
        wait_signal("end");
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.fires(0);
    assert_eq!(story.asks("n"), Ok(Value::Int(0)));
    story.signal("done", Value::Null);
    assert_eq!(story.asks("n"), Ok(Value::Int(2)));
}

#[test]
fn ruling_1_a_query_reads_a_list_that_a_suspended_map_goes_over() {
    let mut story = Story::of(
        "let v = [1, 2]; on_query(\"v\", || v); let w = v.map(|x| activity(\"a\", x)); v.for_each(|| this = activity(\"b\", this)); v",
    );
    story.begin();
    assert_eq!(story.asks("v").map(|value| value.to_string()).as_deref(), Ok("[1,2]"));
    story.completes(0, 5.into());
    story.completes(1, 6.into());
    story.completes(2, 7.into());
    assert_eq!(
        story.asks("v").map(|value| value.to_string()).as_deref(),
        Ok("[1,2]"),
        "half-way nothing is written"
    );
    story.completes(3, 8.into());
    assert_eq!(story.asks("v").map(|value| value.to_string()).as_deref(), Ok("[7,8]"));
}

#[test]
fn a_query_that_throws_or_writes_is_told_and_changes_nothing() {
    let mut story = Story::of(
        "let n = 0; on_query(\"throws\", || throw \"no\"); on_query(\"writes\", || { n += 1; n }); on_query(\"n\", || n); wait_signal(\"end\");",
    );
    story.begin();
    assert!(matches!(story.asks("throws"), Err(QueryError::Failed(failure)) if failure.message == "no"));
    assert!(matches!(story.asks("writes"), Err(QueryError::Stuck(_))));
    assert!(matches!(story.run().answer("writes", &Value::Null), Err(QueryError::Stuck(_))));
    assert_eq!(story.run().answer("n", &Value::Null), Ok(Value::Int(0)));
}
