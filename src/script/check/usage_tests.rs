//! What is done with handles, answers and failures, and where the flow of a script ends: each rule by what breaks it and what does not.

use super::tests::{finds, fine};
use crate::history::Value;
use crate::script::tests::drive;

#[test]
fn handles_where_their_values_are_meant() {
    let is = |name: &str, column: u32| {
        format!("Handle (2, {column}) '{name}' is a handle, and not the value that it will have")
    };
    let begun = "let s = strand(|| sh(\"date\").stdout);\n";
    for (text, column) in [
        ("sh(\"echo \\\"$1\\\"\", [s])", 20),
        ("exec([\"echo\", s])", 15),
        ("exec([\"true\"], #{ stdin: s })", 26),
        ("exec([\"true\"], #{ env: #{ A: s } })", 30),
        ("let t = `it is ${s}`; t", 18),
        ("throw `${s}`", 10),
        ("\"it is \" + s", 12),
        ("let n = s + 1; n", 9),
        ("if s { 1 }", 4),
        ("while !s { sleep(1); }", 8),
        ("publish(\"date\", s)", 17),
        ("s.stdout", 1),
    ] {
        finds(&format!("{begun}{text}"), &is("s", column));
    }
    finds(
        "exec([\"echo\", timer(\"1h\")])",
        "Handle (1, 15) what timer gives is a handle, and not the value that it will have",
    );
    for text in [
        "s.join()",
        "sh(\"echo \\\"$1\\\"\", [s.join()])",
        "join_all([s])",
        "select([s]).index",
        "let all = []; all.push(s); join_all(all)",
        "log(`begun: ${s}`); print(`${s}`); log(s); s.cancel()",
        "if s.done() { 1 }",
        "let m = #{ s: s }; m.s.join()",
        "fn own(x) { x.join() } own(s)",
        "parallel([s], |h| h.join())",
        "s",
    ] {
        fine(&format!("{begun}{text}"));
    }
    fine("let c = start_child(\"a.rhai\"); print(c.id); `${c.id}`");
    // What else it is given, it may be.
    fine("let s = (); if input.a { s = strand(|| 1); } if s != () { s.join() }");
    fine("fn strand(x) { 1 } let s = strand(2); sh(\"echo $1\", [s])");
}

#[test]
fn answers_as_conditions_and_answers_that_are_not_offered() {
    let text = "the answer to a question is text, and a condition is true or false";
    for (script, place) in [
        ("if ask(\"ok?\") { 1 }", "(1, 4)"),
        ("if !ask(\"ok?\", #{ choices: [\"a\", \"b\"] }) { 1 }", "(1, 5)"),
        ("let ok = ask(\"ok?\"); while input.a && ok { sleep(1); }", "(1, 39)"),
        ("let x = if ask(\"ok?\") { 1 } else { 2 }; x", "(1, 12)"),
    ] {
        finds(script, &format!("AnswerCondition {place} {text}"));
    }
    fine("if ask(\"ok?\") == \"yes\" { 1 }");
    fine("let ok = ask(\"ok?\") == \"yes\"; if ok { 1 }");
    fine("fn ask(x) { true } if ask(\"ok?\") { 1 }");
    let never = |answer: &str, offered: &str| {
        format!("the question is never answered \"{answer}\": its answers are {offered}")
    };
    for (script, place, answer, offered) in [
        ("let c = ask(\"ok?\"); c == \"yess\"", "(1, 26)", "yess", "\"yes\", \"no\""),
        ("ask(\"ok?\", #{ choices: [\"a\", \"b\"] }) != \"c\"", "(1, 41)", "c", "\"a\", \"b\""),
        ("\"c\" == ask(\"ok?\", #{ choices: [\"a\"], otherwise: \"b\" })", "(1, 1)", "c", "\"a\""),
    ] {
        finds(script, &format!("Answer {place} {}", never(answer, offered)));
    }
    fine("let c = ask(\"ok?\"); c == \"yes\" || c == \"no\"");
    fine("ask(\"ok?\", #{ otherwise: \"late\" }) == \"late\"");
    fine("ask(\"ok?\", #{ otherwise: input.late }) == \"late\"");
    fine("ask(\"ok?\", #{ choices: input.choices }) == \"c\"; ask(\"ok?\", input.options) == \"c\"");
    fine("let c = ask(\"ok?\"); c.make_upper(); c == \"YES\"");
    fine("let c = ask(\"ok?\"); if input.a { c = \"never\"; } c == \"never\"");
}

#[test]
fn failures_that_nobody_looks_at() {
    finds("attempt(|| sleep(1)); 1", "UnusedFailure (1, 1) whether it failed is not looked at");
    finds(
        "parallel([1], |n| n, #{ on_error: \"collect\" }); 1",
        "UnusedFailure (1, 1) which items failed is not looked at",
    );
    fine("attempt(|| sleep(1))");
    fine("if !attempt(|| sleep(1)).ok { 1 }");
    fine("let told = parallel([1], |n| n, #{ on_error: \"collect\" }); told.failed");
    fine("parallel([1], |n| n); parallel([1], |n| n, #{ on_error: \"stop\" }); 1");
}

#[test]
fn handles_that_nothing_keeps() {
    let lost = |name: &str| {
        format!("nothing waits for what {name} begins: it is cancelled when the script ends first")
    };
    for (script, column, name) in [
        ("strand(|| sleep(1)); 1", 1, "strand"),
        ("for i in 1..3 { start_activity(\"charge\", i); }", 17, "start_activity"),
        ("fn f() { timer(1); 1 } f()", 10, "timer"),
        ("step(\"s\", || 1); start_wait_signal(\"go\"); 1", 18, "start_wait_signal"),
        ("strand(|| { for i in 1..3 { sleep(1); } }); 1", 1, "strand"),
    ] {
        finds(script, &format!("Dropped (1, {column}) {}", lost(name)));
    }
    fine("let s = strand(|| sleep(1)); s.join()");
    fine("strand(|| sleep(1)).join(); 1");
    fine("let all = []; for i in 1..3 { all.push(start_activity(\"charge\", i)); } join_all(all)");
    fine("fn f(x) { start_activity(\"charge\", x) } f(1).join()");
    fine("let begun = [1, 2].map(|x| start_activity(\"charge\", x)); join_all(begun)");
    // It may be meant to end with its run; a child run goes on.
    fine("strand(|| loop { sleep(1); publish(\"n\", 1); }); sleep(5); 1");
    fine("start_child(\"a.rhai\"); 1");
    fine("fn strand(x) { x } strand(1); 1");
}

#[test]
fn what_stands_behind_the_end_of_a_block() {
    let never = |place: &str, what: &str| {
        format!("Unreachable {place} nothing ever comes here: {what} stands before it")
    };
    finds("fail(\"no\");\nsleep(1); sleep(2);", &never("(2, 1)", "fail"));
    finds("if input.a { return 1; sleep(1); } 2", &never("(1, 24)", "return"));
    finds("fn f() { throw 1; sleep(1); } f()", &never("(1, 19)", "throw"));
    finds("for n in [1] { continue; sleep(n); }", &never("(1, 26)", "continue"));
    finds("while input.a { break; sleep(1); }", &never("(1, 24)", "break"));
    finds("step(\"s\", || { fail(\"no\"); 1 })", &never("(1, 28)", "fail"));
    fine("if input.a { fail(\"no\") } sleep(1); return 1;");
    fine("fn fail(x) { x } fail(1); sleep(1);");
    fine("fn f() { return 1; } fn g() { f() } g(); sleep(1)");
    fine("let f = || { return 1; }; let g = || { sleep(1); }; f.call(); g.call();");
}

#[test]
fn loops_that_nothing_leaves() {
    let never = "Endless (1, 12) this loop never ends: nothing in it waits, and nothing leaves it";
    for body in [
        "loop { n += 1; }",
        "while true { n += 1; log(n); }",
        "loop { for m in [1] { if m > n { break; } } }",
        "loop { if n > 1 { continue; } n += 1; }",
    ] {
        finds(&format!("let n = 0; {body}"), never);
    }
    for body in [
        "loop { n += 1; if n > 2 { break; } }",
        "loop { sleep(1); }",
        "while true { if n > 1 { return n; } n += 1; }",
        "loop { if n > 1 { throw n } n += 1; }",
        "loop { if n > 1 { fail(\"no\") } n += 1; }",
        "loop { own() } fn own() { sleep(1) }",
        "loop { let h = strand(|| 1); h.join(); }",
        "loop { [1].for_each(|m| sleep(m)); }",
        "loop { let got = wait_signal(\"a\"); if got == 1 { continue; } }",
        "while n < 3 { n += 1; }",
    ] {
        fine(&format!("let n = 0; {body}"));
    }
}

#[test]
fn values_within_the_text_of_a_shell() {
    for (text, column) in [
        ("`cp ${input.name} /backup`", 10),
        ("\"cp \" + input.name", 12),
        ("(\"cp \" + input.name + \" /backup\")", 13),
    ] {
        let told =
            "a value is pasted into the shell's text: what stands in it is read as a part of the command";
        finds(&format!("sh({text})"), &format!("Pasted (1, {column}) {told}"));
    }
    for text in
        ["`date`", "`sleep ${3}`", "`echo ${run.id}`", "\"a\" + \"b\"", "input.text", "input.a + input.b"]
    {
        fine(&format!("sh({text})"));
    }
    fine("sh(\"cp \\\"$1\\\" /backup\", [`${input.name}`])");
}

#[test]
fn calls_of_services_give_no_heartbeats() {
    let told = "a call of a service gives no heartbeats: its attempts are limited by timeout";
    for (text, column) in [
        ("http_get(\"http://a/\", #{ heartbeat: \"1s\" })", 26),
        ("http(#{ url: \"http://a/\", heartbeat: \"1s\" })", 27),
    ] {
        finds(text, &format!("Option (1, {column}) {told}"));
    }
    fine("exec([\"a\"], #{ heartbeat: \"1s\" }); defaults(#{ heartbeat: \"1s\" })");
}

#[test]
fn cases_for_answers_that_are_never_given() {
    let never = |place: &str, all: &str| {
        format!("Answer {place} the question is never answered with this case: its answers are {all}")
    };
    let both = "\"yes\", \"no\"";
    finds("switch ask(\"go?\") { \"yes\" => 1, \"nein\" => 2, _ => 3 }", &never("(1, 43)", both));
    finds(
        "let a = ask(\"go?\", #{ choices: [\"small\", \"tall \\\"x\\\"\"] });\nswitch a { \"small\" => 1, \"large\" => { log(\"x\"); 2 } }",
        &never("(2, 37)", "\"small\", \"tall \"x\"\""),
    );
    finds("switch ask(\"go?\") { true => 1, \"no\" => 2 }", &never("(1, 29)", both));
    fine("switch ask(\"go?\") { \"yes\" => 1, \"no\" => 2 }");
    fine("switch ask(\"go?\") { \"yes\" | \"no\" => 2, _ => 3 }");
    fine("switch ask(\"go?\", #{ timeout: \"1h\", otherwise: () }) { \"yes\" => 1, () => 2 }");
    fine("switch ask(\"go?\", #{ choices: input.all }) { \"maybe\" => 1, _ => 2 }");
    fine("let a = ask(\"go?\"); a = \"x\"; switch a { \"x\" => 1, _ => 2 }");
    fine("switch input.a { \"x\" => 1, _ => 2 }");
}

#[test]
fn addresses_that_are_none() {
    for (call, column, shown) in [
        ("http_get(\"htp://x\")", 10, "htp://x"),
        ("http_post(\"shop/orders\", #{})", 11, "shop/orders"),
        ("http(#{ url: \"https:///x\" , method: \"PUT\" })", 14, "https:///x"),
        ("http_get(`ftp://${input.host}/x`)", 10, "ftp://…"),
    ] {
        finds(call, &format!("Url (1, {column}) \"{shown}\" is no address of a service"));
    }
    fine(
        "http_get(\"https://x\"); http_get(\"HTTP://x/y?z\"); http_get(`${input.base}/x`); http_get(`https://${input.host}`);",
    );
    fine("fn http_get(x) { x } http_get(\"x\")");
    finds("child(\"gone.rhai\")", "Script (1, 7) there is no script \"gone.rhai\"");
    finds("start_child(\"gone.rhai\", #{})", "Script (1, 13) there is no script \"gone.rhai\"");
    fine("child(\"a.rhai\"); child(input.file); child(`${input.month}.rhai`)");
}

#[test]
fn what_is_added_to_a_time_is_a_duration() {
    let no = |place: &str| {
        format!(
            "Value {place} \"year\" has no fixed length; write it in days or weeks, or use sleep_until with a date"
        )
    };
    finds("now() + \"1 year\"", &no("(1, 9)"));
    finds("let t = now();\nsleep_until(t + \"1h\" - \"1 year\")", &no("(2, 24)"));
    fine("let t = now() + \"2 days\"; t - \"1h\"; let u = \"a\"; u + \"1 year\"; input.t + \"1 year\"");
    fine("let t = now(); if input.a { t = \"in\"; } t + \"1 year\"");
}

#[test]
fn outputs_beside_numbers() {
    let told = |place: &str, text: &str, what: &str| {
        format!("TextAsNumber {place} {text} is text, and beside a number {what}")
    };
    for (operator, what) in [
        ("<", "< is always false"),
        ("<=", "<= is always false"),
        (">", "> is always false"),
        (">=", ">= is always false"),
        ("==", "== is always false"),
        ("!=", "!= is always true"),
        ("+", "+ writes one behind the other"),
    ] {
        finds(&format!("sh(\"a\").stdout {operator} 3"), &told("(1, 16)", "stdout", what));
        finds(&format!("3 {operator} exec([\"a\"]).stderr"), &told("(1, 3)", "stderr", what));
        finds(
            &format!("let r = sh(\"a\");\nlet b = r.stdout {operator} -1.5; b"),
            &told("(2, 18)", "stdout", what),
        );
        finds(&format!("let n = sh(\"a\").stdout;\nn {operator} 3"), &told("(2, 3)", "'n'", what));
    }
    finds(
        "let r = sh(\"a\"); let n = r.stderr;\nn + 3 + 4",
        &told("(2, 3)", "'n'", "+ writes one behind the other"),
    );
    for text in [
        "r.code + 3",
        "parse_int(r.stdout) > 3",
        "r.stdout.len() > 3",
        "r.stdout == \"3\"",
        "r.stdout > input.n",
        "\"a\" + r.stdout",
        "r.json > 3",
        "r.json.stdout > 3",
        "let n = r.stdout; n = parse_int(n); n > 3",
        "r.stdout = 5; r.stdout > 3",
        "input.stdout > 3",
        "let s = input.a; if s == () { s = r; } s.stdout > 3",
    ] {
        fine(&format!("let r = sh(\"a\"); {text}"));
    }
    fine("fn sh(x) { #{ stdout: 4 } } let r = sh(1); r.stdout > 3 || sh(2).stdout > 3");
    fine("let r = http_get(\"http://a/\"); r.body > 3; let m = #{ stdout: 4 }; m.stdout > 3");
}

#[test]
fn the_language_compares_text_and_numbers_without_a_word() {
    for (text, comes_out) in
        [("<", false), ("<=", false), (">", false), (">=", false), ("==", false), ("!=", true)]
    {
        for script in [format!("\"5\" {text} 3"), format!("5 {text} \"3\"")] {
            assert_eq!(drive(&script).0.ok(), Some(Value::Bool(comes_out)), "{script}");
        }
    }
    assert_eq!(drive("\"5\" + 1").0.ok(), Some(Value::Text("51".to_owned())));
    assert_eq!(drive("1 + \"5\"").0.ok(), Some(Value::Text("15".to_owned())));
}

#[test]
fn log_levels_that_there_are_not() {
    let no = |word: &str| {
        format!("Value (1, 5) there is no log level \"{word}\"; there are debug, info, warn and error")
    };
    for (arguments, word) in [
        ("\"wran\", \"hello\"", "wran"),
        ("\"WARN\", `disk ${input.disk}`", "WARN"),
        ("\"hello\", 5", "hello"),
        ("\"\", 1.5", ""),
        ("\"wran\", input.text, #{ a: 1 }", "wran"),
        ("\"wran\", sh(\"a\").stdout, input.fields", "wran"),
    ] {
        finds(&format!("log({arguments})"), &no(word));
    }
    for arguments in [
        "\"hello\"",
        "\"hello\", #{ a: 1 }",
        "\"hello\", input.fields",
        "\"warn\", \"hello\"",
        "\"error\", \"hello\", #{ a: 1 }",
        "input.level, \"hello\"",
        "8.0, 2.0",
    ] {
        fine(&format!("log({arguments})"));
    }
    fine("fn log(a, b) { a + b } log(\"wran\", \"hello\")");
}

#[test]
fn time_zones_that_there_are_not() {
    for (script, place, zone) in [
        ("today(\"Europe/Berln\")", "(1, 7)", "Europe/Berln"),
        ("now().in_zone(\"CEST\").format(\"%H\")", "(1, 15)", "CEST"),
        ("let t = now(); t.in_zone(\"utc\")", "(1, 26)", "utc"),
        ("in_zone(now(), \"\")", "(1, 16)", ""),
    ] {
        finds(script, &format!("Value {place} \"{zone}\" is no time zone"));
    }
    fine("today(); today(\"UTC\"); today(input.zone); now().in_zone(\"Europe/Berlin\").format(\"%H\")");
    fine("fn today(x) { x } today(\"Europe/Berln\"); fn in_zone(x) { x } now().in_zone(\"utc\")");
    fine("let m = #{ in_zone: |x| x }; m.in_zone(\"utc\")");
}

#[test]
fn functions_that_take_more_than_an_activity_gives() {
    for (call, column) in [("activity(\"f\", 1)", 31), ("start_activity(\"f\")", 37)] {
        finds(
            &format!("fn f(a, b) {{ a + b }} {call}"),
            &format!(
                "Arguments (1, {column}) function f takes 2 arguments; an activity takes one, its input (a map holds several)"
            ),
        );
    }
    fine("fn f() { 1 } fn g(x) { x } activity(\"f\", 1); activity(\"g\"); start_activity(\"g\", 2).join()");
    // The engine takes the one with fewest.
    fine("fn f(a) { a } fn f(a, b) { a + b } activity(\"f\", 1)");
    let (ended, asked) = drive("fn f(a, b) { a + b } activity(\"f\", 1); 5");
    assert!(ended.is_err() && asked.is_empty());
}

#[test]
fn what_came_of_a_signal_as_a_condition() {
    let condition = "a signal is no condition: its payload may be anything, and a time-out gives ()";
    let waited = "let d = wait_signal(\"go\", \"1s\");\n";
    for (text, column) in [("if d { 1 }", 4), ("if input.a && !d { 1 }", 16), ("while d { sleep(1); }", 7)] {
        finds(&format!("{waited}{text}"), &format!("SignalCondition (2, {column}) {condition}"));
    }
    for text in [
        "if d != () { 1 }",
        "if d == () { fail(\"late\") } if d { 1 }",
        "if d != () && d { 1 }",
        "if type_of(d) == \"bool\" && d { 1 }",
        "if d ?? false { 1 }",
        "own(d); if d { 1 } fn own(x) { if x == () { fail(\"late\") } }",
        "if d.ok { 1 }",
        "if input.a { d = true; } if d { 1 }",
    ] {
        fine(&format!("{waited}{text}"));
    }
    fine("let d = wait_signal(\"go\", #{ timeout: \"1s\", otherwise: false }); if d { 1 }");
    fine("fn wait_signal(x) { true } let d = wait_signal(\"go\"); if d || wait_signal(\"go\") { 1 }");
}
