//! `durun check`: what it finds, how it is shown, its exit code.

use crate::harness::Home;
use crate::terminal::Terminal;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

const ORDER: &str = "\
let n = 0;
for host in input.hosts {
    slep(\"1s\");
    on_signal(host, |_data| print(host));
}
activity(\"chrage\", n, #{timeout: \"1s\"})
";

#[test]
fn findings_are_shown_with_their_lines_and_fail() {
    let home = Home::new();
    home.file("order.rhai", ORDER).file("activities/charge", "#!/bin/sh\n");
    home.durun(&["check", "order.rhai"])
        .exit(1)
        .out(
            "\
error[D1310]: there is no function slep
 --> order.rhai:3:5
  |
3 |     slep(\"1s\");
  |     ^^^^
  |
  = help: did you mean sleep?

warning[D1322]: the closure shares 'host' with the loop: later it sees the last one
 --> order.rhai:4:35
  |
4 |     on_signal(host, |_data| print(host));
  |                                   ^^^^
  |
  = help: let it capture a copy: let this_one = host;

error[D1315]: nothing answers the activity \"chrage\"
 --> order.rhai:6:10
  |
6 | activity(\"chrage\", n, #{timeout: \"1s\"})
  |          ^^^^^^^^
  |
  = help: write fn chrage(input), an executable activities/chrage, or [activity.chrage] in durun.toml
",
        )
        .check();
}

#[test]
fn warnings_fail_only_where_they_are_asked_to() {
    let home = Home::new();
    home.file("a.rhai", "wait_signal(\"a\", \"1h\");\n1\n");
    let shown = home.durun(&["check", "a.rhai"]).stdout();
    assert!(shown.starts_with("warning[D1320]: "), "{shown}");
    home.durun(&["check", "--strict", "a.rhai"]).exit(1).out(&shown).check();
    home.file("b.rhai", "wait_signal(\"a\")");
    home.durun(&["check", "--strict", "b.rhai"]).check();
    assert!(!home.store().exists(), "no store is made");
}

#[test]
fn json_has_positions_and_a_text_that_is_no_script_is_a_finding() {
    let home = Home::new();
    home.file("a.rhai", "let x = ;")
        .file("b.rhai", "import \"lib/c\" as c; c::f()")
        .file("lib/c.rhai", "fn f() { y }");
    home.durun(&["check", "-o", "jsonl", "a.rhai", "b.rhai"])
        .exit(1)
        .out(
            "{\"code\":\"D0406\",\"column\":9,\"file\":\"a.rhai\",\"hint\":\"the expression before it is not complete: a value is missing there\",\"level\":\"error\",\"line\":1,\"message\":\"a.rhai is no valid script: Unexpected ';'\",\"schema\":1}\n{\"code\":\"D1312\",\"column\":10,\"file\":\"lib/c.rhai\",\"hint\":\"functions do not see the variables of the script: hand them over as arguments\",\"level\":\"error\",\"line\":1,\"message\":\"there is no variable 'y'\",\"schema\":1}\n",
        )
        .check();
    home.durun(&["check", "-o", "json", "lib/c.rhai"]).exit(1).stdout();
    let missing = home.durun(&["check", "gone.rhai"]).exit(4);
    missing.err("error[D0401]: there is no script gone.rhai\n |\n = help: give the path of a script as it is seen from here; durun init writes a first one\n").check();
}

#[test]
fn the_samples_have_no_errors() {
    let home = Home::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("samples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "rhai") {
            home.durun(&["check", path.to_str().expect("text")]).stdout();
            count += 1;
        }
    }
    assert!(count > 10, "only {count} samples");
}

#[test]
fn watch_checks_again_after_a_change() {
    let home = Home::new();
    home.file("a.rhai", "slep(1)");
    let mut child = Command::new(env!("CARGO_BIN_EXE_durun"))
        .args(["check", "--watch", "-o", "jsonl", "a.rhai"])
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert!(next().contains("slep"));
    home.file("a.rhai", "slipe(1)");
    let line = next();
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(line.contains("slipe"), "{line}");
}

const TWO: &str =
    "let paid = step(\"charge\", || 1);\nif input.wait { wait_signal(\"go\"); }\nstep(\"ship\", || paid)\n";

#[test]
fn each_run_of_a_script_is_replayed_against_the_file_and_nothing_is_changed() {
    let home = Home::new();
    home.file("order.rhai", TWO).file("other.rhai", "1");
    home.durun(&["-v", "check", "order.rhai", "--runs"])
        .err("nothing found in order.rhai\nno runs of that script\n")
        .check();
    assert!(!home.store().exists(), "no store is made");
    home.durun(&["start", "order.rhai", "--id", "a", "-i", "wait:=true", "--park-after", "0s"]).make();
    home.durun(&["start", "order.rhai", "--id", "b", "-i", "wait:=false"]).out("1\n").check();
    home.durun(&["start", "other.rhai", "--id", "other"]).out("1\n").check();
    let check = ["check", "order.rhai", "--runs"];
    home.durun(&check)
        .out(
            "ID  STATUS     ENTRIES  VERDICT\n\
             b   completed  4        ok: it has that text\n\
             a   waiting    2        ok: it has that text\n",
        )
        .check();
    // What is behind the last entry may be any other.
    home.file("order.rhai", format!("// mended\n{TWO}; step(\"mail\", || 2)\n"));
    home.durun(&check)
        .out(
            "ID  STATUS     ENTRIES  VERDICT\n\
             b   completed  4        ok: it has ended, and under the text would go on\n\
             a   waiting    2        ok\n",
        )
        .check();
    home.file("order.rhai", format!("// mended\n{}", TWO.replace("\"ship\"", "\"send\"")));
    home.durun(&check)
        .exit(1)
        .out(
            "ID  STATUS     ENTRIES  VERDICT\n\
             b   completed  4        differs at entry 2: step \"ship\" (line 3) is recorded, step \"send\" (line 4) asked for\n\
             a   waiting    2        ok\n",
        )
        .check();
    home.durun(&["check", "order.rhai", "--runs=open"]).stdout();
    home.file("order.rhai", TWO.replace("wait_signal(\"go\")", "sleep(1)"));
    let shown = home.durun(&["check", "order.rhai", "--runs=open", "-o", "json"]).exit(1).stdout();
    for said in
        ["\"findings\": []", "\"entry\": null", "\"op\": 1", "wait_signal \\\"go\\\"", "\"asked\": \"sleep\""]
    {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    home.file("order.rhai", "1");
    let (out, _) = home.durun(&check).exit(1).both();
    assert!(out.contains("differs at entry 1: step \"charge\" (line 1) is recorded, not asked for"), "{out}");
    home.durun(&["result", "b"]).out("1\n").check();
}

#[test]
fn a_fault_of_the_new_text_is_told_with_its_line() {
    let home = Home::new();
    home.file("order.rhai", TWO);
    home.durun(&["start", "order.rhai", "--id", "b", "-i", "wait:=false"]).out("1\n").check();
    home.file(
        "order.rhai",
        TWO.replace("|| paid", "|| 1 + paid.x").replace("if input", "let a = paid.y;\nif input"),
    );
    let (out, _) = home.durun(&["check", "order.rhai", "--runs"]).exit(1).both();
    assert!(out.contains("differs at entry 1: ") && out.ends_with("(line 2)\n"), "{out}");
}

#[test]
fn without_a_file_all_scripts_of_the_folder_are_checked() {
    let home = Home::new();
    home.file("jobs/a.rhai", "slep(1);").file("b.rhai", "let x = nobody;").file("b_test.rhai", "nobody();");
    home.file("definitions/x.d.rhai", "fn nobody();").file(".hidden/c.rhai", "nobody();");
    let (out, _) = home.durun(&["check"]).exit(1).both();
    assert!(out.contains("--> b.rhai:1:9") && out.contains("--> jobs/a.rhai:1:1"), "{out}");
    assert_eq!(out.matches("--> ").count(), 2, "{out}");
    let (out, _) = home.durun(&["check", "jobs"]).exit(1).both();
    assert_eq!(out.matches("--> ").count(), 1, "{out}");
    let (_, err) = home.durun(&["check", "definitions"]).exit(4).both();
    assert!(err.contains("there is no script in definitions or below it"), "{err}");
}

#[test]
fn where_somebody_looks_on_it_is_told_which_files_were_looked_at() {
    let home = Home::new();
    home.file("a.rhai", "1").file("jobs/b.rhai", "2");
    home.durun(&["check"]).check();
    home.durun(&["-v", "check"]).err("nothing found in a.rhai, jobs/b.rhai\n").check();
    for more in ["c", "d", "e", "f"] {
        home.file(&format!("{more}.rhai"), "slep(1); let x = \" a\".trim();");
    }
    let (_, err) = home.durun(&["-v", "check"]).exit(1).both();
    assert_eq!(err, "4 errors and 4 warnings in 6 scripts\n");
    let Some(terminal) = Terminal::open(&home, 80, &["check", "a.rhai"], &[]) else { return };
    assert_eq!(terminal.end().screen, "nothing found in a.rhai");
}

#[test]
fn an_activity_that_a_test_mocks_is_a_warning() {
    let home = Home::new();
    home.file("order.rhai", "activity(\"charge\", 1); activity(\"mail_all\", 1);");
    home.file(
        "order_test.rhai",
        "test(\"pays\", || { mock(\"charge\", 1); mock(\"mail*\", 1); mock(\"*\", 1); run() });",
    );
    let out = home.durun(&["check", "order.rhai"]).stdout();
    let first = "warning[D1315]: nothing but a mock of a test answers the activity \"charge\"\n";
    assert!(out.starts_with(first) && out.matches("warning[D1315]").count() == 2, "{out}");
    home.file("order_test.rhai", "test(\"pays\", || { mock(\"*\", 1); run() });");
    let out = home.durun(&["check", "order.rhai"]).exit(1).stdout();
    assert!(out.starts_with("error[D1315]: nothing answers the activity \"charge\"\n"), "{out}");
}

#[test]
fn a_field_that_is_called_like_a_word_of_the_language_is_told_how_it_is_written() {
    let home = Home::new();
    let read = |word: &str, of: &str| {
        format!("{word} is a word of the language: the field is written {of}[\"{word}\"]")
    };
    let key = |word: &str| {
        format!(
            "{word} is a word of the language: as a key it is written #{{\"{word}\": …}}, and read as data[\"{word}\"]"
        )
    };
    for (text, hint) in [
        ("#{\"call\": 1}.call", read("call", "data")),
        ("input.type_of", read("type_of", "input")),
        ("let m = #{}; m.a.if", read("if", "a")),
        ("let m = #{}; m.switch = 3", read("switch", "m")),
        ("f(x).new", read("new", "data")),
        ("let m = #{call: 1};", key("call")),
        ("let m = #{a: 1, if: 1};", key("if")),
        ("let m = #{\n    a: 1,\n    private: 1\n};", key("private")),
        ("let default = 1;", "the word belongs to the language: take another name".to_owned()),
        (
            "let x = try { 1 } catch { 2 };",
            "try is a statement: let x = (); try { x = …; } catch (error) { x = …; }".to_owned(),
        ),
    ] {
        home.file("a.rhai", text);
        let out = home.durun(&["check", "a.rhai"]).exit(1).stdout();
        assert!(out.ends_with(&format!("\n  = help: {hint}\n")), "{text}: {out}");
    }
    home.file("a.rhai", "let m = #{\"call\": 1}; m[\"call\"]");
    home.durun(&["start", "a.rhai"]).out("1\n").check();
}

#[test]
fn what_other_languages_write_is_answered_with_what_is_written_here() {
    let home = Home::new();
    for (text, hint) in [
        ("print('hello');", "text stands in double quotes"),
        ("step(\"x\" || 1);", "|| begins a closure after a comma: step(\"name\", || …)"),
        ("step(\"x\", () => 1);", "a closure is written |x| x + 1, or || 1"),
        ("[1].map(x => x + 1);", "a closure is written |x| x + 1, or || 1"),
        ("exec([\"a\"], timeout=5);", "what is named stands in a map: name(value, #{ option: value })"),
        ("try { 1; } catch e { 2; }", "the error stands in brackets: catch (error) { … }"),
        ("let m = { name: 1 };", "a map is written #{ name: value }"),
        ("let m = { \"name\": 1 };", "a map is written #{ name: value }"),
        ("let x = null;", "nothing is written ()"),
        ("let y = await f();", "a call waits by itself until its result is there: leave the word out"),
        ("import \"nowhere\" as n;", "it is looked for beside the script that imports it"),
        ("let a = [1 2];", "a ',' before this place is missing, or the bracket at the end"),
        ("print(\"a\" \"b\");", "a ',' before this place is missing, or the bracket at the end"),
        ("let x = None;", "nothing is written ()"),
        ("let x = True;", "it is written true"),
        ("print(argv);", "what the run was started with is input: input.name for -i name=…"),
        ("console.log(\"x\");", "print(value) writes into the run's log"),
        (
            "retry(3, || 1);",
            "it is an option of calls: activity(name, input, #{ retry: 3, timeout: \"30s\" })",
        ),
        ("x = 1; exit 1;", "end the script with its last expression"),
        ("let x = new Map();", "a map is written #{ name: value }, an error"),
        ("use foo;", "another script is imported so"),
        ("require \"x\";", "another script is imported so"),
        ("print(await f());", "a call waits by itself"),
        ("let go = 1;", "the word belongs to the language: take another name"),
        ("let a = input.x || \"data\";", "what stands in for nothing is written x ??"),
        ("try { 1 } catch { 2 } finally { 3 }", "what is done in any case stands behind"),
        ("go(|| 1);", "work beside the rest is begun so"),
        ("spawn(|| 1);", "work beside the rest is begun so"),
        ("static x = 1;", "a variable is written let name"),
        ("echo \"x\"", "programs are called so"),
        ("export X=1", "programs are called so"),
        ("exec \"ls\"", "a call has its arguments in brackets"),
        ("print \"x\"", "a call has its arguments in brackets: print"),
        ("if x == 1 then print(1)", "it is written if x"),
        ("let x = 1 if y;", "it is written if x"),
        ("if true { 1 } elif false { 2 }", "it is written if x"),
        ("let a = 1; let x = a ? 1 : 2;", "it is written if x"),
        ("unless x { }", "it is written if x"),
        ("if [ -z \"$X\" ]; then", "a condition is written if x == \"\" { … }"),
        ("if [[ -f a ]]; then", "a condition is written if x == \"\" { … }"),
        ("let x = true and false;", "conditions are written !x"),
        ("for (let i = 0; i < 3; i++) { }", "a loop is written"),
        ("while True:", "a loop is written"),
        ("foreach x in [1] { }", "a loop is written"),
        ("let {a, b} = m;", "one variable at a time"),
        ("let x: i64 = 1;", "types are not written"),
        ("fn f(x: int) { 1 }", "types are not written"),
        ("fn f(x = 1) { x }", "a parameter has no default"),
        ("fn f(x) -> int { 1 }", "a function is written"),
        ("def f(x):", "a function is written"),
        ("let a = 1, b = 2;", "each variable has a statement of its own"),
        ("let my-var = 1;", "a name has letters"),
        ("let x = 1; x++;", "it is written x += 1;"),
        ("let x = 1; if x === 1 { }", "it is written x == y"),
        ("let x = 1; if x <> 1 { }", "what is not equal"),
        ("x := 3", "it is written let x = 1;"),
        ("const X = 1; X = 2;", "what is to change is declared with let"),
        ("# comment", "a comment begins with //"),
        ("-- comment", "a comment begins with //"),
        ("$x = 1", "a variable is written by its name alone"),
        ("print(f\"{x}\")", "text with values in it stands between backticks"),
        ("sleep(1h)", "a duration is text"),
        ("step(\"x\") { 1 }", "what a step or strand does is a closure"),
        ("step(\"x\", fn() { 1 })", "a closure is written"),
        ("let f = lambda x: 1;", "a closure is written"),
        ("try { 1 } finally { 2 }", "what is done in any case"),
        ("switch 1 { case 1: 2 }", "a choice by value is written"),
        ("match 1 { 1 => 2 }", "a choice by value is written"),
        ("println(\"x\");", "did you mean print?"),
        // The script's own word is nearer than that of another language.
        ("let arg = 1; print(args);", "did you mean arg?"),
    ] {
        home.file("a.rhai", text);
        let out = home.durun(&["check", "a.rhai"]).exit(1).stdout();
        assert!(out.contains(&format!("\n  = help: {hint}")), "{text}: {out}");
    }
    home.file("upload.sh", "#!/bin/sh\n# uploads\nexit 1\n");
    let out = home.durun(&["start", "upload.sh"]).exit(2).failure();
    assert!(
        out.contains("= help: a program of another language is one durable step so: durun exec -- "),
        "{out}"
    );
    // A condition that is none is no closure.
    home.file("a.rhai", "let a = true; if a || 5 { 1 }");
    let out = home.durun(&["check", "a.rhai"]).exit(1).stdout();
    assert!(!out.contains("closure"), "{out}");
}

#[test]
fn a_catch_block_whose_value_is_lost_is_told_and_what_is_advised_keeps_it() {
    let home = Home::new();
    home.file("a.rhai", "try { fail(\"no\") } catch (e) { e.message }");
    let out = home.durun(&["check", "a.rhai"]).stdout();
    let shown = "warning[D1372]: what a catch block gives is lost: after an error the value is ()\n --> a.rhai:1:32\n";
    assert!(out.starts_with(shown), "{out}");
    home.durun(&["start", "a.rhai"]).check();
    for kept in [
        "let x = (); try { x = fail(\"no\"); } catch (e) { x = e.message; } x",
        "try { fail(\"no\") } catch (e) { return e.message; }",
    ] {
        home.file("b.rhai", kept);
        home.durun(&["check", "--strict", "b.rhai"]).check();
        home.durun(&["start", "b.rhai"]).out("no\n").check();
    }
}

#[test]
fn a_person_who_watches_sees_how_things_stand_now() {
    let home = Home::new();
    home.file("a.rhai", "slep(1)");
    let Some(terminal) = Terminal::open(&home, 100, &["check", "--watch", "a.rhai"], &[]) else { return };
    let watched = "; looking again after each change, until Ctrl-C";
    terminal.until(&["there is no function slep", &format!("1 error in a.rhai{watched}")]);
    home.file("a.rhai", "sleep(1)");
    let screen = terminal.until(&[&format!("nothing found in a.rhai{watched}")]);
    assert!(!screen.contains("slep("), "what is mended is gone: {screen}");
    home.file("a.rhai", "sleep(");
    terminal.until(&["a.rhai is no valid script", "1 error in a.rhai"]);
    std::fs::remove_file(home.path().join("a.rhai")).expect("removed");
    terminal.until(&["it is gone; watching for it to come back"]);
    home.file("a.rhai", "sleep(2)");
    let screen = terminal.until(&[&format!("nothing found in a.rhai{watched}")]);
    assert!(!screen.contains("gone"), "{screen}");
}

#[test]
fn eval_is_closed_and_says_so() {
    let home = Home::new();
    home.file("a.rhai", "let x = eval(\"1\"); x");
    let (out, err) = home.durun(&["check", "a.rhai"]).exit(1).both();
    let said = format!("{out}{err}");
    assert!(said.contains("= help: eval is not offered in durun: a run does what stands in"), "{said}");
}

#[test]
fn the_help_of_no_script_does_not_lead_to_where_one_is() {
    let home = Home::new();
    home.file("a.rhai", "params(#{ day: today() });\n");
    let told = home.durun(&["check", "a.rhai"]).exit(1).both().0;
    assert!(
        told.starts_with("error[D0406]: a.rhai is no valid script") && !told.contains("durun check"),
        "{told}"
    );
    let told = home.durun(&["start", "a.rhai"]).exit(2).failure();
    assert!(told.contains("durun check a.rhai looks again"), "{told}");
}

#[test]
fn a_statement_without_an_end_is_shown_at_its_end() {
    let home = Home::new();
    for (text, place, hint) in [
        ("let a = \"x\"\nsh(\"echo $1\", [a]);", "a.rhai:1:11", "put ';' at the end of this line"),
        ("let a = 1 // one\nexec([\"ls\"]);", "a.rhai:2:1", "put ';' at the end of the line above"),
        ("let a = 1\n\nlet b = 2;", "a.rhai:3:1", "put ';' at the end of the line above"),
        ("sh \"ls\";", "a.rhai:1:4", "a call has its arguments in brackets"),
    ] {
        home.file("a.rhai", text);
        let told = home.durun(&["check", "a.rhai"]).exit(1).stdout();
        assert!(told.contains(place) && told.contains(hint), "{text}: {told}");
    }
}

#[test]
fn slips_of_newcomers_are_answered_with_what_is_written_here() {
    let home = Home::new();
    for (text, hint) in [
        ("let x = 1; if x = 2 { 3 }", "whether two are the same is asked with =="),
        ("let x = true; if x and x { 3 }", "conditions are written !x, x && y"),
        ("let x = true; if not x { 3 }", "conditions are written !x, x && y"),
        ("let x = true; let y = if x then 1 else 2;", "it is written if x { … }"),
        ("let x = 1; if x == 1 { 2 } else if", "something that was begun has no end"),
        ("\"\\d+\"", "a backslash is written \\\\; between backticks"),
        ("let m = #{x = 1};", "a map is written #{ name: value }"),
        ("if 1 { 2 }", "a condition is true or false"),
        ("for i in 5 { i }", "so many times: for i in 0..5"),
        ("for (k, v) in #{a: 1} { k }", "of a map: for name in map.keys()"),
        ("let f = x => x + 1;", "a closure is written"),
        ("try { 1 } except { 2 }", "an error is caught so"),
        ("do { 1 }", "what is repeated until a condition holds"),
        ("[1, 2][0:1]", "a part of a text is"),
        ("[x for x in [1]]", "a list is made of another so"),
        ("let d = $(date);", "programs are called so"),
        ("for i in range(10) { i }", "a range is written 0..10"),
        ("exec(\"ls\", \"-l\")", "exec([\"ls\", \"-l\"])"),
        ("sh(\"echo $1\", \"a\")", "its arguments are a list"),
    ] {
        home.file("a.rhai", text);
        let out = home.durun(&["check", "a.rhai"]).exit(1).stdout();
        assert!(out.contains(&format!("\n  = help: {hint}")), "{text}: {out}");
    }
}
