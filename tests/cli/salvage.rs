//! `durun export --salvage`: of a damaged store, each run that is whole, and a word on each that is not.

use crate::harness::Home;
use std::path::Path;

const RUNS: usize = 6;

/// Runs with histories, logs, published values, a large entry; the last of them waits.
fn runs() -> Home {
    let home = Home::new();
    home.file(
        "say.rhai",
        "log(`line of ${input.text}`); publish(\"k\", `shown by ${input.text}`); \
         exec([\"echo\", `said by ${input.text}`]); \
         step(\"large\", || { let text = input.text; text.pad(100000, \"x\"); text }); \
         if input.text == \"canary-5\" { wait_signal(\"go\"); } input.text + \"!\"",
    );
    for number in 0..RUNS {
        let (id, text) = (format!("r{number}"), format!("text=canary-{number}"));
        let words = ["start", "say.rhai", "--id", &id, "-i", &text];
        if number + 1 == RUNS {
            home.executed_until(&words, &id, &["\"kind\":\"wait_signal\""]);
        } else {
            home.durun(&words).out(&format!("canary-{number}!\n")).check();
        }
    }
    home
}

/// What `durun history` says of a run that was carried out of the store.
fn imported(home: &Home, folder: &str, id: &str) -> String {
    home.durun(&["import", &format!("{folder}/{id}.durun")]).check();
    let store = format!("{folder}/{id}.durun.store");
    home.durun(&["history", id, "-o", "jsonl", "--store", &store]).stdout()
}

fn written(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|end| end == "durun"));
    names.sort();
    names
}

#[test]
fn a_store_that_is_well_is_written_run_by_run() {
    let home = runs();
    let all: Vec<String> = (0..RUNS).map(|number| format!("r{number}.durun")).collect();
    let paths: Vec<String> = all.iter().map(|name| format!("salvaged/{name}")).collect();
    home.durun(&["export", "--salvage"]).out(&(paths.join("\n") + "\n")).check();
    assert_eq!(written(&home.path().join("salvaged")), all);
    for id in ["r0", "r5"] {
        assert_eq!(imported(&home, "salvaged", id), home.durun(&["history", id, "-o", "jsonl"]).stdout());
    }
    home.durun(&["export", "r3", "--salvage", "--to", "one"]).out("one/r3.durun\n").check();
    assert_eq!(written(&home.path().join("one")), ["r3.durun"]);
    let error = home.durun(&["export", "--salvage"]).exit(7).failure();
    assert!(error.contains("D1209"), "nothing is written over: {error}");
    home.durun(&["export"]).exit(2).failure();
}

/// The history of each run, as the store tells it.
fn histories(home: &Home) -> Vec<String> {
    (0..RUNS).map(|number| home.durun(&["history", &format!("r{number}"), "-o", "jsonl"]).stdout()).collect()
}

#[test]
fn what_is_damaged_is_told_by_run_and_all_else_is_written() {
    let home = runs();
    let histories = histories(&home);
    let file = home.store().join("store.redb");
    let whole = std::fs::read(&file).expect("a store");
    // An entry of one run, the input of another, a log line of a third.
    for text in ["said by canary-1", "line of canary-3", "shown by canary-4"] {
        let mut bytes = std::fs::read(&file).expect("a store");
        let is_there = |at: &usize| bytes[*at..].starts_with(text.as_bytes());
        let places: Vec<usize> = (0..bytes.len() - text.len()).filter(is_there).collect();
        assert!(!places.is_empty(), "{text}");
        for place in places {
            bytes[place] ^= 1;
        }
        std::fs::write(&file, bytes).expect("written");
    }
    let damaged = std::fs::read(&file).expect("a store");
    assert_ne!(whole, damaged);
    let (paths, error) = home.durun(&["export", "--salvage", "--to", "out"]).exit(65).both();
    assert_eq!(paths.lines().count(), 5, "{paths}");
    assert!(error.contains("left out of out/r4.durun: a published value"), "{error}");
    assert!(error.contains("D1430") && error.contains("run r1: entry "), "{error}");
    assert!(
        error.matches("left out of out/r3.durun: a log line").count() == 1 && !error.contains("run r3: "),
        "{error}"
    );
    assert_eq!(
        written(&home.path().join("out")),
        ["r0.durun", "r2.durun", "r3.durun", "r4.durun", "r5.durun"]
    );
    for number in [0, 2, 3, 4, 5] {
        assert_eq!(imported(&home, "out", &format!("r{number}")), histories[number], "r{number}");
    }
    assert_eq!(std::fs::read(&file).expect("a store"), damaged, "the store is as it was");
}

/// Whatever is damaged: nothing panics, and what is written is what was there.
#[test]
fn any_damage_gives_true_runs_or_a_word_and_never_a_panic() {
    let home = runs();
    let histories = histories(&home);
    let file = home.store().join("store.redb");
    let whole = std::fs::read(&file).expect("a store");
    let (mut saved, mut refused, mut nothing) = (0, 0, 0);
    let pages = whole.len() / 4096;
    for number in 0..24 {
        let mut bytes = whole.clone();
        // Pages of garbage or of zeros all over the file, pages swapped, the end cut off.
        let page = |of: usize| (of * 7919 + number * 31) % pages * 4096;
        match number % 4 {
            0 => bytes[page(1)..page(1) + 4096].fill(0xa5),
            1 => bytes[page(2)..page(2) + 4096].fill(0),
            2 => {
                let (one, two) = (page(3), page(4));
                bytes[one..one + 4096].copy_from_slice(&whole[two..two + 4096]);
                bytes[two..two + 4096].copy_from_slice(&whole[one..one + 4096]);
            }
            _ => bytes.truncate(whole.len() - whole.len() / 25 * number),
        }
        std::fs::write(&file, &bytes).expect("written");
        let folder = format!("out-{number}");
        let (_, err, code) = home.durun(&["export", "--salvage", "--to", &folder]).make();
        assert!(matches!(code, 0 | 65), "{number}: {code} {err}");
        assert!(!err.contains("panicked"), "{number}: {err}");
        assert!(code == 0 || err.contains("error[D"), "{number}: {err}");
        // What could not even begin does not name itself as the way on.
        let is_nothing = err.contains("error[D1451]");
        assert!(!err.contains("D0607") && (!is_nothing || !err.contains("--salvage")), "{number}: {err}");
        nothing += usize::from(is_nothing);
        let names = written(&home.path().join(&folder));
        refused += usize::from(names.is_empty());
        for name in names {
            let id = name.trim_end_matches(".durun");
            let at: usize = id[1..].parse().expect("a number");
            if number % 5 == at % 5 {
                assert_eq!(imported(&home, &folder, id), histories[at], "{number}: {id}");
            }
            saved += 1;
        }
    }
    assert!(
        saved > 20 && refused > 0 && nothing > 0,
        "{saved} saved, {refused} times nothing, {nothing} told so"
    );
}
