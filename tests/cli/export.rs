//! `durun export` and `durun import`: all of a run in one file, and a store in which it is only looked at.

use crate::harness::Home;

const SCRIPT: &str = r#"
let state = "new";
on_query("state", || state);
log("said");
publish("k", 1);
let large = step("large", || { let text = "x"; text.pad(100000, "x"); text });
state = "waiting";
wait_signal("go");
large.len()
"#;

fn exported() -> Home {
    let home = Home::new();
    home.file("s.rhai", SCRIPT);
    home.executed_until(&["start", "s.rhai", "--id", "r"], "r", &["\"kind\":\"wait_signal\""]);
    home.durun(&["-q", "signal", "r", "unread"]).check();
    home.durun(&["export", "r"]).out("r.durun\n").check();
    home
}

#[test]
fn an_imported_run_can_be_looked_at_and_queried_and_never_executed() {
    let home = exported();
    let told = |words: &[&str], store: Option<&str>| {
        let store = store.map_or(Vec::new(), |store| vec!["--store", store]);
        home.durun(&[words, store.as_slice()].concat()).stdout()
    };
    home.durun(&["import", "r.durun"]).check();
    for words in [
        ["history", "r", "-o", "jsonl"].as_slice(),
        &["logs", "r"],
        &["query", "r", "state"],
        &["query", "r"],
        &["list", "-a", "-o", "jsonl"],
    ] {
        assert_eq!(told(words, Some("r.durun.store")), told(words, None), "{words:?}");
    }
    assert_eq!(told(&["query", "r", "state"], Some("r.durun.store")), "waiting\n");
    told(&["doctor", "--deep"], Some("r.durun.store"));
    for words in [
        ["resume", "r"].as_slice(),
        &["signal", "r", "go"],
        &["cancel", "r"],
        &["terminate", "r"],
        &["rewind", "r", "--to", "0"],
        &["start", "s.rhai"],
    ] {
        let error = home.durun(&[words, &["--store", "r.durun.store"]].concat()).exit(7).failure();
        assert!(error.contains("D1214"), "{words:?}: {error}");
    }
    home.durun(&["signal", "r", "go"]).check();
    home.durun(&["resume", "r"]).out("100000\n").check();
}

#[test]
fn nothing_is_written_over_and_no_store_that_executes_takes_a_run() {
    let home = exported();
    let error = home.durun(&["export", "r"]).exit(7).failure();
    assert!(error.contains("D1209"), "{error}");
    home.durun(&["export", "r", "--to", "other.durun"]).out("other.durun\n").check();
    home.durun(&["export", "nobody"]).exit(4).failure();
    let nowhere = home.durun(&["export", "r", "--to", "nowhere/r.durun"]).exit(4).failure();
    let hint = "\n = help: there is no folder nowhere: make it, or give the path as it is seen from here\n";
    assert!(nowhere.starts_with("error[D1210]: nowhere/r.durun: ") && nowhere.ends_with(hint), "{nowhere}");
    let missing = home.durun(&["import", "missing.durun"]).exit(4).failure();
    assert!(missing.ends_with("\n = help: give the path of the file as it is seen from here\n"), "{missing}");
    let own = home.store().display().to_string();
    let error = home.durun(&["import", "r.durun", "--into", &own]).exit(7).failure();
    assert!(error.contains("D1214"), "{error}");
}

#[test]
fn a_file_that_is_none_or_is_damaged_is_told() {
    let home = exported();
    let bytes = std::fs::read(home.path().join("r.durun")).expect("the file");
    home.file("foreign", "hello, this is something else");
    home.file("cut", &bytes[..bytes.len() / 2]);
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 3] ^= 1;
    home.file("flipped", flipped);
    for (name, exit, code) in
        [("foreign", 2, "D1212"), ("cut", 65, "D1213"), ("flipped", 65, "D1213"), ("none", 4, "D1210")]
    {
        let error = home.durun(&["import", name]).exit(exit).failure();
        assert!(error.contains(code), "{name}: {error}");
        assert!(!home.path().join(format!("{name}.store")).exists(), "{name}: nothing was made");
    }
}
