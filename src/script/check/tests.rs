//! Each rule by a script that breaks it and one that does not, and the table of options by what the calls themselves say.

use super::*;
use crate::history::Value;
use crate::script::tests::drive;
use std::collections::BTreeMap;

pub(super) fn told(main: &str) -> Vec<String> {
    let modules = BTreeMap::from([("lib".to_owned(), "fn greet(name) { name }".to_owned())]);
    let source = Source { path: "a.rhai".to_owned(), main: main.to_owned(), modules };
    let answered = |named: Named<'_>| match named {
        Named::Activity("charge") | Named::Script("a.rhai") => Backing::Yes,
        Named::Activity("mocked") => Backing::InTests,
        Named::Activity(_) | Named::Script(_) => Backing::No,
    };
    let found = check(&Interpreter::new(), &source, &answered).expect("a script");
    let place = |finding: &Finding| (finding.line, finding.column.unwrap_or(0));
    found
        .iter()
        .map(|finding| format!("{:?} {:?} {}", finding.rule, place(finding), finding.message))
        .collect()
}

#[track_caller]
pub(super) fn finds(main: &str, expected: &str) {
    assert_eq!(told(main), [expected], "{main}");
}

#[track_caller]
pub(super) fn fine(main: &str) {
    assert_eq!(told(main), [""; 0], "{main}");
}

#[test]
fn unknown_functions_and_arities() {
    finds("let a = 1;\nslep(a)", "Function (2, 1) there is no function slep");
    finds("fn f(x) { x } f()", "Arguments (1, 15) f takes 1 argument, not 0");
    finds("sleep(1, 2)", "Arguments (1, 1) sleep takes 1 argument, not 2");
    finds("let a = []; a.pusch(1)", "Function (1, 15) there is no method pusch");
    finds("import \"lib\" as l; l::gret(1)", "Function (1, 23) module \"lib\" has no function gret");
    finds("import \"lib\" as l; l::greet()", "Arguments (1, 23) greet takes 1 argument, not 0");
    fine(
        "import \"lib\" as l; l::greet(1); let f = |x| x; f.call(1); let m = #{act: f}; m.act(2); print(now())",
    );
    fine("fn f(x) { this + x } let a = 1; a.f(2); let t = type_of(a); [3, 1].sort(); `${-a} ${!true}`");
}

#[test]
fn unknown_variables() {
    finds("let amount = 1; amuont", "Variable (1, 17) there is no variable 'amuont'");
    finds("let a = 1; fn f() { a }", "Variable (1, 21) there is no variable 'a'");
    finds("{ let b = 1; } b", "Variable (1, 16) there is no variable 'b'");
    finds("step(\"s\", || nobody)", "Variable (1, 14) there is no variable 'nobody'");
    fine("let a = input.x; for (n, i) in [1] { a += n + i; } try { throw a } catch (e) { print(e) } run.id");
    fine("fn f(x) { input.y + x } let g = f; switch 1 { 1 => g.call(1), _ => () }");
}

#[test]
fn arguments_of_another_kind_than_any_form_takes() {
    finds("sh([\"ls\"])", "Value (1, 4) sh takes text, not a list");
    finds("step(\"s\", print(1))", "Value (1, 11) step takes a closure second, not ()");
    finds("let s = 1; wait_until(s == 2)", "Value (1, 25) wait_until takes a closure, not true or false");
    finds("parallel([1], \"f\")", "Value (1, 15) parallel takes a closure second, not text");
    finds("exec(5)", "Value (1, 6) exec takes a list, not a whole number");
    finds("step(5, || 1)", "Value (1, 6) step takes text first, not a whole number");
    finds("poll(\"p\", 5, || true)", "Value (1, 11) poll takes a map second, not a whole number");
    finds("wait_signal(5)", "Value (1, 13) wait_signal takes text or a list, not a whole number");
    finds("fail(now())", "Value (1, 6) fail takes text, not a time");
    finds("attempt(5)", "Value (1, 9) attempt takes a closure, not a whole number");
    finds("parse_int(5)", "Value (1, 11) parse_int takes text, not a whole number");
    finds(
        "exec([\"ls\", [\"a\"]])",
        "Value (1, 13) an argument of a process is text or a number, not an array",
    );
    finds("sh(\"x\", [#{}])", "Value (1, 10) an argument of a process is text or a number, not a map");
    finds("random_int(6, 1)", "Value (1, 12) random_int(6, 1): the first may not exceed the second");
    finds(
        "ask(\"q\", #{choices: []})",
        "Value (1, 21) choices is an array of texts, one at least, none of them empty",
    );
    finds("child(\"a.rhai\", (), #{id: 5})", "Value (1, 27) id is text, not a number");
    finds("poll(\"p\", #{factor: \"2\"}, || 1)", "Value (1, 21) factor is a number from 1 to 1000");
    fine(
        "sh(`a ${1}`, [1, \"b\", true]); exec([\"a\", 1.5] + [\"b\"]); wait_signal([\"a\", \"b\"]); sleep(1.5); log(5); \
         log(\"info\", #{a: 1}); parallel(0..3, |n| n); publish(\"k\", ()); random_int(1, 6); progress(1, 2)",
    );
    // What is not written out may be anything; what the script calls so is its own.
    fine("let f = || 1; let c = [f]; step(\"s\", f); step(\"s\", c[0]); let t = [\"x\"]; sh(t[0])");
    fine(
        "fn sh(list) { list } sh([1]); fn attempt(n) { n } attempt(5); fn later() { || 1 } step(\"s\", later())",
    );
}

#[test]
fn what_is_told_of_an_argument_is_what_the_engine_would_not_call() {
    const WRITTEN: &[&str] = &["\"t\"", "1", "1.5", "true", "'c'", "()", "[1]", "#{a: 1}", "|x| x"];
    let interpreter = Interpreter::new();
    let engine = interpreter.engine();
    let mut names: Vec<(String, usize)> = super::super::definitions::kinds_of(&engine, |_| true)
        .map(|(name, takes, _)| (name, takes.len()))
        // A signal's name is anything to the engine, and refused by the call itself; params is read before.
        .filter(|(name, _)| !["wait_signal", "start_wait_signal", "params"].contains(&name.as_str()))
        .filter(|(name, _)| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
        .collect();
    names.sort();
    names.dedup();
    let of = |(name, takes): &(String, usize)| -> Vec<String> {
        let pairs = || WRITTEN.iter().flat_map(|one| WRITTEN.iter().map(move |two| format!("{one}, {two}")));
        match takes {
            1 => WRITTEN.iter().map(|one| format!("{name}({one})")).collect(),
            2 => pairs().map(|pair| format!("{name}({pair})")).collect(),
            _ => Vec::new(),
        }
    };
    let mut told = 0;
    for some in names.chunks(50) {
        let calls: Vec<String> = some.iter().flat_map(of).collect();
        let main = calls.join(";\n");
        let source = Source { path: "a.rhai".to_owned(), main, modules: BTreeMap::new() };
        let found = check(&interpreter, &source, &|_| Backing::Yes).expect("a script");
        for finding in found.iter().filter(|finding| finding.rule == Rule::Value) {
            if !finding.message.contains(" takes ") || !finding.message.contains(", not ") {
                continue;
            }
            told += 1;
            let call = &calls[usize::try_from(finding.line - 1).expect("a line")];
            let got = *engine.eval::<rhai::Dynamic>(call).expect_err(call);
            assert!(matches!(got, rhai::EvalAltResult::ErrorFunctionNotFound(..)), "{call}: {got:?}");
        }
    }
    assert!(told > 1000, "{told}");
}

#[test]
fn unknown_options() {
    finds(
        "activity(\"charge\", 1, #{timeuot: \"1s\"})",
        "Option (1, 25) there is no option \"timeuot\"; did you mean \"timeout\"?",
    );
    finds(
        "exec([\"a\"], #{retry: #{fisrt: \"1s\"}})",
        "Option (1, 24) there is no retry option \"fisrt\"; did you mean \"first\"?",
    );
    fine("wait_signal(\"a\", #{timeout: \"1s\", otherwise: 1})");
}

#[test]
fn the_table_of_options_is_what_the_calls_take() {
    for (name, call) in [
        ("activity", "activity(\"a\", 1, #{zzzzzzzz: 1})"),
        ("start_activity", "start_activity(\"a\", 1, #{zzzzzzzz: 1})"),
        ("step", "step(\"a\", #{zzzzzzzz: 1}, || 1)"),
        ("exec", "exec([\"a\"], #{zzzzzzzz: 1})"),
        ("sh", "sh(\"a\", [], #{zzzzzzzz: 1})"),
        ("http", "http(#{url: \"http://h/\", zzzzzzzz: 1})"),
        ("wait_signal", "wait_signal(\"a\", #{zzzzzzzz: 1})"),
        ("wait_token", "wait_token(\"a\", #{zzzzzzzz: 1})"),
        ("ask", "ask(\"a\", #{zzzzzzzz: 1})"),
        ("poll", "poll(\"a\", #{zzzzzzzz: 1}, || 1)"),
        ("parallel", "parallel([1], |x| x, #{zzzzzzzz: 1})"),
        ("child", "child(\"a\", 1, #{zzzzzzzz: 1})"),
        ("on_update", "on_update(\"a\", |x| x, #{zzzzzzzz: 1})"),
        ("with_lock", "with_lock(\"a\", #{zzzzzzzz: 1}, || 1)"),
        ("defaults", "defaults(#{zzzzzzzz: 1})"),
    ] {
        let count = if call.contains(", #") { call.matches(", ").count() + 1 } else { 1 };
        let (_, known) = options::of(name, count).unwrap_or_else(|| panic!("{call}: no options"));
        let text = format!("let m = \"\"; try {{ {call}; }} catch (e) {{ m = e.message; }} m");
        let (said, _) = drive(&text);
        let Ok(Value::Text(said)) = said else { panic!("{call}: {said:?}") };
        let listed = said.split("there are ").nth(1).unwrap_or_else(|| panic!("{call}: {said}"));
        let mut listed: Vec<&str> = listed.split(", ").collect();
        let mut known = known;
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, listed, "{call}");
    }
}

#[test]
fn commands_where_none_may_stand() {
    finds(
        "wait_until(|| sleep(1) == ())",
        "Command (1, 15) sleep may not stand in the predicate of wait_until",
    );
    finds("on_query(\"q\", || uuid())", "Command (1, 18) uuid may not stand in a query");
    finds("step(\"s\", || sleep(1))", "Command (1, 14) sleep may not stand in a step");
    finds(
        "fn f(x) { activity(\"charge\", x) } activity(\"f\", 1)",
        "Command (1, 11) activity may not stand in an activity",
    );
    finds("fn deep() { sleep(1) } step(\"s\", || deep())", "Command (1, 13) sleep may not stand in a step");
    fine("step(\"s\", || exec([\"a\"]).stdout); wait_until(|| now() > now()); on_query(\"q\", || run.id)");
}

#[test]
fn activities_that_nothing_answers() {
    finds("activity(\"chrage\")", "Activity (1, 10) nothing answers the activity \"chrage\"");
    finds(
        "activity(\"mocked\")",
        "Mocked (1, 10) nothing but a mock of a test answers the activity \"mocked\"",
    );
    fine("fn own(x) { x } activity(\"own\", 1); activity(\"charge\"); let n = \"x\"; activity(n)");
}

#[test]
fn what_is_seldom_meant_so() {
    finds(
        "wait_signal(\"a\", \"1h\"); 1",
        "UnusedSignal (1, 1) whether the signal came in time is not looked at",
    );
    fine("wait_signal(\"a\"); let got = wait_signal(\"a\", \"1h\"); wait_signal(\"b\", \"1h\")");
    let condition = "a signal is no condition: its payload may be anything, and a time-out gives ()";
    finds("if !wait_signal(\"a\", \"1h\") { 1 }", &format!("SignalCondition (1, 5) {condition}"));
    fine("if wait_signal(\"a\", #{timeout: \"1h\", otherwise: false}) { 1 }");
    finds(
        "let all = []; for h in [1] { all.push(|| h); }",
        "LoopCapture (1, 42) the closure shares 'h' with the loop: later it sees the last one",
    );
    finds(
        "for h in [1] { on_signal(`${h}`, |_d| print(h)); }",
        "LoopCapture (1, 45) the closure shares 'h' with the loop: later it sees the last one",
    );
    fine(
        "for h in [1] { strand(|| h).join(); step(\"s\", || h); let mine = h; on_signal(\"s\", |_d| print(mine)); }",
    );
    finds(
        "activity(\"charge\", #{timeout: \"1s\"})",
        "OptionsAsInput (1, 20) these are names of options, but the second argument is the input",
    );
    fine("activity(\"charge\", #{timeout: \"1s\", amount: 1})");
    for (text, place) in [
        ("let s = \"a\"; let t = s.trim(); print(t)", "(1, 24)"),
        ("print(sh(\"x\").stdout.trim())", "(1, 22)"),
        ("let s = \"a\"; if s.trim() == \"a\" { print(s) }", "(1, 19)"),
        ("let s = \"a\"; print(s.trim().len())", "(1, 22)"),
    ] {
        finds(text, &format!("Nothing {place} trim changes the text itself and gives ()"));
    }
    fine("let s = \"a\"; s.trim(); s.make_upper(); print(s)");
    finds(
        "let n = 0; on_signal(\"a\", |_d| n += 1); n = n + activity(\"charge\");",
        "LostUpdate (1, 41) 'n' is read before activity waits, and written after it",
    );
    fine(
        "let n = 0; on_signal(\"a\", |_d| n += 1); n += activity(\"charge\"); n = activity(\"charge\") + n;",
    );
}

#[test]
fn values_that_are_written_out() {
    for (call, expected) in [
        (
            "sleep(\"1 moth\")",
            "Value (1, 7) \"moth\" is no unit of time; units are ms, s, min, h, days and weeks",
        ),
        ("let x = wait_signal(\"a\", \"5 mims\"); x", "Value (1, 26) \"mims\" is no unit of time"),
        ("sleep_until(\"tomorrow\")", "Value (1, 13) \"tomorrow\" is no time"),
        ("activity(\"charge\", 1, #{timeout: \"1 moth\"})", "Value (1, 34) timeout: \"moth\" is no unit"),
        ("activity(\"charge\", 1, #{timeout: 0})", "Value (1, 34) timeout must be longer than nothing"),
        ("activity(\"charge\", 1, #{retry: #{first: \"1 moth\"}})", "Value (1, 32) retry.first: \"moth\""),
        ("activity(\"charge\", 1, #{retry: true})", "Value (1, 32) retry: true says nothing"),
        ("exec([\"a\"], #{ok_codes: \"0\"})", "Value (1, 25) ok_codes"),
        ("ask(\"q\", #{timeout: \"soon\"})", "Value (1, 21) timeout: \"soon\" is no duration"),
        (
            "parallel([1], |x| x, #{on_error: \"colect\"})",
            "Value (1, 34) on_error is \"stop\" or \"collect\", not \"colect\"",
        ),
        ("parallel([1], |x| x, #{max: 0})", "Value (1, 29) max is a whole number from 1 to 1000"),
        (
            "child(\"a.rhai\", 1, #{on_parent_close: \"abort\"})",
            "Value (1, 39) on_parent_close is \"cancel\"",
        ),
        ("exec(\"ls -l\")", "Program (1, 6) exec takes a program and its arguments as a list"),
        ("exec(`ls ${now()}`)", "Program (1, 6) exec takes a program"),
        ("timestamp()", "Closed (1, 1) timestamp is not offered to scripts"),
        ("exit(1)", "Closed (1, 1) exit is not offered to scripts"),
    ] {
        let found = told(call);
        let [only] = found.as_slice() else { panic!("{call}: {found:?}") };
        assert!(only.starts_with(expected), "{call}: {only}");
    }
    fine(
        "let d = \"1 moth\"; sleep(d); sleep(5); activity(\"charge\", 1, #{timeout: \"1s\", retry: 3, rate: \"5/s\", key: \"k\"}); \
         let told = parallel([1], |x| x, #{on_error: \"collect\", max: 3, rate: \"1/s\"}); exec([\"a\"], #{ok_codes: [0, 1], env: #{A: \"1\"}}); \
         sleep_until(\"2027-01-01\"); wait_until(|| true, \"1h\"); poll(\"p\", #{every: \"1s\", timeout: \"1h\"}, || 1); \
         fn timestamp() { 1 } timestamp(); with_lock(\"l\", #{timeout: \"1s\"}, || 1)",
    );
}

#[test]
fn inputs_that_are_not_declared() {
    finds("params(#{host: (), port: 443}); input.hots", "Input (1, 39) params declares no input \"hots\"");
    finds("params(#{host: ()}); input[\"port\"]", "Input (1, 28) params declares no input \"port\"");
    finds("let p = params(#{host: ()}); p.hots.len", "Input (1, 32) params declares no input \"hots\"");
    finds(
        "params(#{host: ()}); fn f() { input.hots } f()",
        "Input (1, 37) params declares no input \"hots\"",
    );
    fine("params(#{host: ()}); input.host; let input = #{}; input.other; let q = #{a: 1}; q.b");
    fine("input.anything");
}

#[test]
fn fields_that_results_do_not_have() {
    finds("let r = exec([\"a\"]); r.stdot", "Field (1, 24) the result of exec has no field stdot");
    finds("sh(\"a\").exit_code", "Field (1, 9) the result of sh has no field exit_code");
    finds(
        "let r = http_get(\"http://h/\"); r.stdout.len",
        "Field (1, 34) the result of http_get has no field stdout",
    );
    fine("let r = exec([\"a\"]); r.stdout_bytes; r.json.anything; r.lines.len; r.stdout.len()");
    fine("let r = exec([\"a\"]); r = #{}; r.stdot");
    fine("let r = exec([\"a\"]); fn f(r) { r.stdot } f(#{})");
    fine("for r in [#{}] { r.stdot } { let r = exec([\"a\"]); r.stdout }");
    fine("fn exec(x) { #{} } exec(1).stdot");
}

#[test]
fn a_variable_that_is_not_there_is_told_by_where_it_is_read() {
    let hint = |main: &str| {
        let source = Source { path: "a.rhai".to_owned(), main: main.to_owned(), modules: BTreeMap::new() };
        let found = check(&Interpreter::new(), &source, &|_| Backing::Yes).expect("a script");
        found.into_iter().next().and_then(|finding| finding.hint).unwrap_or_default()
    };
    assert!(hint("{ let total = 1; } total").contains("in no block that has ended: let total"));
    assert!(hint("let f = |x| nowhere + x;").contains("let nowhere"));
    assert!(hint("let price = 1; fn f() { price }").contains("functions do not see"));
    let validates = "let n = 0; on_update(\"a\", |x| x, #{validate: |x| sleep(1)});";
    finds(validates, "Command (1, 50) sleep may not stand in what validates an update");
}

#[test]
fn names_of_patches_are_written_out_and_asked_for_in_the_script() {
    finds("let name = \"a\"; patched(name)", "Patch (1, 17) patched takes its name written out");
    finds("step(\"s\", || patched(\"a\"))", "Patch (1, 14) patched may not stand inside a step");
    fine("if patched(\"a\") { sleep(1); } on_query(\"q\", || patched(\"a\")); wait_until(|| patched(\"a\"))");
}

#[test]
fn what_a_catch_block_gives_is_lost() {
    let lost = |place: &str| {
        format!("Caught {place} what a catch block gives is lost: after an error the value is ()")
    };
    for (text, place) in [
        ("try { sleep(1); 1 } catch { 2 }", "(1, 29)"),
        ("try { sleep(1); 1 } catch (e) { e.message }", "(1, 33)"),
        ("try { sleep(1); 1 } catch (e) { log(e); `it ${e}` }", "(1, 41)"),
        ("fn f() { try { sleep(1); 1 } catch { -1 } } f()", "(1, 38)"),
        ("let x = { try { sleep(1); 1 } catch { [2] } }; x", "(1, 39)"),
        ("step(\"s\", || { try { sh(\"a\").code } catch (e) { #{ code: e.data.exit_code } } })", "(1, 49)"),
        (
            "if input.a { try { sleep(1); 1 } catch (e) { if e.kind == \"x\" { 2 } else { throw e } } } else { 3 }",
            "(1, 65)",
        ),
        ("let n = 1; try { sleep(n) } catch { n + 1 }", "(1, 39)"),
    ] {
        finds(text, &lost(place));
    }
    fine("let x = (); try { x = sh(\"a\").code; } catch (e) { x = -1; } x");
    fine("try { sleep(1) } catch { 2 } 3");
    fine("try { sleep(1); 1 } catch (e) { log(e.message) }");
    fine("try { sleep(1); 1 } catch (e) { fail(\"no\") }");
    fine("try { sleep(1); 1 } catch (e) { throw e }");
    fine("try { sleep(1); 1 } catch (e) { return 2 }");
    fine("let all = []; try { sleep(1) } catch (e) { all.push(e) }");
    fine("let all = [[]]; try { sleep(1) } catch (e) { all[0].push(e) }");
    fine("try { sleep(1); 1 } catch (e) { () }");
    fine("for n in [1] { try { sleep(n) } catch { 2 } }");
}

#[test]
fn methods_that_no_value_has() {
    finds("let t = \"x\".upcase(); t", "Function (1, 13) there is no method upcase");
    finds("let n = [1].length(); n", "Function (1, 13) there is no method length");
    finds("let t = input.frobnicate(2); t", "Function (1, 15) there is no method frobnicate");
    finds("let t = [\"a\"].join(\",\"); t", "Arguments (1, 15) join takes 0 arguments, not 1");
    fine("let m = #{ greet: |name| name }; m.greet(\"a\")");
    fine("let m = #{}; m.greet = |name| name; m.greet(\"a\")");
    fine("let m = #{}; m[\"greet\"] = |name| name; m.greet(\"a\")");
}

#[test]
fn variables_behind_a_dollar_that_nothing_fills_in() {
    let sees = |name: &str| {
        format!("Dollar (2, 4) the shell does not see the script's {name}: ${name} is empty there")
    };
    finds("let dir = \"/srv\";\nsh(\"rm -rf $dir/*\")", &sees("dir"));
    finds("let dir = \"/srv\";\nsh(\"rm -rf \\\"${dir:-x}\\\"\", [])", &sees("dir"));
    finds("fn f(dir) {\nsh(\"ls ${dir}\") } f(1)", &sees("dir"));
    for text in
        ["x=1; echo $x", "for x in 1; do echo $x; done", "read -r x; echo $x", "echo $xy $1 $$ ${HOME}"]
    {
        fine(&format!("let x = 1; sh(\"{text}\", [x])"));
    }
    fine("let x = 1; sh(\"echo $x\", #{ env: #{ x: x } })");
    finds("let x = 1; print(\"x is ${x}\")", "Dollar (1, 18) ${x} stays as it is between double quotes");
    finds("let x = 1; fail(\"no \" + \"${x}\")", "Dollar (1, 25) ${x} stays as it is between double quotes");
    fine("let x = 1; print(\"$x ${y} ${x.y} {x}\")");
}
