//! Strands under a bare host: what runs, suspends and ends.

mod allowed;
mod closures;
mod limits;
mod put_down;
mod rulings;

use super::*;
use crate::history::{Failure, HowFar, Moment, Value};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Default)]
pub(super) struct Bare {
    lines: RefCell<Vec<String>>,
}

impl Host for Bare {
    fn now(&self) -> Moment {
        Moment(1_000)
    }
    fn random(&self) -> u64 {
        7
    }
    fn log(&self, line: Said) {
        self.lines.borrow_mut().push(line.text);
    }
    fn publish(&self, _: String, _: Value) {}
    fn set_summary(&self, _: String) {}
    fn progress(&self, _: HowFar) {}
    fn on_signal(&self, _: String, _: Closure) {}
    fn on_failure(&self, _handler: Closure) {}
    fn on_query(&self, _: String, _: Closure) {}
    fn input(&self) -> Input {
        Input::new(&Value::from([("n", Value::Int(3))]))
    }
    fn run_facts(&self) -> RunFacts {
        RunFacts {
            id: "r".into(),
            generation: 0,
            started_at: Moment(0),
            cancelled: false,
            answers: Vec::new(),
        }
    }
    fn blocked_lines(&self) -> std::collections::BTreeSet<u32> {
        std::collections::BTreeSet::new()
    }
    fn secret(&self, name: &str) -> String {
        format!("<{name}>")
    }
    fn attempt(&self) -> Option<(u32, String)> {
        None
    }
}

/// What a script logs on its way to its end.
fn logged(text: &str) -> Vec<String> {
    let interpreter = Interpreter::new();
    let source = Source { path: "t.rhai".into(), main: text.into(), modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let host = Rc::new(Bare::default());
    let given = Rc::clone(&host);
    let mut strand = interpreter.main(&script, given, Meter::new(50_000_000)).expect("a strand");
    let mut reply = Ok(Value::Null);
    loop {
        match strand.resume(reply) {
            Rest::Ended(Ok(_)) => return host.lines.take(),
            Rest::Ended(Err(thrown)) => panic!("{thrown:?}"),
            Rest::Asked(_) | Rest::Sliced | Rest::OverLimit(_) => {}
        }
        reply = Ok(Value::from([("stdout", Value::from("a")), ("code", Value::Int(0))]));
    }
}

#[test]
fn times_and_results_are_logged_as_what_they_hold() {
    let lines = logged(
        "log(now()); log([now()]); log(#{ at: now(), n: 1 }); log(exec([\"x\"])); log([\"a\", ()]); log(1.5)",
    );
    let epoch = "1970-01-01T00:00:01.000Z";
    let at_once = [
        epoch,
        &format!("[{epoch}]"),
        &format!("#{{\"at\": {epoch}, \"n\": 1}}"),
        "{\"code\":0,\"stdout\":\"a\"}",
        "[\"a\", ()]",
        "1.5",
    ];
    assert_eq!(lines, at_once);
}

#[test]
fn a_process_that_is_asked_for_wrongly_is_told_how() {
    for (call, told) in [
        (
            "exec(\"ls -l\")",
            "exec takes a program and its arguments, exec([\"ls\", \"-l\"]); a line for the shell is sh(…)",
        ),
        (
            "exec(\"\", #{ retry: 1 })",
            "exec takes a program and its arguments, exec([\"ls\", \"-l\"]); a line for the shell is sh(…)",
        ),
        ("exec([\"ls\"], #{ env: #{ \"A=B\": 1 } })", "env: \"A=B\" is no name of a variable"),
        ("sh(\"ls\", #{ env: #{ \"\": 1 } })", "env: \"\" is no name of a variable"),
    ] {
        let (result, asked) = drive(&format!("attempt(|| {call}).error.message"));
        assert_eq!(result, Ok(told.into()), "{call}");
        assert!(asked.is_empty(), "{call}");
    }
}

#[test]
fn a_value_too_large_for_a_history_is_told_where_it_belongs() {
    let (result, asked) =
        drive("let big = \"x\"; big.pad(1100000, 'x'); attempt(|| activity(\"a\", big)).error.message");
    let told = result.expect("a message").to_string();
    assert!(told.contains("1 MiB") && told.contains("stdout: FILE"), "{told}");
    assert!(asked.is_empty(), "{asked:?}");
}

/// Runs a script to its end; each effect and wait is answered with its name and how often was asked.
pub(super) fn drive(text: &str) -> (Result<Value, Thrown>, Vec<String>) {
    let interpreter = Interpreter::new();
    let source = Source { path: "t.rhai".into(), main: text.into(), modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let host = Rc::new(Bare::default());
    let mut strand = interpreter.main(&script, host, Meter::new(50_000_000)).expect("a strand");
    let mut asked = Vec::new();
    let mut reply: Reply = Ok(Value::Null);
    loop {
        match strand.resume(reply) {
            Rest::Asked(Asked { ask: Ask::Effect(effect), .. }) => {
                asked.push(effect.label.name.clone());
                reply = if effect.label.name == "bad" {
                    Err(Failure::new("activity", "it is bad"))
                } else {
                    Ok(effect.input)
                };
            }
            Rest::Asked(_) => {
                asked.push("wait".into());
                reply = Ok(Value::Null);
            }
            Rest::Sliced => reply = Ok(Value::Null),
            Rest::OverLimit(limit) => panic!("{limit}"),
            Rest::Ended(result) => return (result, asked),
        }
    }
}

#[test]
fn a_script_asks_and_ends_with_its_last_expression() {
    let (result, asked) =
        drive("let a = activity(\"one\", 1); let b = activity(\"two\", input.n); sleep(1); a + b");
    assert_eq!(result, Ok(Value::Int(4)));
    assert_eq!(asked, ["one", "two", "wait"]);
}

#[test]
fn a_failure_can_be_caught_with_kind_and_message() {
    let (result, _) =
        drive("try { activity(\"bad\"); } catch (err) { return err.kind + \": \" + err.message; }");
    assert_eq!(result, Ok("activity: it is bad".into()));
}
