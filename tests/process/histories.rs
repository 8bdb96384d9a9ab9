//! R14: what each version wrote is read, replayed and gone on with by this one. `tests/histories/VERSION/` holds a store, and what its own
//! version told of it.
//!
//! `DURUN_MAKE_HISTORIES=1` writes those of this version anew: once, when it is released.

use crate::world::{Told, World, kill};
use serde_json::{Value, json};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Some of every entry, and a generation that waits.
const ALL: &str = r#"
    let n = run.generation;
    on_update("add", |x| { n += x; n });
    on_query("n", || n);
    if run.generation == 0 {
        on_undo(|| sh("true"));
        sh("true");
        try { sh("exit 3", #{ retry: false }); } catch (e) { log(e.kind); }
        sleep("1ms");
        wait_signal("s");
        ask("Go on?", #{ choices: ["yes", "no"] });
        let t = token();
        publish("t", t);
        wait_token(t, "1h");
        with_lock("l", || sh("true"));
        child("kid.rhai", n);
        set_summary("half way");
    }
    wait_signal(`go ${run.generation}`);
    if run.generation == 0 { restart_with(#{ n: n }); }
    sh(`echo ${n}`).stdout
"#;

const RUNS: &[(&str, &str)] = &[
    ("kid", "input + 1"),
    ("first", ALL),
    ("second", ALL),
    (
        "fails",
        "let n = 1; on_query(\"n\", || n); on_undo(|| sh(\"true\")); sh(\"exit 3\", #{ retry: false })",
    ),
    (
        "stops",
        "let n = 2; on_query(\"n\", || n); try { wait_signal(\"never\"); } catch (e) { sh(\"true\"); throw e; }",
    ),
    ("ends", "let n = 3; on_query(\"n\", || n); wait_signal(\"never\")"),
    ("late", "let n = 4; on_query(\"n\", || n); sh(\"true\"); sleep(\"1s\")"),
    ("sleeps", "let n = 5; on_query(\"n\", || n); sh(\"true\"); sleep(\"1s\"); sh(\"echo slept\").stdout"),
    ("stuck", "let n = 6; on_query(\"n\", || n); sh(\"true\"); nowhere(n)"),
    ("new", "let n = 7; on_query(\"n\", || n); sh(\"echo begun\").stdout"),
];

/// What is done with a store afterwards: the words, the exit code, and what is said on stdout among others.
const GOES_ON: &[(&[&str], i32, &str)] = &[
    (&["doctor", "--deep"], 1, "all pages, entries, checksums and tables agree"),
    (&["signal", "first", "go 0"], 0, ""),
    (&["signal", "first", "go 1"], 0, ""),
    (&["resume", "first"], 0, "1"),
    (&["update", "second", "add", "4"], 0, "5"),
    (&["signal", "second", "go 1"], 0, ""),
    (&["resume", "second"], 0, "5"),
    (&["resume", "sleeps"], 0, "slept"),
    (&["resume", "new"], 0, "begun"),
    (&["resume", "stuck"], 8, ""),
    (&["rewind", "late", "--to", "1", "--quiet"], 0, ""),
    // Its sleep and its own time-out, which is shorter, count anew.
    (&["resume", "late"], 6, ""),
    (&["rewind", "fails", "--to", "0"], 0, ""),
    (&["resume", "fails"], 1, ""),
    (&["prune", "--older-than", "0s", "--compact"], 0, ""),
];

/// A command without the surroundings of this test: nothing of them is recorded.
fn run(world: &World, words: &[&str]) -> Told {
    crate::world::told(&world.command(words).current_dir("/").output().expect("runs"))
}

fn questions() -> Vec<Vec<String>> {
    let of_run = |id: &str| {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        [
            words(&["history", id, "-o", "jsonl"]),
            words(&["logs", id, "-o", "jsonl"]),
            words(&["status", id, "-o", "json"]),
            words(&["result", id]),
            words(&["query", id, "n"]),
        ]
    };
    let list = ["list", "-a", "-o", "jsonl"].map(str::to_owned).to_vec();
    let runs = RUNS.iter().filter(|(name, _)| *name != "kid").flat_map(|(name, _)| of_run(name));
    std::iter::once(list).chain(runs).collect()
}

/// Brings a run to where it waits in its second generation, or before its first one is over.
fn drive(world: &World, id: &str, generations: bool) {
    let executor = world.spawn(&["resume", id]);
    world.good(&["signal", id, "s", "1"]);
    world.until_waits_for(id, "ask");
    world.good(&["update", id, "add", "1"]);
    world.good(&["answer", id, "yes"]);
    world.until_waits_for(id, "wait_token");
    let token = world.status(id)["published"]["t"].as_str().expect("a token").to_owned();
    world.good(&["resolve", &token, "true"]);
    world.until_waits_for(id, "wait_signal");
    if generations {
        world.good(&["signal", id, "go 0"]);
        world.until("its second generation", |world| (world.status(id)["generation"] == 1).then_some(()));
        world.until_waits_for(id, "wait_signal");
    }
    assert!(kill(executor));
}

fn make(place: &Path) {
    let world = World::new();
    for (name, text) in RUNS {
        let script = world.write(&format!("{name}.rhai"), text);
        if *name != "kid" {
            let late: &[&str] = if *name == "late" { &["--timeout", "100ms"] } else { &[] };
            let told = run(&world, &[&["start", &script, "--id", name, "--record-only"], late].concat());
            assert_eq!(told.code, Some(0), "{told:?}");
        }
    }
    drive(&world, "first", false);
    drive(&world, "second", true);
    for (id, code) in [("fails", 1), ("late", 6), ("stuck", 8)] {
        assert_eq!(run(&world, &["resume", id]).code, Some(code), "{id}");
    }
    let sleeper = world.spawn(&["resume", "sleeps"]);
    world.until_waits_for("sleeps", "sleep");
    assert!(kill(sleeper));
    world.until("its sleep is over", |world| (world.status("sleeps")["status"] == "parked").then_some(()));
    world.good(&["cancel", "stops", "--reason", "enough"]);
    assert_eq!(run(&world, &["resume", "stops"]).code, Some(5));
    world.good(&["terminate", "ends", "--reason", "enough"]);
    let told: Vec<Value> = questions()
        .into_iter()
        .map(|words| {
            let told = run(&world, &words.iter().map(String::as_str).collect::<Vec<_>>());
            json!({ "words": words, "code": told.code, "out": told.out })
        })
        .collect();
    std::fs::create_dir_all(place).expect("a folder");
    std::fs::copy(world.path("store/store.redb"), place.join("store.redb")).expect("copies");
    let told: Vec<String> = told.iter().map(Value::to_string).collect();
    std::fs::write(place.join("told.jsonl"), told.join("\n") + "\n").expect("writes");
}

/// Whether all that an older version told is told still; more may be.
fn holds(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            // Who goes on with runs now is no matter of the store.
            let told = |(key, value): (&String, &Value)| {
                matches!(key.as_str(), "woken_by" | "executor")
                    || new.get(key).is_some_and(|new| holds(value, new))
            };
            old.iter().all(told)
        }
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| holds(old, new))
        }
        _ => old == new,
    }
}

fn lines(text: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().unwrap_or_default()
}

fn held(place: &Path) {
    let world = World::new();
    let store = world.path("store");
    std::fs::create_dir(&store).expect("a folder");
    std::fs::set_permissions(&store, Permissions::from_mode(0o700)).expect("is set");
    std::fs::copy(place.join("store.redb"), store.join("store.redb")).expect("copies");
    std::fs::set_permissions(store.join("store.redb"), Permissions::from_mode(0o600)).expect("is set");
    let mut kinds = std::collections::BTreeSet::new();
    for line in std::fs::read_to_string(place.join("told.jsonl")).expect("reads").lines() {
        let old: Value = serde_json::from_str(line).expect("JSON");
        let words: Vec<String> = serde_json::from_value(old["words"].clone()).expect("words");
        let told = run(&world, &words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(json!(told.code), old["code"], "{words:?} of {}: {told:?}", place.display());
        let (before, now) = (lines(old["out"].as_str().expect("text")), lines(&told.out));
        assert!(
            before.len() == now.len() && before.iter().zip(&now).all(|(old, new)| holds(old, new)),
            "{words:?} of {}: {}\nis now\n{}",
            place.display(),
            old["out"],
            told.out
        );
        kinds.extend(now.iter().filter_map(|entry| Some(entry["kind"].as_str()?.to_owned())));
    }
    assert!(kinds.len() >= 12, "{kinds:?}");
    for (words, code, out) in GOES_ON {
        let told = run(&world, words);
        assert!(told.code == Some(*code) && told.out.contains(out), "{words:?}: {told:?}");
    }
}

#[test]
fn what_each_version_wrote_is_read_replayed_and_gone_on_with() {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    if std::env::var_os("DURUN_MAKE_HISTORIES").is_some() {
        make(&all.join(env!("CARGO_PKG_VERSION")));
    }
    let versions = std::fs::read_dir(&all).expect("the versions").flatten().map(|entry| entry.path());
    let versions: Vec<PathBuf> = versions.filter(|path| path.is_dir()).collect();
    assert!(!versions.is_empty());
    for version in &versions {
        held(version);
    }
}
