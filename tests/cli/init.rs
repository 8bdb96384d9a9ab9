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
    home.durun(&["init", "taken"])
        .exit(2)
        .err(
            "error[D0205]: taken is a file: durun init makes a folder, or fills one that is there\n |\n \
             = help: durun init --help shows how it is written\n",
        )
        .check();
    let refused = home.durun(&["init", "taken/below"]).exit(74).failure();
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

/// agentwire-dev #449 wrote its state into the user's configuration, and lost it.
#[test]
fn peer_bug_state_is_written_into_the_users_configuration() {
    let text = "# mine\n[limits]\nactivities   = 2 # not more\n\n[notify]\n";
    let mine = Home::new();
    mine.file("durun.toml", text);
    let file = mine.path().join("durun.toml");
    let at = || std::fs::metadata(&file).and_then(|data| data.modified()).expect("it is there");
    let written = at();
    let bare = Home::new();
    for home in [&mine, &bare] {
        home.file("s.rhai", "let x = step(\"a\", || 1); wait_signal(\"go\"); x").file("s_test.rhai", "");
        home.file("fails.rhai", "fail(\"no\")");
        for words in [
            "start s.rhai --record-only --id a",
            "start fails.rhai --id f",
            "start s.rhai --queue q --max-concurrent 1 --record-only --id q",
            "schedule add nightly s.rhai --cron 0_3_*_*_*",
            "schedule pause nightly",
            "schedule resume nightly",
            "schedule remove nightly",
            "signal a go",
            "tick",
            "signal q go",
            "resume q",
            "rewind a --to 0",
            "upgrade a --script s.rhai",
            "retry f",
            "check s.rhai",
            "test",
            "list -a",
            "status a",
            "why a",
            "doctor",
            "cancel q",
            "terminate q",
            "prune --older-than 0s --compact",
            "completions bash",
        ] {
            let words: Vec<String> = words.split(' ').map(|word| word.replace('_', " ")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            // Whatever it answers: of what it answers, others speak.
            drop(home.durun(&words).make());
        }
    }
    assert_eq!((std::fs::read_to_string(&file).expect("there").as_str(), at()), (text, written));
    assert!(!bare.path().join("durun.toml").exists());
    let out = mine.durun(&["init"]).stdout();
    assert!(out.contains("durun.toml                   kept as it is\n"), "{out}");
    assert_eq!((std::fs::read_to_string(&file).expect("there").as_str(), at()), (text, written));
    assert!(bare.durun(&["init"]).stdout().contains("durun.toml                   written\n"));
}
