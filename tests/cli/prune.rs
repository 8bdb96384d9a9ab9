//! `durun prune`: ended runs are forgotten, and nothing else is.

use crate::harness::Home;

/// One run that completed, one that failed, one that waits, and a child of the one that waits.
fn home() -> Home {
    let home = Home::new();
    home.file("good.rhai", "log(\"said\"); publish(\"k\", 1); step(\"one\", || 1)");
    home.file("bad.rhai", "fail(\"no\")");
    home.file("child.rhai", "2");
    home.file("waits.rhai", "child(\"child.rhai\");\nwait_signal(\"go\")");
    home.durun(&["start", "good.rhai", "--id", "good"]).out("1\n").check();
    home.durun(&["start", "bad.rhai", "--id", "bad"]).exit(1).failure();
    home.executed_until(&["start", "waits.rhai", "--id", "waits"], "waits", &["\"kind\":\"wait_signal\""]);
    home
}

fn ids(home: &Home) -> Vec<String> {
    let list = home.durun(&["list", "-a", "-o", "jsonl"]).stdout();
    let id = |line: &str| {
        line.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    let mut ids: Vec<String> = list.lines().filter_map(id).collect();
    ids.sort();
    ids
}

#[test]
fn only_what_has_ended_long_enough_ago_is_forgotten_and_its_id_is_free_again() {
    let home = home();
    assert_eq!(ids(&home), ["bad", "good", "waits", "waits.0"]);
    home.durun(&["prune", "--older-than", "1h"]).check();
    assert_eq!(ids(&home).len(), 4, "none is so old");
    let listed = home.durun(&["prune", "--older-than", "0s", "--dry-run", "-o", "jsonl"]).stdout();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert_eq!(ids(&home).len(), 4);
    home.durun(&["prune", "--older-than", "0s", "--status", "completed"]).check();
    assert_eq!(ids(&home), ["bad", "waits", "waits.0"], "a child stays while its parent goes on");
    home.durun(&["prune", "--older-than", "0s", "--compact"]).check();
    assert_eq!(ids(&home), ["waits", "waits.0"]);
    home.durun(&["history", "good"]).exit(4).failure();
    let (told, _) = home.durun(&["doctor", "--deep"]).exit(1).both();
    assert!(told.contains("tables agree") && told.matches("problem:").count() == 1, "{told}");
    home.durun(&["signal", "waits", "go", "7"]).check();
    home.durun(&["resume", "waits"]).out("7\n").check();
    home.durun(&["start", "good.rhai", "--id", "good"]).out("1\n").check();
    home.durun(&["prune", "--older-than", "0s"]).check();
    assert_eq!(ids(&home), Vec::<String>::new());
    home.durun(&["doctor", "--deep"]).stdout();
}

#[test]
fn the_configuration_says_how_long_runs_are_kept() {
    let home = home();
    home.durun(&["prune"]).exit(2).failure();
    home.file("durun.toml", "[retention]\ncompleted = \"1 ms\"\n");
    home.durun(&["prune"]).check();
    assert_eq!(ids(&home), ["bad", "waits", "waits.0"]);
    home.file("durun.toml", "\n[retention]\ncompletd = \"1 day\"\n");
    let error = home.durun(&["prune"]).exit(78).failure();
    assert!(error.contains("durun.toml:3: ") && error.contains("did you mean \"completed\"?"), "{error}");
    home.file("durun.toml", "[retention]\nfailed = \"long\"\n");
    home.durun(&["prune"]).exit(78).failure();
}

#[test]
fn impossible_wishes_are_told() {
    let home = home();
    for words in [
        ["--older-than", "soon"].as_slice(),
        &["--older-than", "1h", "--status", "waiting"],
        &["--older-than", "1h", "--status", "nonsense"],
    ] {
        home.durun(&[&["prune"], words].concat()).exit(2).failure();
    }
    assert_eq!(ids(&home).len(), 4);
}
