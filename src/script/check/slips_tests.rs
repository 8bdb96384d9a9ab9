//! Exit codes that are always 0, handlers that come too late or take too much, text added to a number, fields of the input in a
//! shell's text, misspelt fields of errors: what is told, and what is meant so.

use super::tests::{finds, fine, told};

#[test]
fn exit_codes_that_are_always_0() {
    for (text, column, call) in [
        ("let r = sh(\"a\", [], #{ retry: 1 }); if r.code != 0 { log(\"no\"); }", 42, "sh"),
        ("let r = exec([\"a\"]); r.code == 3", 24, "exec"),
        ("if 1 <= sh(\"a\").code { log(\"no\"); }", 17, "sh"),
        ("sh(\"a\", #{ timeout: \"1h\" }).code > 0", 29, "sh"),
    ] {
        let message = format!("without ok_codes the code is always 0: with any other {call} has failed");
        finds(text, &format!("Code (1, {column}) {message}"));
    }
    for text in [
        "let r = sh(\"a\", [], #{ ok_codes: [0, 3] }); r.code != 0",
        "let r = sh(\"a\"); r = sh(\"a\", #{ ok_codes: [0, 3] }); r.code != 0",
        "let r = sh(\"a\", input.options); r.code != 0",
        "let r = exec([\"a\"], #{ at_most_once: true, probe: |_key| #{ code: 3 } }); r.code != 0",
        "let r = sh(\"a\"); r.code = 3; r.code != 0",
        "fn sh(x) { #{ code: 3 } } sh(\"a\").code != 0",
        "http_get(\"https://a\").body.code != 0",
        "let r = sh(\"a\"); print(r.code); r.code",
    ] {
        fine(text);
    }
}

#[test]
fn what_is_registered_when_nothing_can_fail_any_more() {
    let late = "stands last: it is registered when nothing can fail any more";
    finds("sh(\"a\");\non_failure(|err| log(err.report));", &format!("Late (2, 1) on_failure {late}"));
    finds(
        "let n = 1; if n > 0 { sh(\"a\"); }\non_failure(|| 1); n",
        &format!("Late (2, 1) on_failure {late}"),
    );
    finds("sh(\"a\"); on_undo(|| sh(\"b\"))", &format!("Late (1, 10) on_undo {late}"));
    for text in [
        "on_failure(|err| log(err.report)); sh(\"a\");",
        "sh(\"a\"); on_failure(|err| log(err.report)); sh(\"b\");",
        "on_failure(|err| log(err.report));",
        "let s = strand(|| sh(\"a\")); sh(\"b\"); s.join(); on_failure(|err| log(err.report));",
        "on_signal(\"a\", |_x| sh(\"a\")); sh(\"b\"); on_failure(|err| log(err.report));",
        "sh(\"a\"); fn registers() { on_failure(|err| log(err.report)); } registers();",
        "fn on_failure(x) { x } sh(\"a\"); on_failure(1);",
        "sh(\"a\"); on_failure(|err| log(err.report)); sh(\"b\").stdout",
    ] {
        fine(text);
    }
}

#[test]
fn closures_that_take_more_than_they_are_given() {
    for (text, column, message) in [
        ("on_signal(\"a\", |_x, _y| 1)", 16, "on_signal hands over one value to its closure, which takes 2"),
        (
            "on_query(\"a\", |_x, _y, _z| 1)",
            15,
            "on_query hands over one value to its closure, which takes 3",
        ),
        ("on_update(\"a\", |_x, _y| 1)", 16, "on_update hands over one value to its closure, which takes 2"),
        (
            "on_update(\"a\", |_x| 1, #{ validate: |_x, _y| true })",
            37,
            "validate hands over one value to its closure, which takes 2",
        ),
        ("step(\"a\", |_x| 1)", 11, "step hands over nothing to its closure, which takes 1"),
        ("parallel([1], |_x, _y| 1)", 15, "parallel hands over one value to its closure, which takes 2"),
    ] {
        finds(text, &format!("Arguments (1, {column}) {message}"));
    }
    for text in [
        "let n = 1; on_signal(\"a\", |x| n += x); on_query(\"a\", || n); on_update(\"a\", || n); sleep(1);",
        "let n = 1; step(\"a\", #{ undo: |x| x + n }, || n); parallel([1], || n); on_failure(|| n); sleep(n);",
        "fn on_signal(a, b) { b.call(1, 2) } on_signal(\"a\", |x, y| x + y)",
        "strand(1, |x| x).join(); let handler = input.handler; on_signal(\"a\", handler); sleep(1);",
    ] {
        fine(text);
    }
}

#[test]
fn text_that_is_added_to_a_number() {
    finds(
        "let n = 0; let l = sh(\"a\").stdout; n += l; n",
        "TextAsNumber (1, 41) 'l' is text, and n += makes text of the number n",
    );
    finds(
        "let n = 0.5; n += \"a\"",
        "TextAsNumber (1, 19) \"a\" is text, and n += makes text of the number n",
    );
    for text in [
        "let n = 0; n += parse_int(sh(\"a\").stdout); n += input.x; n",
        "let n = \"\"; n += sh(\"a\").stdout; n",
        "let n = 0; n = \"\"; n += sh(\"a\").stdout; n",
        "let n = 0; { let n = \"\"; n += sh(\"a\").stdout; } n",
        "fn f(n) { n += \"a\"; n } let n = 0; f(n)",
        "let n = [0]; n[0] += 1; n += [\"a\"]; n",
    ] {
        fine(text);
    }
}

#[test]
fn fields_of_the_input_behind_a_dollar() {
    let shell = "the shell does not see the script's";
    for (text, column, message) in [
        ("sh(\"a ${input.x}\")", 4, format!("{shell} input.x: nothing fills in ${{input.x}}")),
        ("sh(\"a $input\")", 4, format!("{shell} input: $input is empty there")),
        ("let o = #{ a: 1 }; sh(\"a ${o.a}\")", 23, format!("{shell} o.a: nothing fills in ${{o.a}}")),
        ("log(\"a ${input.x.y}\")", 5, "${input.x.y} stays as it is between double quotes".to_owned()),
    ] {
        finds(text, &format!("Dollar (1, {column}) {message}"));
    }
    for text in [
        "log(`a ${input.x}`); sh(\"a \\\"$1\\\"\", [input.x]); sh(\"input=1; a $input\")",
        "sh(\"a $input ${input.x}\", #{ env: #{ input: \"a\" } })",
        "sh(\"awk '{ print $input }'\"); sh(\"read -p a input; a $input\"); sh(\"node -e '`${input.x}`'\")",
        "sh(\"a ${inputs.x} ${INPUT} ${a.b}\"); log(\"${inputs.x} ${input-x} ${input.} $input\")",
    ] {
        fine(text);
    }
}

#[test]
fn misspelt_fields_of_errors_and_of_what_was_attempted() {
    let error = |name: &str| format!("errors have no field {name}: it reads as ()");
    finds(
        "try { sh(\"a\"); } catch (e) { log(e.mesage); }",
        &format!("Misspelt (1, 36) {}", error("mesage")),
    );
    finds(
        "let t = attempt(|| sh(\"a\")); if !t.ok { log(t.error.knd); }",
        &format!("Misspelt (1, 53) {}", error("knd")),
    );
    finds(
        "let t = attempt(|| sh(\"a\")); t.eror",
        "Misspelt (1, 32) the result of attempt has no field eror",
    );
    let collected = "parallel([1], |x| x, #{ on_error: \"collect\" })";
    finds(
        &format!("let told = {collected}; told.fails"),
        "Misspelt (1, 65) the result of parallel has no field fails",
    );
    let map = "for goes over a list or a range, and this is a map";
    finds(&format!("for v in {collected} {{ log(v); }}"), &format!("Operand (1, 10) {map}"));
    finds(&format!("let told = {collected}; for v in told {{ log(v); }}"), &format!("Operand (1, 69) {map}"));
    for text in [
        "try { sh(\"a\"); } catch (e) { log(`${e.kind} ${e.message} ${e.exit_code} ${e.code} ${e.retryable}`); }",
        "try { throw #{ mesage: 1 }; } catch (e) { log(`${e.mesage}`); }",
        "try { sh(\"a\"); } catch (e) { log(e.message); } let e = input.x; e.mesage",
        "let t = attempt(|| 1); t.extra = 1; print(t.extra); t.value.mesage",
        "for v in parallel([1], |x| x) { log(`${v}`); } for v in parallel([1], |x| x, #{ max: 2 }) { print(v); }",
        "fn attempt(x) { x } attempt(1).eror",
    ] {
        fine(text);
    }
    assert_eq!(told(&format!("for v in {collected}.values {{ print(v); }}")), [""; 0]);
}
