//! Secrets, locks, arguments of the shell, constants, tokens and closures where they do not belong: what is told, and what is meant so.

use super::tests::{finds, fine, told};

#[test]
fn secrets_where_their_values_are_not_put_in() {
    let refused = "a secret among the arguments of a process is refused: everybody could read it with ps";
    let shell =
        "a secret in the text or the arguments of a shell is refused: everybody could read it with ps";
    let placeholder = "what is written is the placeholder that stands for the secret, and not its value";
    for (text, column, message) in [
        ("exec([\"curl\", \"-H\", secret(\"KEY\")])", 21, refused),
        ("let k = secret(\"KEY\"); exec([\"curl\", k])", 38, refused),
        ("exec([\"curl\"] + [secret(\"KEY\")], #{ retry: 2 })", 18, refused),
        ("exec([\"curl\", `Bearer ${secret(\"KEY\")}`])", 24, refused),
        ("exec([\"curl\", \"Bearer \" + secret(\"KEY\")])", 27, refused),
        ("sh(\"curl -H \\\"$1\\\"\", [secret(\"KEY\")])", 23, shell),
        ("write_file(\"key\", secret(\"KEY\"))", 19, placeholder),
    ] {
        finds(text, &format!("Secret (1, {column}) {message}"));
    }
    for text in [
        "exec([\"a\"], #{ stdin: secret(\"KEY\"), env: #{ KEY: secret(\"KEY\") } })",
        "sh(\"a \\\"$KEY\\\"\", #{ env: #{ KEY: secret(\"KEY\") } })",
        "http_get(`https://a/?key=${secret(\"KEY\")}`); log(secret(\"KEY\")); publish(\"a\", secret(\"KEY\"))",
        "let k = secret(\"KEY\"); k = \"plain\"; exec([\"a\", k])",
        "fn secret(x) { x } exec([\"a\", secret(\"KEY\")])",
        "write_file(\"key\", \"text\"); exec([\"a\", input.key])",
    ] {
        fine(text);
    }
}

#[test]
fn locks_within_themselves() {
    let told =
        |place: &str| format!("Lock {place} the lock \"a\" is held here already, and would wait for itself");
    finds("with_lock(\"a\", || with_lock(\"a\", || 1))", &told("(1, 19)"));
    finds("with_lock(\"a\", || attempt(|| with_lock(\"a\", || 1)))", &told("(1, 30)"));
    finds(
        "fn inner() { with_lock(\"a\", || 1) }\nwith_lock(\"a\", #{ timeout: \"1h\" }, || inner())",
        &told("(1, 14)"),
    );
    for text in [
        "with_lock(\"a\", || with_lock(\"b\", || 1)); with_lock(\"a\", || 1)",
        "with_lock(\"a\", || with_lock(input.name, || 1)); with_lock(input.name, || with_lock(\"a\", || 1))",
        "with_lock(\"a\", || strand(|| with_lock(\"a\", || 1)))",
        "with_lock(\"a\", || on_undo(|| with_lock(\"a\", || 1)))",
        "with_lock(\"a\", || exec([\"b\"], #{ undo: || with_lock(\"a\", || 1) }))",
        "with_lock(\"a\", || { let later = || with_lock(\"a\", || 1); later }).call()",
        "fn with_lock(a, b) { b.call() } with_lock(\"a\", || with_lock(\"a\", || 1))",
    ] {
        fine(text);
    }
}

#[test]
fn arguments_that_the_shell_is_not_given() {
    let told =
        |number: usize, given: &str| format!("Dollar (1, 4) ${number} is empty: the shell is given {given}");
    for (text, number, given) in [
        ("sh(\"echo $1\")", 1, "no arguments"),
        ("sh(\"echo $1\", #{ retry: 2 })", 1, "no arguments"),
        ("sh(\"cp \\\"$1\\\" \\\"$2\\\"\", [\"a\"])", 2, "one argument"),
        ("sh(\"echo ${3}\", [\"a\", \"b\"])", 3, "2 arguments"),
        ("sh(\"echo $$1 \\\"it's $2\\\"\", [\"a\"])", 2, "one argument"),
        ("sh(\"x=\\\"$(ls '$9' \\\"$2\\\")\\\"\", [\"a\"])", 2, "one argument"),
    ] {
        finds(text, &told(number, given));
    }
    for text in [
        "sh(\"cp \\\"$1\\\" \\\"$2\\\"\", [\"a\", \"b\"])",
        "sh(\"echo $1\", input.all); sh(\"echo ${2:-none} $0 $# $* $$\", [1])",
        "sh(\"df | awk '{ print $4 }'\")",
        "sh(\"x=\\\"$(df | awk '{ print $4 }')\\\"; echo \\\"$x\\\"\")",
        "sh(\"awk \\\"{ print \\\\$4 }\\\"; echo \\\\$2\")",
        "sh(\"set -- a b; echo $2\"); sh(\"f() { echo $1; }; f a\"); sh(\"# don't\\nawk '{print $2}'\")",
        "sh(\"cat <<END\\n$2 don't\\nEND\"); sh(\"ssh host 'echo $1'\")",
        "fn sh(x) { x } sh(\"$1\")",
    ] {
        fine(text);
    }
}

#[test]
fn what_is_written_to_constants() {
    let lost = "what is written to input is lost: it stays what the run was started with";
    let run = "run cannot be written: it tells of the run";
    for (text, place, message) in [
        ("input.host = 1", "(1, 1)", lost),
        ("input[\"host\"] += 1", "(1, 1)", lost),
        ("fn f() { input.host = 1; } f()", "(1, 10)", lost),
        ("input = 1", "(1, 1)", "input cannot be written: it is what the run was started with"),
        ("run.id = 1", "(1, 1)", run),
        ("run = 1", "(1, 1)", run),
        ("input.hosts.push(1)", "(1, 13)", "push changes what it is called on, and input cannot be changed"),
        (
            "run.answers[0].who.make_upper();",
            "(1, 20)",
            "make_upper changes what it is called on, and run cannot be changed",
        ),
    ] {
        finds(text, &format!("Constant {place} {message}"));
    }
    for text in [
        "let input = #{}; input.host = 1; input.hosts.push(1)",
        "fn f(run) { run.id = 1; run } f(#{})",
        "let mine = input; mine.host = 1; mine.hosts.push(1)",
        "input.hosts.map(|x| x).push(1); input.name.to_upper().trim(); input.hosts[0].len()",
        "fn push(x) { x } input.hosts.push(1)",
        "let m = #{}; m[input.key] = 1; m[run.id] = 2; m",
    ] {
        let told: Vec<String> = told(text).into_iter().filter(|told| told.starts_with("Constant")).collect();
        assert_eq!(told, [""; 0], "{text}");
    }
}

#[test]
fn closures_that_are_none_and_closures_as_values() {
    for (text, message) in [
        ("attempt(sh(\"true\"))", "Value (1, 9) attempt takes a closure, not the result of a process"),
        (
            "step(\"a\", exec([\"b\"]))",
            "Value (1, 11) step takes a closure second, not the result of a process",
        ),
        ("strand(sleep(1))", "Value (1, 8) strand takes a closure, not what a call gives"),
        (
            "let t = attempt(activity(\"charge\")); t",
            "Value (1, 17) attempt takes a closure, not what a call gives",
        ),
        (
            "with_lock(\"a\", http_get(\"http://a/\"))",
            "Value (1, 16) with_lock takes a closure second, not what a call gives",
        ),
        ("on_undo(child(\"a.rhai\"))", "Value (1, 9) on_undo takes a closure, not what a call gives"),
        ("publish(\"a\", || 1)", "Value (1, 14) publish records its value, and a closure cannot be recorded"),
        (
            "activity(\"charge\", #{ f: [|x| x] })",
            "Value (1, 27) activity records its value, and a closure cannot be recorded",
        ),
        (
            "restart_with(|| 1)",
            "Value (1, 14) restart_with records its value, and a closure cannot be recorded",
        ),
        (
            "wait_token(\"order-7\")",
            "Value (1, 12) \"order-7\" is none of this run's tokens: no run gives one that is known before",
        ),
    ] {
        let told = told(text);
        assert!(told.iter().any(|told| told == message), "{text}: {told:?}");
    }
    for text in [
        "let tried = attempt(with_lock(\"a\", || || 1)); tried.ok",
        "fn activity(x) { || x } let tried = attempt(activity(1)); tried.ok",
        "fn make() { || 1 } let tried = attempt(make()); tried.ok",
        "let body = || 1; step(\"a\", body); attempt(|| sh(\"true\")).ok",
        "strand(sleep(1), |x| x).join(); parallel(activity(\"charge\"), |x| x)",
        "let t = token(); wait_token(t); wait_token(input.token)",
        "publish(\"a\", 1); activity(\"charge\", #{}, #{ retry: 2, undo: || 1 })",
        "fn publish(a, b) { b } publish(\"a\", || 1)",
    ] {
        fine(text);
    }
}
