//! A command inside a closure-taking method suspends, resumes, and its failure is never swallowed.

use super::drive;
use crate::history::{Failure, Value};
use crate::script::Thrown;

/// Each place: a script whose closures ask for `activity("a", x)` (answered with its input) or `activity("bad")` (a failure).
const PLACES: &[(&str, &str, &str)] = &[
    ("map", "let v = [1, 2, 3]; v.map(|x| activity(NAME, x) * 2)", "[2,4,6]"),
    ("filter", "let v = [1, 2, 3]; v.filter(|x| activity(NAME, x) > 1)", "[2,3]"),
    (
        "reduce",
        "let v = [1, 2, 3]; v.reduce(|sum, x| activity(NAME, x) + if sum == () { 0 } else { sum })",
        "6",
    ),
    ("for_each", "let v = [1, 2, 3]; v.for_each(|| this = activity(NAME, this) + 1); v", "[2,3,4]"),
    ("sort", "let v = [2, 3, 1]; v.sort(|x, y| activity(NAME, x) - activity(NAME, y)); v", "[1,2,3]"),
    ("sort_by", "let v = [2, 3, 1]; v.sort_by(|x, y| activity(NAME, x) - activity(NAME, y)); v", "[1,2,3]"),
    ("order", "let v = [2, 3, 1]; v.order(|x, y| activity(NAME, x) - activity(NAME, y))", "[1,2,3]"),
    ("sort by bool", "let v = [2, 3, 1]; v.sort(|x, y| activity(NAME, x) < activity(NAME, y)); v", "[1,2,3]"),
    ("find", "let v = [1, 2, 3]; v.find(|x| activity(NAME, x) == 2)", "2"),
    ("some", "let v = [1, 2, 3]; v.some(|x| activity(NAME, x) == 2)", "true"),
    ("all", "let v = [1, 2, 3]; v.all(|x| activity(NAME, x) < 9)", "true"),
    ("retain", "let v = [1, 2, 3]; let gone = v.retain(|x| activity(NAME, x) > 1); [v, gone]", "[[2,3],[1]]"),
    ("drain", "let v = [1, 2, 3]; let gone = v.drain(|x| activity(NAME, x) > 1); [v, gone]", "[[1],[2,3]]"),
    ("dedup", "let v = [1, 1, 2]; v.dedup(|x, y| activity(NAME, x) == activity(NAME, y)); v", "[1,2]"),
    ("map filter", "let m = #{a: 1, b: 2}; m.filter(|key| activity(NAME, key) == \"b\").keys()", "[\"b\"]"),
    ("nested closure", "let f = |x| { let g = |y| activity(NAME, y); g.call(x) + 1 }; f.call(4)", "5"),
    ("try block", "let r = 0; try { r = activity(NAME, 7); } catch (e) { throw e; } r", "7"),
    ("function", "fn f(x) { activity(NAME, x) } [1].map(|x| f(x))", "[1]"),
    ("chain", "let m = #{list: [1, 2]}; m.list.map(|x| activity(NAME, x)).filter(|x| x > 1)", "[2]"),
    ("index", "let v = [[1, 2]]; v[0].map(|x| activity(NAME, x))", "[1,2]"),
    ("attempt", "let r = attempt(|| activity(NAME, 7)); if r.ok { r.value } else { throw r.error }", "7"),
];

#[test]
fn a_command_suspends_and_resumes_in_every_place() {
    for (place, script, expected) in PLACES {
        let (result, asked) = drive(&script.replace("NAME", "\"a\""));
        assert_eq!(result.map(|value| value.to_string()).as_deref(), Ok(*expected), "{place}");
        assert!(!asked.is_empty(), "{place}");
    }
}

#[test]
fn a_failure_leaves_every_place() {
    for (place, script, _) in PLACES {
        let (result, asked) = drive(&script.replace("NAME", "\"bad\""));
        match result {
            Err(Thrown::Failure(Failure { kind, message, .. })) => {
                assert_eq!((kind.as_str(), message.as_str()), ("activity", "it is bad"), "{place}");
            }
            other => panic!("{place}: {other:?}"),
        }
        assert_eq!(asked.len(), 1, "{place}: nothing goes on after the failure");
    }
}

#[test]
fn a_failure_can_be_caught_around_every_place_and_the_variable_is_as_before() {
    for (place, script, _) in PLACES {
        let script = script.replace("NAME", "\"bad\"");
        let caught =
            format!("let caught = (); try {{ {script}; }} catch (err) {{ caught = err.kind; }} caught");
        // A function may not be defined inside a block.
        if script.contains("fn ") {
            continue;
        }
        assert_eq!(drive(&caught).0, Ok(Value::from("activity")), "{place}");
    }
    let (result, _) = drive("let v = [2, 1]; try { v.sort(|x, y| activity(\"bad\")); } catch (e) {} v");
    assert_eq!(result.map(|value| value.to_string()).as_deref(), Ok("[2,1]"));
}

#[test]
fn the_methods_do_what_the_engines_own_do() {
    let scripts = [
        "let v = [3, 1, 2]; v.sort(|a, b| a - b); v",
        "let v = [3, 1, 2]; v.sort(|a, b| b - a); v",
        "let v = [\"b\", \"a\"]; v.sort(|a, b| if a > b { 1 } else { -1 }); v",
        "let v = [1, 2, 3, 4]; v.retain(|x| x % 2 == 0); v",
        "let v = [1, 2, 3, 4]; v.drain(|x| x % 2 == 0)",
        "let v = [1, 2, 3, 4]; let d = v.drain(1..3); [v, d]",
        "let m = #{a: 1, b: 2}; m.retain(|k, v| v > 1); m",
        "let v = [1, 1, 2, 2, 1]; v.dedup(|a, b| a == b); v",
        "let v = [1, 2]; v.for_each(|| this *= 3); v",
        "let v = [[2, 1]]; v[0].sort(|a, b| a - b); v",
        "let v = [1, 2, 3]; v.map(|x| x + v.len())",
        "let v = [5, 6]; let i = 1; v[i]",
        "let a = #{b: [1, 2]}; a.b.filter(|x| x > 1).map(|x| x * 2)",
    ];
    let expected = [
        "[1,2,3]",
        "[3,2,1]",
        "[\"a\",\"b\"]",
        "[2,4]",
        "[2,4]",
        "[[1,4],[2,3]]",
        "{\"b\":2}",
        "[1,2,1]",
        "[3,6]",
        "[[1,2]]",
        "[4,5,6]",
        "6",
        "[4]",
    ];
    for (script, expected) in scripts.iter().zip(expected) {
        assert_eq!(drive(script).0.map(|value| value.to_string()).as_deref(), Ok(expected), "{script}");
    }
}
