//! Updates: what is let in, what is not, what the answer is, and that a replay gives the same.

use super::story::{Story, Told};
use crate::history::{Fact, Failure, MessageBody, UpdateAnswer, Value};
use crate::run::Judged;

impl Story {
    /// Somebody asks for an update: where the script lets it in, its entry follows.
    pub(super) fn updates(&mut self, name: &str, argument: Value) -> Judged {
        let judged = self.run().judge(name, &argument);
        if judged == Judged::Accepted {
            let message = self.message(MessageBody::Update { name: name.to_owned(), argument });
            self.tell(Fact::of_message(&message)).expect("takes the update");
        }
        judged
    }

    /// Records the answers that were given, as a worker does before anything else; gives name and answer of each.
    pub(super) fn records_answers(&mut self) -> Vec<(String, UpdateAnswer)> {
        let mut told = Vec::new();
        loop {
            let first = self.run().unrecorded_answers().next().cloned();
            let Some(completed) = first else { return told };
            told.push((completed.name.clone(), completed.answer.clone()));
            self.tell(Fact::UpdateCompleted(Box::new(completed))).expect("takes the answer");
        }
    }
}

fn gave(name: &str, value: impl Into<Value>) -> Vec<(String, UpdateAnswer)> {
    vec![(name.to_owned(), UpdateAnswer::Gave(value.into()))]
}

fn refusal(judged: Judged) -> (String, String) {
    match judged {
        Judged::Refused(failure) => (failure.kind, failure.message),
        other @ (Judged::Accepted | Judged::Later) => panic!("not refused: {other:?}"),
    }
}

const BUDGET: &str = r#"
    let limit = 100;
    on_update("raise", |by| {
        let booked = activity("book", by);
        limit += by;
        sleep(1);
        #{ limit: limit, booked: booked }
    }, #{ validate: |by| { if type_of(by) != "i64" { fail("a number is wanted"); } by > 0 } });
    on_query("limit", || limit);
    wait_signal("done");
    limit
"#;

#[test]
fn the_handler_of_an_update_is_a_strand_whose_commands_are_recorded_and_whose_value_is_the_answer() {
    let mut story = Story::of(BUDGET);
    story.begin();
    assert_eq!(story.updates("raise", 5.into()), Judged::Accepted);
    assert_eq!(story.waits(), ["0 wait_signal \"done\"", "1 activity \"book\""]);
    assert_eq!(story.names(), ["update raise"]);
    assert_eq!(story.records_answers(), []);
    story.completes(1, "b-1".into());
    story.fires(2);
    let answer = Value::from([("booked", "b-1".into()), ("limit", 105.into())]);
    assert_eq!(story.records_answers(), gave("raise", answer));
    story.signal("done", Value::Null);
    assert_eq!(story.result(), &Value::Int(105));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let mut story = Story::of(BUDGET);
    story.begin();
    let before = story.entries().to_vec();
    let fails = ("failure".to_owned(), "a number is wanted".to_owned());
    assert_eq!(refusal(story.updates("raise", "five".into())), fails);
    let no = "the script does not let this update \"raise\" in".to_owned();
    assert_eq!(refusal(story.updates("raise", 0.into())), ("rejected".to_owned(), no));
    let none = ("no_such_update".to_owned(), "the script has no update \"lower\"".to_owned());
    assert_eq!(refusal(story.updates("lower", 1.into())), none);
    assert_eq!(
        (story.entries(), story.waits()),
        (before.as_slice(), vec!["0 wait_signal \"done\"".to_owned()])
    );
    assert_eq!(story.asks("limit"), Ok(Value::Int(100)));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn validate_can_neither_change_nor_ask_anything() {
    let text = r#"
        let n = 0;
        on_update("writes", |x| n, #{ validate: |x| { n += 1; true } });
        on_update("asks", |x| n, #{ validate: |x| activity("a") });
        on_update("breaks", |x| n, #{ validate: |x| x.nothing.at_all() });
        wait_signal("done");
        n
    "#;
    let mut story = Story::of(text);
    story.begin();
    for name in ["writes", "asks", "breaks"] {
        let (kind, message) = refusal(story.updates(name, Value::Null));
        assert!(["fault", "nested"].contains(&kind.as_str()), "{name}: {kind} {message}");
    }
    story.signal("done", Value::Null);
    assert_eq!(story.result(), &Value::Int(0));
}

#[test]
fn an_error_in_the_handler_is_the_answer_and_the_run_goes_on() {
    let text = r#"on_update("u", |x| { strand(|| sleep(9)); activity("a"); }); wait_signal("done"); "fine""#;
    let mut story = Story::of(text);
    story.begin();
    story.updates("u", Value::Null);
    story.fails(1, Failure::new("activity", "no route"));
    let answers = story.records_answers();
    let [(_, UpdateAnswer::Threw(failure))] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(failure.message, "no route");
    assert_eq!(story.waits(), ["0 wait_signal \"done\""], "what the handler had started has ended with it");
    story.signal("done", Value::Null);
    assert_eq!(story.result(), &Value::from("fine"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn updates_overlap_and_are_let_in_by_what_those_before_have_done() {
    let text = r#"
        let left = 2;
        on_update("take", |n| { left -= n; activity("a", n); left }, #{ validate: |n| n <= left });
        wait_until(|| left == 0);
        "none left"
    "#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.updates("take", 1.into()), Judged::Accepted);
    assert_eq!(refusal(story.updates("take", 2.into())).0, "rejected");
    assert_eq!(story.updates("take", 1.into()), Judged::Accepted);
    // Main has returned: what was begun is awaited, nothing more is let in.
    assert_eq!(refusal(story.updates("take", 0.into())).0, "ended");
    story.completes(2, Value::Null);
    assert_eq!(story.records_answers(), gave("take", 0));
    story.completes(1, Value::Null);
    assert_eq!(story.result(), &Value::from("none left"));
    assert_eq!(story.records_answers(), gave("take", 0), "also where no strand is left");
    assert_eq!(story.result(), &Value::from("none left"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_run_that_fails_answers_what_it_has_let_in() {
    let text = r#"
        on_update("u", |x| { activity("a"); });
        on_update("v", |x| { try { activity("a"); } catch { return "cleaned"; } });
        wait_signal("done");
        fail("no");
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.updates("u", Value::Null);
    story.updates("v", Value::Null);
    story.signal("done", Value::Null);
    assert_eq!(story.failure(), ("failure", "no"));
    let answers = story.records_answers();
    let [(_, UpdateAnswer::Threw(failure)), second] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(failure.kind, "cancelled");
    assert_eq!(second, &gave("v", "cleaned")[0]);
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_run_that_is_taken_back_answers_what_it_has_let_in() {
    let mut story = Story::of("on_update(\"u\", |x| { activity(\"a\"); }); wait_signal(\"done\");");
    story.begin();
    story.updates("u", Value::Null);
    story.abandon("enough");
    let answers = story.records_answers();
    assert!(matches!(answers.as_slice(), [(_, UpdateAnswer::Threw(failure))] if failure.kind == "cancelled"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn an_update_waits_while_a_call_holds_what_validate_reads() {
    let text = r#"
        let list = [1];
        on_update("add", |n| { list.push(n); list.len() }, #{ validate: |n| list.len() < 3 });
        list.drain(|n| { activity("a"); false });
        wait_signal("done");
        list
    "#;
    let mut story = Story::of(text);
    story.begin();
    let held = story.run().held_updates();
    if held.is_empty() {
        // The call works on a copy: nothing is held, and the update is let in at once.
        assert_eq!(story.updates("add", 2.into()), Judged::Accepted);
        return;
    }
    assert_eq!((held, story.updates("add", 2.into())), (vec!["add".to_owned()], Judged::Later));
    story.completes(0, Value::Null);
    assert_eq!(story.updates("add", 2.into()), Judged::Accepted);
    assert_eq!(story.records_answers(), gave("add", 2));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_query_sees_an_update_that_waits_and_not_one_that_would_be_refused() {
    let mut story = Story::of(
        "let n = 0; on_update(\"u\", |x| { n += x; }, #{ validate: |x| x < 9 }); on_query(\"n\", || n); wait_signal(\"d\");",
    );
    story.begin();
    let asked = |story: &mut Story, x: i64| {
        story.message(MessageBody::Update { name: "u".to_owned(), argument: x.into() })
    };
    let inbox = [asked(&mut story, 2), asked(&mut story, 9), asked(&mut story, 3)];
    assert_eq!(story.asks_with("n", &inbox, story.now), Ok(Value::Int(5)));
}

#[test]
fn a_history_with_an_update_does_not_fit_a_script_without_it() {
    let mut story = Story::of("on_update(\"u\", |x| 1); wait_signal(\"d\");");
    story.begin();
    story.updates("u", Value::Null);
    let stuck = story.replayed_under("wait_signal(\"d\");");
    assert!(matches!(&stuck, Told::Stuck(message, _) if message.contains("no on_update")), "{stuck:?}");
    story.records_answers();
    let stuck = story.replayed_under("on_update(\"u\", |x| sleep(1)); wait_signal(\"d\");");
    assert!(matches!(&stuck, Told::Stuck(message, _) if message.contains("has not answered")), "{stuck:?}");
}
