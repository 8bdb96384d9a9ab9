//! Inputs without which each run is stuck, by a script that needs one, and how that run ends without it.

use super::*;
use crate::script::host::Thrown;
use crate::script::tests::drive;
use std::collections::BTreeMap;

fn needed(main: &str) -> Vec<(String, u32)> {
    let source = Source { path: "a.rhai".to_owned(), main: main.to_owned(), modules: BTreeMap::new() };
    let needs = needs(&Interpreter::new(), &source).expect("a script");
    needs.into_iter().map(|need| (need.name, need.line)).collect()
}

#[test]
fn an_input_that_is_used_as_something_is_needed() {
    for main in [
        "let n = input.orders.len();",
        "for order in input.orders { print(order) }",
        "let a = input.orders.first.id;",
        "let a = input.orders[0];",
        "let a = input.orders[\"b\"].c;",
        "step(\"s\", || 1); `${input.orders.to_upper()}`",
        "fn all() { input.orders.keys() } all()",
        "if input.orders.is_empty() { 1 } else { 2 }",
        "loop { let n = input.orders.len(); break; }",
        "let found = input.orders.trim() ?? 1;",
    ] {
        assert_eq!(needed(main), [("orders".to_owned(), 1)], "{main}");
        // Each such run is stuck indeed.
        let (without, _) = drive(main);
        assert!(matches!(without, Err(Thrown::Fault(_))), "{main}: {without:?}");
    }
}

#[test]
fn what_need_not_be_come_to_or_may_be_nothing_is_not_needed() {
    for main in [
        "let a = input.orders;",
        "let a = input.orders ?? [];",
        "for order in input.orders ?? [] { }",
        "let n = (input.orders ?? []).len();",
        "let n = input.orders?.len();",
        "let n = input?.orders.len();",
        "let n = input.orders?.first.id;",
        "let n = input.orders?[0];",
        "if \"orders\" in input { input.orders.len() }",
        "if input.orders != () { input.orders.len() }",
        "if input.contains(\"orders\") && input.orders.len() > 0 { 1 }",
        "try { input.orders.len() } catch { 0 }",
        "attempt(|| input.orders.len())",
        "if input.dry { return; } input.orders.len()",
        "fail(\"no\"); input.orders.len()",
        "let input = #{ orders: [] }; input.orders.len()",
        "fn of(input) { input.orders.len() } of(#{ orders: [] })",
        "fn unused() { input.orders.len() }",
        "fn len() { 7 } input.orders.len()",
        "input.orders.type_of()",
        "input.orders.to_string()",
        "input.keys().len()",
        "input.len()",
        "let m = #{}; m.orders.len()",
        "print(input.orders + \"x\")",
        "params(#{ orders: [] }); input.orders.len()",
        // What a closure calls so may be its own.
        "step(\"s\", |input| input.orders.len())",
        "wait_until(|| input.orders.len() > 0)",
        "switch input.kind { \"a\" => input.orders.len(), _ => 0 }",
        "while input.more == true { input.orders.len(); }",
    ] {
        assert_eq!(needed(main), [], "{main}");
    }
}

#[test]
fn no_method_that_is_taken_for_one_of_something_is_one_of_nothing() {
    let interpreter = Interpreter::new();
    let engine = interpreter.engine();
    for method in super::inputs::OF_SOMETHING {
        for arguments in ["", "\"x\"", "\"x\", \"y\"", "|x| x"] {
            let text = format!("let nothing = (); nothing.{method}({arguments})");
            assert!(engine.eval::<rhai::Dynamic>(&text).is_err(), "{text}");
        }
    }
}
