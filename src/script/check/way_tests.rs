//! What each run comes to, and what only some do.

use super::*;
use crate::script::tests::drive;
use std::collections::BTreeMap;

/// The messages of what is found, those that are certain apart from the others.
fn told(main: &str) -> (Vec<String>, Vec<String>) {
    let modules = BTreeMap::from([("lib".to_owned(), "fn greet(name) { slep(name) }".to_owned())]);
    let modules = if main.contains("import") { modules } else { BTreeMap::new() };
    let source = Source { path: "a.rhai".to_owned(), main: main.to_owned(), modules };
    let found = check(&Interpreter::new(), &source, &|_| Backing::No).expect("a script");
    let errors = found.into_iter().filter(|finding| finding.rule.is_error());
    let (certain, other): (Vec<Finding>, Vec<Finding>) = errors.partition(|finding| finding.is_certain);
    let messages = |all: Vec<Finding>| all.into_iter().map(|finding| finding.message).collect();
    (messages(certain), messages(other))
}

#[track_caller]
fn certain(main: &str) {
    let (certain, _) = told(main);
    assert_eq!(certain.len(), 1, "{main}: {certain:?}");
}

#[track_caller]
fn perhaps(main: &str) {
    let (certain, other) = told(main);
    assert_eq!(certain, [""; 0], "{main}");
    assert!(!other.is_empty(), "{main}: nothing is found at all");
}

/// One place of each rule that leaves a run stuck.
const STICKING: &[&str] = &[
    "slep(1)",
    "sleep(1, 2)",
    "print(amuont)",
    "wait_signal(\"a\", #{timeuot: \"1s\"})",
    "step(\"s\", || sleep(1))",
    "step(\"s\", || patched(\"a\"))",
    "sleep(\"1 moth\")",
    "activity(\"x\", 1, #{retry: true})",
    "exec(\"ls -l\")",
    "timestamp()",
    "exec([\"a\"]).stdot",
    "log(\"wran\", \"a\")",
    "today(\"Europe/Berln\")",
];

#[test]
fn each_rule_is_certain_on_the_straight_line_and_nowhere_that_a_run_may_pass_by() {
    for text in STICKING {
        certain(text);
        certain(&format!("print(1); {text}; print(2);"));
        certain(&format!("fn f() {{ {text}; }} f()"));
        perhaps(&format!("if input.a {{ {text}; }}"));
        perhaps(&format!("try {{ {text}; }} catch (e) {{ print(e); }}"));
        perhaps(&format!("try {{ sleep(1); }} catch (e) {{ {text}; }}"));
        perhaps(&format!("fn f() {{ {text}; }}"));
        perhaps(&format!("for n in input.all {{ {text}; }}"));
        perhaps(&format!("while input.a {{ {text}; }}"));
        perhaps(&format!("fn f() {{ {text}; }} on_signal(\"a\", |_d| f());"));
        perhaps(&format!("fn f() {{ {text}; }} on_failure(|_e| {{ f(); }});"));
        perhaps(&format!("fn f() {{ {text}; }} let g = || f(); parallel([1], |_n| f());"));
        perhaps(&format!("switch input.a {{ 1 => {{ {text}; }} }}"));
    }
}

#[test]
fn what_is_certain_is_what_the_engine_does_not_get_past() {
    for text in STICKING.iter().filter(|text| !text.starts_with("step") && !text.starts_with("exec([")) {
        let (ended, asked) = drive(&format!("{text}; 5"));
        assert!(ended.is_err() && asked.is_empty(), "{text}: {ended:?} {asked:?}");
    }
    // A closure takes what it captures when it is made.
    for text in ["let f = || amuont;", "on_signal(\"a\", |_d| print(amuont));"] {
        certain(text);
        assert!(drive(text).0.is_err(), "{text}");
    }
}

#[test]
fn what_a_file_or_a_configuration_may_mend_is_not_certain() {
    perhaps("activity(\"chrage\")");
    perhaps("params(#{host: ()}); input.hots");
    perhaps("import \"lib\" as l; l::greet(1)");
    perhaps("import \"lib\" as l; l::gret(1)");
    perhaps("input.x.frobnicate(2)");
}

#[test]
fn what_is_done_at_once_is_certain() {
    certain("step(\"s\", || slep(1))");
    certain("step(\"s\", #{retry: 3}, || slep(1))");
    certain("fn own(x) { slep(x) } activity(\"own\", 1)");
    certain("with_lock(\"l\", || slep(1))");
    certain("shielded(|| slep(1))");
    certain("fn g() { slep(1) } fn f() { step(\"s\", || g()) } f()");
    certain("fn f() { slep(1) } if input.a { f() } f()");
    certain("loop { slep(1); if input.a { break } }");
    certain("do { slep(1) } while input.a");
    certain("if slep(1) { }");
    certain("let x = input.a || input.b; let y = `${slep(1)}`; [#{a: 1}]");
    certain("let all = []; all.push(slep(1))");
    certain("for n in 0..3 { print(n) } slep(1)");
    certain("for n in 0..3 { if n == 1 { continue; } if n == 2 { break; } } slep(1)");
    certain("if input.a { throw \"no\" } slep(1)");
    certain("if !input.a { fail(\"no\") } slep(1)");
    certain("fn f() { if input.a { return 1; } 2 } f(); slep(1)");
    certain("strand(|| { loop { wait_signal(\"a\"); } }); slep(1)");
    certain("try { throw 1 } catch { } slep(1)");
}

#[test]
fn what_something_else_may_stand_for_or_come_before_is_not() {
    perhaps("step(\"s\", #{once: \"k\"}, || slep(1))");
    perhaps("let o = #{}; step(\"s\", o, || slep(1))");
    perhaps("with_lock(\"l\", #{timeout: \"1s\"}, || slep(1))");
    perhaps("if input.a { return } slep(1)");
    perhaps("if input.a { restart_with(1) } slep(1)");
    perhaps("fn again() { restart_with(1) } if input.a { again() } slep(1)");
    perhaps("fail(\"always\"); slep(1)");
    perhaps("fn die() { throw \"always\" } die(); slep(1)");
    perhaps("step(\"s\", || throw \"always\"); slep(1)");
    perhaps("loop { wait_signal(\"a\"); if input.a { break } } slep(1)");
    perhaps("fn serve() { loop { wait_signal(\"a\"); } } if input.a { serve() } slep(1)");
    perhaps("loop { if input.a { break } slep(1) }");
    perhaps("loop { if input.a { continue } slep(1) }");
    perhaps("do { if input.a { break } sleep(1) } while slep(1)");
    perhaps("input.a && slep(1)");
    perhaps("input.a ?? slep(1)");
    perhaps("let m = input.a; m?.push(slep(1))");
    perhaps("let m = input.a; m.b?.push(slep(1))");
    perhaps("let r = exec([\"a\"]); r.stdot = 1;");
    perhaps("fn f(a) { slep(1) } fn f(a, b) { a } f(1, 2)");
    perhaps("wait_until(|| slep(1))");
    perhaps("fn sleep(a, b) { slep(1) } sleep(5)");
    perhaps("strand(|| { if input.a { restart_with(1) } }); slep(1)");
}
