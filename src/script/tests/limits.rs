//! Limits: set explicitly, the same in debug and release, never to be caught by a script.

use super::{Bare, drive};
use crate::history::Value;
use crate::script::{
    CALL_DEPTH, EXPRESSION_DEPTH, Interpreter, Limit, Meter, Reply, Rest, Script, Source, Thrown,
};
use crate::timer::thread_time;
use std::rc::Rc;
use std::time::Duration;

/// Runs a script with so many operations; whether it used them up.
fn runs_out(text: &str, operations: u64) -> bool {
    over(text, operations) == Some(Limit::Operations)
}

/// The limit that a script comes to.
fn over(text: &str, operations: u64) -> Option<Limit> {
    let interpreter = Interpreter::new();
    let source = Source { path: "t.rhai".into(), main: text.into(), modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let mut strand =
        interpreter.main(&script, Rc::new(Bare::default()), Meter::new(operations)).expect("a strand");
    let mut reply: Reply = Ok(Value::Null);
    loop {
        match strand.resume(reply) {
            Rest::OverLimit(limit) => return Some(limit),
            Rest::Sliced | Rest::Asked(_) => reply = Ok(Value::Null),
            Rest::Ended(_) => return None,
        }
    }
}

#[test]
fn ruling_5_the_operations_of_a_stretch_can_not_be_caught() {
    assert!(runs_out("loop {}", 10_000));
    assert!(runs_out("try { loop {} } catch (e) { } loop {}", 10_000));
    assert!(runs_out("[1].map(|x| { loop {} })", 10_000));
    assert!(runs_out("let v = [2, 1]; try { v.sort(|a, b| { loop {} }); } catch (e) { 5 }", 10_000));
    assert!(runs_out("attempt(|| { loop {} })", 10_000));
    assert!(!runs_out("let n = 0; while n < 100 { n += 1; } n", 10_000));
}

#[test]
fn a_script_answers_for_the_memory_that_it_takes_and_for_no_other() {
    assert_eq!(over("let a = blob(40000000); let b = blob(40000000); 1", 10_000), Some(Limit::Memory));
    assert_eq!(over("let a = blob(40000000); a = (); let b = blob(40000000); 1", 10_000), None);
    let interpreter = Interpreter::new();
    let main = "let a = blob(40000000); sleep(1); for n in 0..100000 {} a.len()".into();
    let source = Source { path: "t.rhai".into(), main, modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let mut strand =
        interpreter.main(&script, Rc::new(Bare::default()), Meter::new(10_000_000)).expect("a strand");
    assert!(matches!(strand.resume(Ok(Value::Null)), Rest::Asked(_)));
    let others = vec![1_u8; 100 << 20];
    let end = loop {
        match strand.resume(Ok(Value::Null)) {
            Rest::Sliced => {}
            end => break end,
        }
    };
    assert!(matches!(end, Rest::Ended(Ok(Value::Int(40_000_000)))));
    drop(others);
}

#[test]
fn ruling_7_calls_nest_as_deep_as_said_and_no_deeper() {
    let nest =
        |depth: usize| drive(&format!("fn f(n) {{ if n == 0 {{ 0 }} else {{ f(n - 1) }} }} f({depth})")).0;
    assert_eq!(nest(CALL_DEPTH - 1), Ok(Value::Int(0)));
    match nest(CALL_DEPTH + 1) {
        Err(Thrown::Fault(stuck)) => {
            assert!(stuck.message.contains("nested more than 32 deep"), "{}", stuck.message);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ruling_7_the_worst_legal_recursion_fits_the_stack_of_a_strand() {
    // Each call stands at the deepest place that the parser allows, in blocks, branches, arrays, methods, texts, and all of them mixed.
    let wraps: [&dyn Fn(&str) -> String; 7] = [
        &|inner| format!("{{ {inner} }}"),
        &|inner| format!("if true {{ {inner} }} else {{ 0 }}"),
        &|inner| format!("switch 1 {{ 1 => {inner}, _ => 0 }}"),
        &|inner| format!("[{inner}].map(|x| x)[0]"),
        &|inner| format!("parse_int(`${{{inner}}}`)"),
        &|inner| format!("(0 + ({inner}))"),
        &|inner| format!("[0].map(|zero| zero + {inner})[0]"),
    ];
    let interpreter = Interpreter::new();
    let compiles = |text: &str| {
        let source = Source { path: "t.rhai".into(), main: text.to_owned(), modules: [].into() };
        Script::compile(&interpreter, source).is_ok()
    };
    let function =
        |deep: &str| format!("fn f(n) {{ if n <= 0 {{ 0 }} else {{ {deep} }} }} f({})", CALL_DEPTH * 2);
    // A closure at top level may nest as deep as the top level itself: twice as deep as a function.
    let closure = |deep: &str| {
        let deep = deep.replace("f(n - 1)", "g.call(n - 1, g)");
        format!("let g = |n, g| if n <= 0 {{ 0 }} else {{ {deep} }}; g.call({}, g)", CALL_DEPTH * 2)
    };
    let mut layers = 0;
    let scripts: [&dyn Fn(&str) -> String; 2] = [&function, &closure];
    for script in scripts {
        for first in 0..=wraps.len() {
            let mut deep = "f(n - 1)".to_owned();
            for layer in 0.. {
                // The last round mixes them all.
                let wrap = wraps.get(first).unwrap_or(&wraps[layer % wraps.len()]);
                let deeper = wrap(&deep);
                if !compiles(&script(&deeper)) {
                    break;
                }
                deep = deeper;
                layers += 1;
            }
            drop(drive(&script(&deep)));
        }
    }
    assert!(layers >= 100, "only {layers} layers compile");
    let half = EXPRESSION_DEPTH / 2;
    let sum = format!("{}{}", ["1"].repeat(half).join(" + ("), ")".repeat(half - 1));
    assert_eq!(drive(&sum).0, Ok(Value::Int(32)));
}

#[test]
fn ordinary_data_is_ordinary() {
    let text = r#"
        let rows = [];
        for n in 0..10000 { rows.push(#{ id: n, name: `row ${n}`, price: n * 2, ok: n % 2 == 0, tags: ["a"] }); }
        let kept = rows.filter(|row| row.ok).map(|row| row.price);
        let sum = 0;
        for row in rows { sum += row.price; }
        [kept.len(), sum]
    "#;
    assert_eq!(drive(text).0, Ok(Value::List(vec![Value::Int(5_000), Value::Int(99_990_000)])));
    let texts = "let t = []; for n in 0..500 { let s = \"\"; s.pad(10000, \"x\"); t.push(s); } t.map(|s| s.len()).reduce(|a, b| b + if a == () { 0 } else { a })";
    assert_eq!(drive(texts).0, Ok(Value::Int(5_000_000)));
}

#[test]
fn the_holes_are_closed() {
    for text in ["eval(\"1\")", "exit()", "exit(1)", "timestamp()", "import \"/etc/passwd\" as x;"] {
        let interpreter = Interpreter::new();
        let source = Source { path: "t.rhai".into(), main: text.into(), modules: [].into() };
        let refused = Script::compile(&interpreter, source).is_err();
        assert!(refused || matches!(drive(text).0, Err(Thrown::Fault(_))), "{text}");
    }
}

#[test]
fn one_call_cannot_make_what_no_memory_holds() {
    for text in [
        "blob(100000000000000)",
        "let s = \"x\"; s.pad(100000000000000, \"y\"); s",
        "let s = \"x\"; s.pad(100000000000000, 'y'); s",
        "let v = []; v.pad(100000000000000, 1); v",
        "let b = blob(1); b.pad(100000000000000, 1); b",
    ] {
        match drive(text).0 {
            Err(Thrown::Fault(stuck)) => {
                assert!(stuck.message.contains("64 MiB in one call"), "{text}: {}", stuck.message);
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(drive("let s = \"ab\"; s.pad(5, \"xy\"); s").0, Ok("abxyx".into()));
    assert_eq!(
        drive("let v = [1]; v.pad(3, 0); v").0,
        Ok(Value::List([1, 0, 0].map(|n: i64| Value::Int(n)).to_vec()))
    );
}

#[test]
fn what_is_constant_stays_as_it_is() {
    for text in [
        "const V = [2, 1]; V.sort(|a, b| a - b); V",
        "const V = [1, 1]; V.dedup(|a, b| a == b); V",
        "const V = []; V.pad(3, 0); V",
    ] {
        assert!(matches!(drive(text).0, Err(Thrown::Fault(_))), "{text}");
    }
}

/// What a script comes to that may take so much processor time.
fn hurried(text: &str, time: Duration) -> Option<Limit> {
    let interpreter = Interpreter::new();
    let source = Source { path: "t.rhai".into(), main: text.into(), modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let meter = Meter::new(40_000_000).hurried(time);
    let mut strand = interpreter.main(&script, Rc::new(Bare::default()), meter).expect("a strand");
    loop {
        match strand.resume(Ok(Value::Null)) {
            Rest::OverLimit(limit) => return Some(limit),
            Rest::Sliced | Rest::Asked(_) => {}
            Rest::Ended(_) => return None,
        }
    }
}

/// Few operations that each take long: no count of operations bounds them.
#[test]
fn what_operations_do_not_bound_the_processor_time_does() {
    for text in [
        "let s = \"x\"; s.pad(1000000, \"x\"); loop { s.index_of(\"y\"); }",
        "let s = \"x\"; s.pad(1000000, \"x\"); try { loop { s.replace(\"x\", \"y\"); } } catch (e) { }",
        "let v = []; v.pad(100000, 1); loop { v == v; }",
        "let v = []; v.pad(100000, 1); loop { v.sort(); }",
        "let v = []; v.pad(100000, 1); [1].map(|x| loop { let w = v; })",
    ] {
        let before = thread_time();
        assert_eq!(hurried(text, Duration::from_millis(300)), Some(Limit::Time), "{text}");
        let spent = thread_time().saturating_sub(before);
        assert!(spent < Duration::from_secs(20), "{text} took {spent:?}");
    }
    assert_eq!(hurried("let n = 0; while n < 1000 { n += 1; }", Duration::from_mins(1)), None);
}

/// The engine shows, compares, copies and drops values recursively: those nested thousands deep would end the process.
#[test]
fn values_nest_so_deep_and_no_deeper() {
    for text in [
        "let a = []; loop { a = [a]; }",
        "let a = []; try { loop { a = [1, a, 2]; } } catch (e) { }",
        "let m = #{}; loop { m.x = m; }",
        "let m = #{ a: 1, z: 2 }; loop { m = #{ a: 1, m: m, z: 3 }; }",
        "let a = [0]; loop { a.push([a.pop()]); }",
        "let a = []; loop { let b = []; b.push(a); a = b; }",
        "let a = []; let f = |x| [x]; loop { a = f.call(a); }",
        "let a = [0]; let deepen = || { a = [a]; }; loop { deepen.call(); }",
        "let f = |x| x; loop { let g = |x| x; f = g.curry(f); }",
        "let a = []; for i in 0..90000 { a = [a]; } print(a)",
    ] {
        assert_eq!(hurried(text, Duration::from_mins(1)), Some(Limit::Depth), "{text}");
    }
    for text in [
        "let a = []; for i in 0..900 { a = [a]; } print(a); a == a",
        "let m = #{}; for i in 0..900 { m = #{ m: m }; } `${m}`; m == m",
        "let v = []; for i in 0..5000 { v.push([[[i]]]); } v.len()",
        "let f = 0; f = |n| if n == 0 { 1 } else { n * f.call(n - 1) }; for i in 0..200 { f.call(10); }",
    ] {
        assert_eq!(hurried(text, Duration::from_mins(1)), None, "{text}");
    }
}
