//! `durun start`: what is recorded, and what the same id means a second time.

use crate::harness::Home;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_recorded_run_prints_its_id_and_nothing_else() {
    let home = Home::new();
    home.file("a.rhai", "1");
    let made = home.durun(&["start", "a.rhai", "--record-only"]).stdout();
    let id = made.trim_end();
    assert_eq!(id.len(), 10, "{id}");
    assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{id}");
    home.durun(&["status", "@last", "-o", "jsonl"])
        .stdout()
        .contains(id)
        .then_some(())
        .expect("the last one");
    let mode = home.store().metadata().expect("a store").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "the store is its user's alone");
}

#[test]
fn the_same_again_is_the_same_run() {
    let home = Home::new();
    home.file("a.rhai", "1").file("b.rhai", "1");
    let start = |script: &str, more: &[&str]| {
        home.durun(&[&["start", script, "--record-only", "--id", "one"], more].concat())
    };
    start("a.rhai", &["-i", "x:=1", "-i", "y=2"]).out("one\n").check();
    start("./a.rhai", &["--input", r#"{"y": "2", "x": 1}"#]).out("one\n").check();
    start("a.rhai", &["-i", "x=1", "-i", "y=2"])
        .exit(7)
        .err(
            "error[D0502]: run one exists with another input\n \
             |\n \
             = note: recorded: {\"x\":1,\"y\":\"2\"}\n         \
             now given: {\"x\":\"1\",\"y\":\"2\"}\n \
             = help: another --id starts another run; durun status one shows the one there is\n",
        )
        .check();
    start("b.rhai", &["-i", "x:=1", "-i", "y=2"])
        .exit(7)
        .err(
            "error[D0501]: run one exists with another script\n \
             |\n \
             = note: recorded: ~/a.rhai\n         \
             now given: ~/b.rhai\n \
             = help: another --id starts another run; durun status one shows the one there is\n",
        )
        .check();
}

#[test]
fn an_ended_run_is_reported_with_its_exit_code_also_when_the_script_was_edited() {
    let home = Home::recorded("one");
    home.durun(&["terminate", "one", "--reason", "enough"]).check();
    let block = "error[D0103]: run one was terminated: enough\n |\n = help: durun history one tells how far it came\n";
    home.durun(&["start", "order.rhai", "--id", "one"]).exit(5).err(block).check();
    home.file("order.rhai", "2");
    home.durun(&["-v", "order.rhai", "--id", "one"])
        .exit(5)
        .err(&format!(
            "note: order.rhai was edited since run one; this is that run's result\n\
             run one exists with the same script and input: this is how it stands\n{block}"
        ))
        .check();
}

#[test]
fn an_edited_script_changes_nothing_for_an_open_run() {
    let home = Home::recorded("one");
    home.file("order.rhai", "2");
    home.durun(&["-v", "start", "order.rhai", "--id", "one", "--record-only"])
        .out("one\n")
        .err(
            "note: order.rhai was edited; run one goes on under the text it was started with; under the new one, once it is \
             parked (Ctrl-C, or kill): durun upgrade one --script ~/order.rhai && durun resume one; another --id starts a new \
             run\n",
        )
        .check();
    let told = home.durun(&["start", "order.rhai", "--id", "one", "--park-after", "0s"]).make().1;
    assert!(told.starts_with("note: order.rhai was edited; run one goes on under the text it was"), "{told}");
    let quiet = home.durun(&["-q", "start", "order.rhai", "--id", "one", "--record-only"]);
    quiet.out("one\n").check();
    home.file("order.rhai", "wait_signal(\"other\")");
    let told = home.durun(&["start", "order.rhai", "--id", "one", "--record-only"]).spoken();
    let way = "it was started with, and could not go on under the new one (op 0: the history has wait_signal \"picked\", ";
    assert!(told.contains(way), "{told}");
}

#[test]
fn input_comes_from_pairs_a_file_or_stdin() {
    let home = Home::new();
    home.file("a.rhai", "1").file("in.json", "{\"a\": [1, 2.5, null]}");
    let start = |id: &str, more: &[&str]| {
        home.durun(&[&["start", "a.rhai", "--record-only", "--id", id], more].concat())
    };
    start("file", &["--input", "@in.json"]).out("file\n").check();
    start("file", &["--input", "-"]).stdin(" {\"a\":[1,2.5,null]} ").out("file\n").check();
    start("file", &["-i", "a:=[1,2.5,null]"]).out("file\n").check();
}

#[test]
fn env_records_what_is_set_and_refuses_what_is_not() {
    let home = Home::new();
    home.file("a.rhai", "1");
    let start = |more: &str| home.durun(&["start", "a.rhai", "--record-only", "--id", "a", "--env", more]);
    start("NOT_SET").exit(2).err("error[D0204]: --env NOT_SET: no such variable is set here\n |\n = help: set it for this command: NOT_SET=VALUE durun …; or export it: export NOT_SET\n").check();
    start("A=b")
        .exit(2)
        .err("error[D0205]: --env takes the name of a variable; its value is taken from the environment\n |\n = help: durun start --help shows how it is written\n")
        .check();
    start("GIVEN").env("GIVEN", "x").out("a\n").check();
}

#[test]
fn calls_are_shown_by_the_names_that_they_are_given() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "exec([\"sh\", \"-c\", \"echo packed >&2\"], #{ name: \"pack\" });\n\
         sh(\"true\", #{ name: \"check it\" });\n\
         try { http_get(\"http://127.0.0.1:1/\", #{ name: \"tell\", retry: false }) } catch {}\n\
         exec([\"sh\", \"-c\", \"exit 3\"], #{ name: \"copy\", retry: false });\n",
    );
    let err = home.durun(&["start", "s.rhai", "--id", "r"]).exit(1).failure();
    assert!(
        err.contains("exec \"copy\", attempts: 1") && err.contains("durun logs r copy what it wrote"),
        "{err}"
    );
    let story = home.durun(&["history", "r"]).stdout();
    for shown in [
        "✓ exec pack (sh -c 'echo packed >&2') ·",
        "✓ sh check it (true) ·",
        "✗ http tell ·",
        "✗ exec copy (sh -c 'exit 3') ·",
    ] {
        assert!(story.contains(shown), "{shown}: {story}");
    }
    assert!(home.durun(&["logs", "r", "pack"]).stdout().contains("packed"));
    // The name is part of what replay compares, as that of a step.
    let text = std::fs::read_to_string(home.path().join("s.rhai")).expect("the script");
    home.file("s.rhai", text.replace("\"pack\"", "\"wrap\""));
    let err = home.durun(&["retry", "r", "--script", "s.rhai"]).exit(8).failure();
    assert!(err.contains("the history has exec \"pack\", the script now asks for exec \"wrap\""), "{err}");
    home.file("bad.rhai", "exec([\"true\"], #{ name: \" \" })");
    let err = home.durun(&["start", "--unchecked", "bad.rhai"]).exit(8).failure();
    assert!(err.contains("name is a line with something to read in it"), "{err}");
    home.file(
        "long.rhai",
        "let name = \"one\\n\"; for i in 0..99 { name += \"x\"; } exec([\"true\"], #{ name: name }).code",
    );
    home.durun(&["start", "long.rhai", "--id", "long"]).out("0\n").check();
    let story = home.durun(&["history", "long"]).stdout();
    assert!(story.contains(&format!("exec one {}…", "x".repeat(95))), "{story}");
}
