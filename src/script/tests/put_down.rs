//! Strands that are dropped where they wait: they give up, reach nothing any more, and leave nothing behind.

use super::super::*;
use super::Bare;
use crate::history::Value;
use std::rc::Rc;

/// The strand of a script that has come to its first request, slice or limit, its host, and what it came to.
fn waiting(text: &str) -> (Strand, Rc<Bare>, Rest) {
    let interpreter = Interpreter::new();
    let source = Source { path: "t.rhai".into(), main: text.into(), modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let host = Rc::new(Bare::default());
    let given: Rc<dyn Host> = Rc::<Bare>::clone(&host);
    let mut strand = interpreter.main(&script, given, Meter::new(1_500_000)).expect("a strand");
    let mut reply = Ok(Value::Null);
    loop {
        match strand.resume(reply) {
            // Who has the lock waits inside.
            Rest::Asked(Asked { ask: Ask::Lock { .. }, .. }) => reply = Ok(Value::Int(1)),
            rest => return (strand, host, rest),
        }
    }
}

#[test]
fn whatever_it_stands_in_it_gives_up_and_says_nothing_more() {
    for text in [
        "sleep(1); print(1)",
        "fn deep(n) { if n == 0 { sleep(1); } else { deep(n - 1); } print(n); } deep(20)",
        "try { sleep(1) } catch { print(\"caught\") } print(1)",
        "try { try { sleep(1) } catch (e) { print(e); throw e } } catch { print(\"caught\") }",
        "let found = attempt(|| sleep(1)); print(found.ok)",
        "loop { let found = attempt(|| sleep(1)); print(found.ok) }",
        "[2, 1].map(|n| { sleep(1); print(n); n })",
        "let list = [3, 2, 1]; list.sort(|a, b| { sleep(1); a - b }); print(list)",
        "[1].filter(|n| { sleep(1); true }).for_each(|n| print(n))",
        "with_lock(\"l\", || sleep(1)); print(1)",
        "shielded(|| sleep(1)); print(1)",
        "attempt(|| with_lock(\"l\", || shielded(|| sleep(1)))); print(1)",
        "attempt(|| parallel([1, 2], |n| { sleep(1); print(n) })); print(1)",
        "attempt(|| join_all([strand(|| 1)])); print(1)",
        "attempt(|| select([strand(|| 1)])); print(1)",
        "attempt(|| wait_until(|| false)); print(1)",
        "attempt(|| exec([\"ls\"])); print(1)",
        "attempt(|| start_child(\"child.rhai\")); print(1)",
        // It stands between two operations: its slice is over.
        "let n = 0; while n < 400000 { n += 1; } print(n)",
    ] {
        let (strand, host, rest) = waiting(text);
        assert!(matches!(rest, Rest::Asked(_) | Rest::Sliced), "{text}");
        drop(rest);
        drop(strand);
        assert_eq!(*host.lines.borrow(), [""; 0], "{text}");
        assert_eq!(Rc::strong_count(&host), 1, "nothing of it is left: {text}");
    }
}

#[test]
fn one_over_its_limit_says_nothing_more() {
    let (strand, host, rest) = waiting("let n = 0; while true { n += 1; } print(n)");
    let mut strand = strand;
    let rest = if matches!(rest, Rest::Sliced) { strand.resume(Ok(Value::Null)) } else { rest };
    assert!(matches!(rest, Rest::OverLimit(Limit::Operations)));
    drop(strand);
    assert_eq!(Rc::strong_count(&host), 1);
}

#[test]
fn it_leaves_no_value_in_its_handle() {
    let (main, host, rest) = waiting("strand(|| attempt(|| sleep(1)))");
    let Rest::Asked(Asked { ask: Ask::Strand(start), .. }) = rest else { panic!("no strand") };
    let handle = start.handle.clone();
    let interpreter = Interpreter::new();
    let source = Source { path: "t.rhai".into(), main: "1".into(), modules: [].into() };
    let script = Script::compile(&interpreter, source).expect("compiles");
    let given: Rc<dyn Host> = Rc::<Bare>::clone(&host);
    let mut strand = interpreter.begin(&script, given, Meter::new(50_000), *start).expect("a strand");
    assert!(matches!(strand.resume(Ok(Value::Null)), Rest::Asked(_)));
    drop(strand);
    assert!(handle.value().expect("a value").is_unit());
    drop(main);
    assert_eq!(Rc::strong_count(&host), 1);
}

#[test]
fn another_that_runs_meanwhile_counts_its_own_operations() {
    // The interpreter of the outer one goes on as if nothing had been put down.
    let (inner, host, _) = waiting("try { sleep(1) } catch { print(1) }");
    let (mut outer, _, rest) = waiting("sleep(1); let n = 0; while n < 1000 { n += 1; } n");
    assert!(matches!(rest, Rest::Asked(_)));
    drop(inner);
    assert!(matches!(outer.resume(Ok(Value::Null)), Rest::Ended(Ok(Value::Int(1000)))));
    assert_eq!(*host.lines.borrow(), [""; 0]);
}
