//! Questions: answered by a person, told to somebody beside the wait.

use super::story::{Story, Told};
use super::texts;
use crate::history::{Fact, Failure, Resolution, Value, kind};

#[test]
fn a_question_waits_for_one_of_its_choices_and_the_answers_are_kept() {
    let text = r#"
        let a = ask("Raise the budget?", #{ choices: ["yes", "later"], show: #{ sum: 7 } });
        let b = ask("Sure?");
        let first = run.answers[0];
        [a, b, first.question, first.choice, first.who, first.note, `${run.answers.len()}`, `${first.at < now()}`]
    "#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.open(), ["0 ask \"Raise the budget?\""]);
    assert_eq!(story.shows(0), r#"{"choices":["yes","later"],"show":{"sum":7}}"#);
    story.answers(0, "no");
    assert_eq!(story.open(), ["0 ask \"Raise the budget?\""], "no choice of this question");
    assert_eq!(story.logs, ["\"no\" is no answer to: Raise the budget?"]);
    story.answers(0, "later");
    story.answers(0, "yes");
    assert_eq!(story.open(), ["1 ask \"Sure?\""], "the first answer counts");
    story.answers(1, "no");
    let expected = ["later", "no", "Raise the budget?", "later", "ada", "fine", "2", "true"];
    assert_eq!(story.result(), &texts(&expected));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_question_with_a_name_goes_by_it_and_shows_its_text() {
    let text = r#"ask("Raise the budget?", #{ name: "budget" }) + run.answers[0].question"#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.open(), ["0 ask \"budget\""]);
    assert_eq!(story.shows(0), r#"{"choices":["yes","no"],"question":"Raise the budget?","show":null}"#);
    story.answers(0, "yes");
    assert_eq!(story.result(), &Value::from("yesRaise the budget?"));
    assert_eq!(story.replayed(), Told::Same);
    let mut story =
        Story::of("let kind = 0; try { ask(\"a?\", #{ name: \" \" }) } catch (e) { kind = e.kind; } kind");
    story.begin();
    assert_eq!(story.result(), &Value::from(kind::BAD_OPTION));
}

#[test]
fn a_question_that_nobody_answers_gives_otherwise_or_is_a_time_out() {
    let mut story =
        Story::of("ask(\"a?\", #{ timeout: \"2 days\", otherwise: \"no\" }) + ask(\"b?\", #{ timeout: 5 })");
    story.begin();
    story.fires(0);
    story.fires(1);
    assert_eq!(story.failure(), (kind::TIMEOUT, "nobody answered: b?"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn the_reader_is_told_beside_the_question_and_again_until_it_is_answered() {
    let text = r#"let a = ask("Go?", #{ notify: ["mail", "ada"], remind: "1h" }); sleep(1); a"#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.open(), ["0 ask \"Go?\"", "1 exec \"mail\"", "2 remind"], "open while the mail is sent");
    story.completes(1, Value::Null);
    story.fires(2);
    assert_eq!(story.open(), ["0 ask \"Go?\"", "3 exec \"mail\"", "4 remind"]);
    story.fires(4);
    assert_eq!(
        story.open(),
        ["0 ask \"Go?\"", "3 exec \"mail\"", "5 remind"],
        "a mail under way is not repeated"
    );
    story.fails(3, Failure::new(kind::EXEC, "no route"));
    assert_eq!(story.logs, ["the question could not be notified: no route"]);
    story.fires(5);
    assert_eq!(story.open(), ["0 ask \"Go?\"", "6 exec \"mail\"", "7 remind"]);
    story.answers(0, "yes");
    assert_eq!(story.open(), ["8 sleep"], "mail and reminder go with the question");
    story.fires(8);
    assert_eq!(story.result(), &Value::from("yes"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn what_stands_beside_a_question_goes_with_its_time_out_and_with_a_cancel() {
    let text = "try { ask(\"Go?\", #{ timeout: \"2h\", remind: \"1h\" }) } catch { sleep(1); }";
    let mut story = Story::of(text);
    story.begin();
    story.fires(1);
    assert_eq!(
        story.logs,
        ["still waits for an answer: Go?"],
        "without notify a reminder is a line of the log"
    );
    story.fires(0);
    assert_eq!(story.open(), ["3 sleep"]);
    assert_eq!(story.replayed(), Told::Same);

    let mut story = Story::of(text);
    story.begin();
    story.cancel("enough");
    assert_eq!(story.waits(), ["2 sleep"]);
    story.answers(0, "yes");
    assert_eq!(story.waits(), ["2 sleep"], "an answer that comes too late is dropped");
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn two_questions_are_open_at_once_and_each_has_its_answer() {
    let text = r#"
        let got = [];
        on_signal("q", |n| { got.push(ask(`Question ${n}?`, #{ remind: "1h" }) + n); });
        wait_until(|| got.len() == 2);
        got
    "#;
    let mut story = Story::of(text);
    story.begin();
    story.sends("q", "1");
    story.sends("q", "2");
    assert_eq!(story.open().len(), 5);
    story.answers(3, "no");
    assert_eq!(story.open(), ["0 wait_until", "1 ask \"Question 1?\"", "2 remind"]);
    story.answers(1, "yes");
    assert_eq!(story.result(), &texts(&["no2", "yes1"]));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_question_that_is_none_is_told() {
    for (call, message) in [
        ("ask(\" \")", "a question has 1 to 500 characters; what is longer goes into show"),
        ("ask(\"a?\", #{ choises: [\"x\"] })", "there is no option \"choises\"; did you mean \"choices\"?"),
        ("ask(\"a?\", #{ choices: [] })", "choices is an array of texts, one at least, none of them empty"),
        ("ask(\"a?\", #{ choices: [\"x\", \"x \"] })", "choices names the same choice twice"),
        ("ask(\"a?\", #{ remind: 0 })", "remind must be longer than nothing"),
        (
            "ask(\"a?\", #{ notify: \"https://chat/hook\" })",
            "notify is a command; for a URL: notify: [\"curl\", \"-fsS\", \"--data-binary\", \"@-\", \"https://chat/hook\"]",
        ),
        (
            "ask(\"a?\", #{ notify: \"mail\" })",
            "notify is a command: notify: [\"mail\", \"-s\", \"a question\", \"ada@example.org\"], not text",
        ),
    ] {
        let mut story = Story::of(call);
        assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).1, message);
    }
}

#[test]
fn a_question_of_a_strand_that_is_cancelled_or_that_nobody_waits_for_goes_with_all_beside_it() {
    let text = r#"
        let asker = strand(|| ask("Go?", #{ remind: "1h", notify: ["mail"] }));
        sleep(1);
        asker.cancel();
        sleep(5);
        "on"
    "#;
    let mut story = Story::of(text);
    story.begin();
    assert_eq!(story.open(), ["0 sleep", "1 ask \"Go?\"", "2 exec \"mail\"", "3 remind"]);
    story.fires(0);
    assert_eq!(story.open(), ["4 sleep"]);
    story.answers(1, "yes");
    story.fires(4);
    assert_eq!(story.result(), &Value::from("on"));
    assert_eq!(story.replayed(), Told::Same);

    let mut story = Story::of("strand(|| ask(\"Go?\", #{ remind: \"1h\" })); sleep(1); \"end\"");
    story.begin();
    story.fires(0);
    assert_eq!(
        story.result(),
        &Value::from("end"),
        "strands that nobody joins are shed, and their questions"
    );
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn the_first_of_a_person_and_a_token_wins() {
    let text = r#"
        let t = token();
        publish("t", t);
        let asked = strand(|| ask("Go?"));
        let called = strand(|| wait_token(t));
        let first = select([asked, called]);
        [`${first.index}`, `${first.value}`]
    "#;
    let mut story = Story::of(text);
    story.begin();
    let token = story.published[0].1.as_text().expect("a token").to_owned();
    story.resolves(&token, Resolution::Resolved("by machine".into()));
    assert_eq!(story.result(), &texts(&["1", "by machine"]));
    assert_eq!(story.replayed(), Told::Same);
}
