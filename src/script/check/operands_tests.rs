//! What operators, conditions, methods and fields are given: what is told, what is not known, and that the language says the same.

use super::certain::fit;
use super::tests::{finds, fine};
use crate::script::tests::drive;

const KINDS: &[(&str, &str, &str)] = &[
    ("\"5\"", "String", "text"),
    ("5", "int", "a whole number"),
    ("1.5", "float", "a number"),
    ("true", "bool", "true or false"),
    ("()", "()", "()"),
    ("[1]", "Array", "a list"),
    ("#{ a: 1 }", "Map", "a map"),
];

#[test]
fn what_is_calculated_with_is_what_the_language_calculates_with() {
    for (one, of_one, word_one) in KINDS {
        for (other, of_other, word_other) in KINDS {
            for operator in ["+", "-", "*", "/", "%", "**"] {
                let script = format!("let one = {one}; let other = {other}; one {operator} other");
                let runs = drive(&script).0.is_ok();
                assert_eq!(runs, fit(operator, of_one, of_other), "{script}");
                if runs {
                    fine(&script);
                } else {
                    let column = script.rfind(&format!(" {operator} other")).expect("it") + 2;
                    let told = format!(
                        "Operand (1, {column}) '{operator}' does not take {word_one} and {word_other}"
                    );
                    finds(&script, &told);
                }
            }
        }
    }
}

#[test]
fn text_that_is_certainly_text_is_calculated_with_and_compared() {
    for (text, column) in [
        ("params(#{ amount: \"5\" }); input.amount - 1", 40),
        ("let p = params(#{ amount: \"5\" }); p.amount * 2", 44),
        ("let a = \"5\"; let b = a; `${b}` / 2", 32),
        ("\"5\".to_upper() - 1", 16),
        ("let r = sh(\"nproc\"); r.stdout - 1", 31),
        ("sh(\"nproc\").stdout.to_lower() * 2", 31),
    ] {
        let operator = text.get(column - 1..column).expect("it");
        finds(text, &format!("Operand (1, {column}) '{operator}' does not take text and a whole number"));
    }
    for (text, place, shown, what) in [
        ("\"5\" < 3", "(1, 5)", "\"5\"", "< is always false"),
        ("params(#{ n: \"5\" }); if 7.5 >= input.n { 1 }", "(1, 29)", "n", ">= is always false"),
        ("let a = \"5\"; a != 3", "(1, 16)", "'a'", "!= is always true"),
        ("let r = sh(\"nproc\"); let most = 4; r.stdout > most", "(1, 45)", "stdout", "> is always false"),
    ] {
        finds(text, &format!("TextAsNumber {place} {shown} is text, and beside a number {what}"));
    }
}

#[test]
fn what_may_be_another_kind_is_not_told_of() {
    for text in [
        "input.amount - 1",
        "params(#{ amount: () }); input.amount - 1",
        "params(#{ amount: 5 }); input.amount - 1; input.other",
        "let a = \"5\"; a = 5; a - 1",
        "let a = \"5\"; if input.b { a = parse_int(a); } a - 1",
        "fn f(input) { input.amount - 1 } params(#{ amount: \"5\" }); f(#{ amount: 5 })",
        "let p = params(#{ amount: \"5\" }); p.amount = parse_int(p.amount); p.amount - 1",
        "let p = params(#{ amount: \"5\" }); p = #{ amount: 5 }; p.amount - 1",
        "let n = \"a\"; for (x, n) in [1] { n - 1 + x }",
        "let e = \"a\"; try { sleep(1); } catch (e) { e - 1 } 1",
        "fn to_number() { this = 5; } let a = \"5\"; a.to_number(); a - 1",
        "fn f(a) { a - 1 } let a = \"5\"; f(5)",
        "now() + \"1h\"; now() - \"1h\"; \"at \" + now()",
        "\"a\" + 1; 1 + \"a\"; [1] + [2]; #{} + #{ a: 1 }; \"a\" < \"b\"; \"a\" == input.a",
        "let s = \"a\"; s += 1; s",
        "let r = sh(\"a\", #{ ok_codes: [0, 4] }); r.code > 3; r.lines.len() - 1; r.json - 1",
        "fn sh(x) { #{ stdout: 5 } } sh(1).stdout - 1",
        "let a = [\"5\"]; a[0] - 1; a[0].b - 1; #{ a: \"x\" }.a - 1",
        "let x = 1; loop { x += 1; if x > 3 { break; } }",
        "let ok = \"a\" == \"b\"; if ok || !ok { 1 } if input.a { 1 } while input.a { break; }",
    ] {
        let told: Vec<String> =
            super::tests::told(text).into_iter().filter(|told| !told.starts_with("Input")).collect();
        assert_eq!(told, [""; 0], "{text}");
    }
}

#[test]
fn conditions_of_another_kind() {
    for (text, column, word) in [
        ("let a = \"x\"; if a { 1 }", 17, "text"),
        ("let n = 5; while n { n }", 18, "a whole number"),
        ("let r = sh(\"ls\"); if !r { 1 }", 23, "the result of a process"),
        ("params(#{ all: [] }); if input.b && input.all { 1 }", 37, "a list"),
        ("let f = || true; if f { 1 }", 21, "a closure"),
        ("if #{}.len() { 1 }", 4, "a whole number"),
    ] {
        let told = super::tests::told(text);
        let wanted = format!("Operand (1, {column}) a condition is true or false, and this is {word}");
        assert!(told.contains(&wanted), "{text}: {told:?}");
        let script = text.replace("input.b", "true").replace("sh(\"ls\")", "5");
        assert!(drive(&script).0.is_err(), "{script}");
    }
}

#[test]
fn methods_and_fields_that_there_are_not_for_what_they_are_called_on() {
    for (text, told) in [
        ("\"5\".to_int()", "Function (1, 5) there is no method to_int for text"),
        ("let t = \"a\"; t.push(\"b\")", "Function (1, 16) there is no method push for text"),
        ("sh(\"ls\").to_upper()", "Function (1, 10) there is no method to_upper for the result of a process"),
        ("sh(\"ls\").stdout.to_float()", "Function (1, 17) there is no method to_float for text"),
        ("sh(\"ls\").lines.to_upper()", "Function (1, 16) there is no method to_upper for a list"),
        ("params(#{ a: [1] }); input.a.trim();", "Function (1, 30) there is no method trim for a list"),
        ("(5).len()", "Function (1, 5) there is no method len for a whole number"),
        ("\"a,b\".split(\",\").split(\",\")", "Value (1, 24) split takes a whole number here, not text"),
        ("[1].append(2)", "Value (1, 12) append takes a list here, not a whole number"),
        ("[1].map(1)", "Value (1, 9) map takes a closure here, not a whole number"),
        ("\"abc\".contains(1)", "Value (1, 16) contains takes a character or text here, not a whole number"),
        ("\"abc\".length", "Field (1, 7) text has no field length"),
        ("let a = [1]; a.map(|x| x).length", "Field (1, 27) a list has no field length"),
        ("params(#{ n: 5 }); input.n.to_string", "Field (1, 28) a whole number has no field to_string"),
    ] {
        finds(text, told);
        if !text.contains("sh(") && !text.contains("params") {
            assert!(drive(text).0.is_err(), "{text}");
        }
    }
    for text in [
        "5.0.to_int(); (5).to_float(); \"abc\".append(1); \"abc\".len; [1].len; \"abc\".len()",
        "fn push(x) { this + x } \"a\".push(\"b\")",
        "let m = #{ push: |x| x }; m.push(1); m.length",
        "let m = #{}; m.anything.length; input.a.to_int(); input.a.length",
        "let a = [#{ name: 1 }]; a[0].name; a[0].name.first; run.answers[0].who",
        "[1].map(\"f\"); [1].append([2]); [1].push([2]); [1].filter(|x| x > 1).map(|x| x).len",
        "let r = sh(\"ls\"); r.json.length; r.contains(\"code\"); r.lines.len; r.stdout.len",
        "let x = \"a\"; x = [1]; x.push(2)",
        "let n = 5; n.max(3); n.is_odd; (2.5).floor; now().unix_ms; \"a\".chars().len",
    ] {
        let told: Vec<String> = super::tests::told(text)
            .into_iter()
            .filter(|told| {
                told.contains("there is no method") && told.contains(" for ") || told.contains("has no field")
            })
            .collect();
        assert_eq!(told, [""; 0], "{text}");
    }
}

#[test]
fn what_for_does_not_go_over() {
    let told = |column: u32, what: &str| {
        format!("Operand (1, {column}) for goes over a list or a range, and this is {what}")
    };
    for (text, column, what) in [
        ("let r = sh(\"ls\"); for f in r { log(f); }", 28, "the result of a process"),
        ("params(#{ n: 5 }); for i in input.n { log(i); }", 29, "a whole number"),
        ("let m = #{ a: 1 }; for k in m { log(k); }", 29, "a map"),
    ] {
        finds(text, &told(column, what));
    }
    let letters = "a text is gone through letter by letter";
    finds("for f in sh(\"ls\").stdout { log(f); }", &format!("Letters (1, 10) {letters}"));
    finds("let r = sh(\"ls\"); for f in r.stdout { log(f); }", &format!("Letters (1, 28) {letters}"));
    for text in [
        "for f in sh(\"ls\").lines { log(f); }",
        "for f in input.all { log(f); } for i in 0..3 { log(i); } for c in \"abc\" { log(c); }",
        "let m = #{ a: 1 }; for k in m.keys() { log(k); } for v in m.values() { log(v); }",
        "let n = [1]; n = 5; for i in n { log(i); }",
    ] {
        fine(text);
    }
    assert!(drive("let n = 5; for i in n { }").0.is_err() && drive("let m = #{}; for i in m { }").0.is_err());
}

#[test]
fn ranges_as_indices_and_closures_that_take_too_much() {
    let range = "an index of a list is one place, and not a range";
    for (text, column) in [("let a = [1, 2]; a[0..1]", 20), ("[1][0..=0]", 6)] {
        finds(text, &format!("Value (1, {column}) {range}"));
        assert!(drive(text).0.is_err(), "{text}");
    }
    fine(
        "let a = [1, 2]; a[0]; a[-1]; a.extract(0..1); \"abc\".sub_string(0..1); input.a[0..1]; 5[0..1]; \"abc\"[0..1]",
    );
    for (call, most, takes) in [
        ("map(|a, b, c| a)", 2, 3),
        ("filter(|a, b, c| true)", 2, 3),
        ("some(|a, b, c| true)", 2, 3),
        ("all(|a, b, c| true)", 2, 3),
        ("find(|a, b, c| true)", 2, 3),
        ("find_map(|a, b, c| a)", 2, 3),
        ("retain(|a, b, c| true)", 2, 3),
        ("reduce(|a, b, c, d| a)", 3, 4),
        ("sort(|a, b, c| 0)", 2, 3),
    ] {
        let name = call.split('(').next().expect("a name");
        let text = format!("let l = [1, 2]; l.{call}");
        let column = "let l = [1, 2]; l.".len() + name.len() + 2;
        finds(
            &text,
            &format!(
                "Arguments (1, {column}) {name} hands over {most} values at most, and this closure takes {takes}"
            ),
        );
        assert!(drive(&text).0.is_err(), "{text}");
        let fitting = text.replacen(if takes == 4 { ", d" } else { ", c" }, "", 1);
        fine(&fitting);
        assert!(drive(&fitting).0.is_ok(), "{fitting}");
    }
    fine("let one = 1; let two = 2; [1].map(|a, b| a + b + one + two); input.l.map(|a, b, c| a)");
}
