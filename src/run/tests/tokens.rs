//! Tokens: given out, resolved from outside, waited for.

use super::story::{Story, Told};
use super::texts;
use crate::history::{Fact, Resolution, Value, kind};

/// A story up to the wait of a script that has published its token.
fn waiting(text: &str) -> (Story, String) {
    let mut story = Story::of(text);
    story.begin();
    let token = match story.published.first() {
        Some((_, Value::Text(token))) => token.clone(),
        other => panic!("no token: {other:?}"),
    };
    (story, token)
}

#[test]
fn a_resolved_token_gives_its_value_and_a_rejected_one_its_message() {
    let (mut story, token) = waiting("let t = token(); publish(\"t\", t); wait_token(t).sum + 1");
    assert!(token.starts_with("story.") && token.len() == 28, "{token}");
    assert_eq!(story.open(), [format!("0 wait_token \"{token}\"")]);
    story.resolves(&token, Resolution::Resolved(Value::from([("sum", Value::Int(41))])));
    assert_eq!(story.result(), &Value::Int(42));
    assert_eq!(story.replayed(), Told::Same);

    let (mut story, token) = waiting(
        "let t = token(); publish(\"t\", t); try { wait_token(t) } catch (e) { fail(e.kind + \": \" + e.message) }",
    );
    story.resolves(&token, Resolution::Rejected("no stock".into()));
    assert_eq!(story.failure(), (kind::FAILURE, "rejected: no stock"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_resolution_is_kept_until_it_is_waited_for_and_given_to_all_who_wait() {
    let text = r#"
        let t = token();
        publish("t", t);
        let got = [];
        on_signal("go", |n| { got.push(`${n}${wait_token(t)}`); });
        wait_until(|| got.len() == 2);
        [got[0], got[1], wait_token(t)]
    "#;
    let (mut story, token) = waiting(text);
    story.sends("go", 1);
    story.sends("go", 2);
    story.resolves(&token, Resolution::Resolved("x".into()));
    assert_eq!(story.result(), &texts(&["1x", "2x", "x"]), "both handlers, and a wait that comes later");
    assert_eq!(story.replayed(), Told::Same);

    let (mut story, token) = waiting("let t = token(); publish(\"t\", t); sleep(1); wait_token(t)");
    story.resolves(&token, Resolution::Resolved("early".into()));
    story.resolves(&token, Resolution::Resolved("the second one counts for nothing".into()));
    story.fires(0);
    assert_eq!(story.result(), &Value::from("early"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_wait_that_runs_out_gives_otherwise_or_is_a_time_out() {
    let (mut story, token) = waiting(
        "let t = token(); publish(\"t\", t); let a = wait_token(t, #{timeout: 5, otherwise: ()}); [a, wait_token(t, \"5s\")]",
    );
    story.fires(0);
    story.fires(1);
    assert_eq!(story.failure(), (kind::TIMEOUT, "the token was not resolved in time"));
    assert_eq!(story.replayed(), Told::Same);
    let (mut late, again) =
        waiting("let t = token(); publish(\"t\", t); wait_token(t, #{timeout: 5, otherwise: 7})");
    assert_eq!(token, again, "the same run gives the same tokens");
    late.fires(0);
    assert_eq!(late.result(), &Value::Int(7));
}

#[test]
fn tokens_differ_and_those_of_others_are_refused() {
    let (story, _) = waiting("publish(\"t\", token()); publish(\"u\", token()); sleep(1)");
    let [(_, first), (_, second)] = story.published.as_slice() else { panic!("two tokens") };
    assert_ne!(first, second);

    let mut story = Story::of("wait_token(\"story.0123456789abcdefghjkmn\")");
    let message = "\"story.0123456789abcdefghjkmn\" is none of this run's tokens; token() gives one";
    assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).1, message);
    let mut story = Story::of("wait_token(token(), #{otherwize: 1})");
    let message = "there is no option \"otherwize\"; did you mean \"otherwise\"?";
    assert_eq!(story.breaks(Fact::RunBegan { seed: 5 }).1, message);
}

#[test]
fn a_cancel_ends_the_wait_and_a_resolution_of_no_token_changes_nothing() {
    let (mut story, token) = waiting("let t = token(); publish(\"t\", t); wait_token(t)");
    story.resolves("story.other", Resolution::Resolved(Value::Null));
    assert_eq!(story.waits(), [format!("0 wait_token \"{token}\"")]);
    story.cancel("enough");
    assert!(story.end().is_some_and(|end| end.status().word() == "cancelled"));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn a_signal_of_a_tokens_name_resolves_nothing() {
    let (mut story, token) = waiting("let t = token(); publish(\"t\", t); wait_token(t)");
    story.sends(&token, "forged");
    assert_eq!(story.waits(), [format!("0 wait_token \"{token}\"")]);
}
