//! `durun init`: a folder to begin in.

use crate::harness::Home;

#[test]
fn a_folder_is_made_in_which_the_script_runs_and_has_no_mistakes() {
    let home = Home::new();
    home.durun(&["init", "my jobs"])
        .out(
            "durun.toml                   written\n\
             hello.rhai                   written\n\
             hello_test.rhai              written\n\
             activities/greet             written\n\
             definitions/durun.d.rhai     written\n\
             definitions/language.d.rhai  written\n\
             \n\
             Next: cd 'my jobs' && durun hello.rhai\n",
        )
        .check();
    home.durun(&["check", "my jobs/hello.rhai"]).check();
    // Ten seconds are not waited for: what comes before the sleep, and how long the sleep is.
    home.executed_until(
        &["start", "my jobs/hello.rhai", "-i", "name=Ada", "--id", "first"],
        "first",
        &["\"sleep\""],
    );
    assert!(home.durun(&["logs", "first"]).stdout().contains("Hello, Ada!"));
    let definitions =
        std::fs::read_to_string(home.path().join("my jobs/definitions/durun.d.rhai")).expect("there");
    assert!(definitions.contains("fn activity(name: String, input: ?, options: Map) -> ?;"));
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let home = Home::new();
    home.file("hello.rhai", "mine").file("activities/greet", "mine, too");
    let out = home.durun(&["init"]).stdout();
    assert!(out.contains("hello.rhai                   kept as it is\n"), "{out}");
    assert!(out.ends_with("\nNext: durun hello.rhai\n"), "{out}");
    let here = home.durun(&["init", "."]).stdout();
    assert!(here.ends_with("\nNext: durun hello.rhai\n"), "{here}");
    let text = |name: &str| std::fs::read_to_string(home.path().join(name)).expect("there");
    assert_eq!((text("hello.rhai"), text("activities/greet")), ("mine".to_owned(), "mine, too".to_owned()));
    let again = home.durun(&["init", "-o", "jsonl"]).stdout();
    assert!(!again.contains("\"written\":true"), "{again}");
    home.file("taken", "");
    let refused = home.durun(&["init", "taken"]).exit(74).failure();
    assert!(refused.contains("D1420"), "{refused}");
}

#[test]
fn the_rest_of_the_script_comes_to_its_result() {
    let home = Home::new();
    home.durun(&["init"]).stdout();
    let script = std::fs::read_to_string(home.path().join("hello.rhai")).expect("there");
    home.file("hello.rhai", script.replace("sleep(\"10s\")", "sleep(\"10ms\")"));
    let out = home.durun(&["hello.rhai", "-i", "name=Ada"]).stdout();
    let tested = home.durun(&["test"]).stdout();
    assert!(tested.ends_with("1 passed\n"), "{tested}");
    assert_eq!(out, "{\"greeting\":\"Hello, Ada!\",\"letters\":\"11\"}\n");
}
