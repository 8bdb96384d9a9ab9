//! Words that are no command, and help.

use crate::harness::Home;

#[test]
fn a_wrong_word_is_exit_2_and_the_right_one_is_named() {
    Home::new()
        .durun(&["statsu", "x"])
        .exit(2)
        .err(
            "error: unrecognized subcommand 'statsu'\n\n  \
             tip: some similar subcommands exist: 'start', 'status'\n\n\
             Usage: durun [OPTIONS] [COMMAND]\n\nFor more information, try '--help'.\n",
        )
        .check();
}

#[test]
fn a_word_of_another_program_is_told_durun_s_own() {
    let home = Home::new();
    for (words, tip) in [
        (&["ps"][..], "durun list lists the runs; durun alone says how all stand"),
        (&["-q", "kill", "x"], "durun cancel ID asks a run to end, durun terminate ID ends it at once"),
        (&["show", "x"], "durun status ID shows where a run is, durun history ID what happened in it"),
        (
            &["rm", "x"],
            "durun prune forgets runs that ended long ago; durun terminate ID ends one that has not",
        ),
        (&["run", "--name", "x", "a.rhai"], "a run is named with --id"),
        (&["start", "a.rhai", "-d"], "--detach goes on in the background"),
        (&["start", "a.rhai", "--param", "a=1"], "each field of the input has its own -i: -i key=text"),
        (
            &["start", "a.rhai", "-e", "FOO=1"],
            "--env NAME records that variable of the environment: FOO=1 durun start FILE --env FOO",
        ),
        (&["list", "-n", "2"], "--limit 2 lists two"),
        (&["list", "--failed"], "--status failed,timed_out lists those that failed"),
        (&["exec", "--retries", "3", "--", "true"], "--retry 3 lets it have three attempts"),
        (&["history", "x", "--tail", "3"], "the last 20 entries: durun history ID --no-pager | tail -n 20"),
        (&["logs", "x", "--tail", "3"], "the last 20 lines: durun logs ID | tail -n 20"),
        (&["start", "a.rhai", "x", "y"], "a script takes its input by -i: -i key=text"),
        (&["list", "--json"], "-o json writes results as JSON"),
    ] {
        let err = home.durun(words).exit(2).failure();
        assert!(err.contains(&format!("\n\n  tip: {tip}\n\nUsage: ")), "{words:?}: {err}");
        assert_eq!(err.matches("tip:").count(), 1, "{words:?}: {err}");
    }
    let err = home.durun(&["schedule", "ps"]).exit(2).failure();
    assert!(!err.contains("durun list"), "a word within a command: {err}");
    let help = home.durun(&["start", "--help"]).stdout();
    assert_eq!(home.durun(&["help", "start"]).stdout(), help);
    assert_eq!(home.durun(&["help"]).stdout(), home.durun(&["--help"]).stdout());
    assert_eq!(home.durun(&["version"]).stdout(), home.durun(&["--version"]).stdout());
}

#[test]
fn no_tip_leads_astray() {
    let home = Home::new();
    for words in [&["history", "x", "--wail"][..], &["exec", "--foo", "true"], &["signal", "x", "y", "--foo"]]
    {
        let err = home.durun(words).exit(2).failure();
        assert!(
            err.starts_with("error: unexpected argument '--") && !err.contains("tip:"),
            "{words:?}: {err}"
        );
    }
    let near = home.durun(&["list", "--limt", "2"]).exit(2).failure();
    assert!(near.contains("tip: a similar argument exists: '--limit'"), "{near}");
    let entry = home.durun(&["rewind", "x", "--to", "abc"]).exit(2).failure();
    assert!(entry.contains("it is the number of an entry, from 0: durun history ID shows them"), "{entry}");
}

#[test]
fn a_file_is_no_store_for_any_command() {
    let home = Home::new();
    home.file("plain", "").file("one.rhai", "1");
    for words in [&["list"][..], &["start", "one.rhai"], &["doctor"], &["status", "x"], &["tick"]] {
        let err = home.durun(&[&["--store", "plain"], words].concat()).exit(74).failure();
        assert!(
            err.starts_with("error[D0203]: ") && err.contains("that is a file, not a directory\n"),
            "{err}"
        );
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let home = Home::new();
    for command in [
        "start",
        "resume",
        "signal",
        "query",
        "status",
        "list",
        "history",
        "logs",
        "result",
        "wait",
        "cancel",
        "terminate",
        "once",
        "upgrade",
        "exec",
    ] {
        let help = home.durun(&[command, "--help"]).stdout();
        assert!(help.contains("Example") && help.contains(&format!("  durun {command}")), "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 110, "{command}: {line}");
        }
    }
}

#[test]
fn a_script_that_does_not_exist_needs_no_verb_to_be_missed() {
    let home = Home::new();
    home.file("order.rhai", "1");
    for words in
        [&["ordre.rhai"][..], &["run", "ordre.rhai"], &["start", "ordre.rhai"], &["-q", "ordre.rhai"]]
    {
        home.durun(words)
            .exit(4)
            .err("error[D0401]: there is no script ordre.rhai\n |\n = help: did you mean order.rhai?\n")
            .check();
    }
    assert!(!home.store().exists(), "nothing was made");
}

#[test]
fn the_version_at_length_says_what_it_was_built_with_and_no_path() {
    let home = Home::new();
    let short = home.durun(&["--version"]).stdout();
    assert_eq!(short, format!("durun {}\n", env!("CARGO_PKG_VERSION")));
    let long = home.durun(&["--version", "--verbose"]).stdout();
    let facts = long.strip_prefix(&short).expect("the version first");
    let names: Vec<&str> =
        facts.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    assert_eq!(names, ["rustc", "target", "profile", "features", "commit", "oldest rustc", "store format"]);
    assert!(facts.contains("rustc: rustc 1.") && facts.contains("-linux-"), "{facts}");
    assert!(
        facts.contains("features: allocator, cli, default\n") && facts.contains("store format: 3"),
        "{facts}"
    );
    assert!(!long.contains('/') && !long.contains(env!("CARGO_MANIFEST_DIR")), "{long}");
    assert_eq!(home.durun(&["-v", "--version"]).stdout(), long);
}
