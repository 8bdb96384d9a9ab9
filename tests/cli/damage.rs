//! A damaged store: what can be read of it is shown, with exit code 65 and what to do; nothing is written, nothing panics.

#![expect(clippy::indexing_slicing, reason = "a test cuts bytes at places that it has just counted")]

use crate::harness::Home;
use std::path::PathBuf;

/// A store with two runs that have ended, and its file.
fn two_runs() -> (Home, PathBuf) {
    let home = Home::new();
    home.file("say.rhai", "exec([\"echo\", input.text]); input.text + \"!\"");
    for (id, text) in [("a", "canary-of-a"), ("b", "canary-of-b")] {
        let words = ["start", "say.rhai", "--id", id, "-i", &format!("text={text}")];
        home.durun(&words).out(&format!("{text}!\n")).check();
    }
    let file = home.store().join("store.redb");
    (home, file)
}

/// Changes a letter wherever the text stands in the file.
fn damage(file: &PathBuf, text: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(file).expect("a store");
    let places: Vec<usize> =
        (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text.as_bytes())).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place] ^= 1;
    }
    std::fs::write(file, &bytes).expect("written");
    bytes
}

#[test]
fn what_is_whole_of_a_damaged_store_is_shown_and_the_damage_told() {
    let (home, file) = two_runs();
    let bytes = damage(&file, "canary-of-a");
    let told = "error[D0640]: the store ~/.local/state/durun/store.redb is damaged: ";
    let next = "keep a copy of the directory; durun export --salvage saves the runs that are whole; then restore a backup, or begin a new store with --store DIR\n";
    for words in [&["result", "b"][..], &["history", "b"], &["status", "b"], &["logs", "b"]] {
        let (out, err) = home.durun(words).exit(65).both();
        assert!(out.contains("canary-of-b") || words[0] == "status", "{words:?}: {out}{err}");
        assert!(err.contains(told) && err.ends_with(next), "{words:?}: {err}");
    }
    for words in
        [&["result", "a"][..], &["history", "a"], &["query", "a", "x"], &["status", "a"], &["why", "a"]]
    {
        let (out, err) = home.durun(words).exit(65).both();
        assert!(err.contains("/store.redb is damaged: ") && err.ends_with(next), "{words:?}: {err}");
        assert!(!out.contains("canary-of-a") && !out.contains("banary"), "{words:?}: {out}");
    }
    let writing: [&[&str]; 6] = [
        &["start", "say.rhai", "-i", "text=c"],
        &["signal", "b", "go"],
        &["resume", "b"],
        &["cancel", "a"],
        &["terminate", "b"],
        &["tick"],
    ];
    for words in writing.into_iter().chain([&["list"][..], &["status", "nobody"], &["wait", "b"], &[]]) {
        let (_, err) = home.durun(words).exit(65).both();
        assert!(err.contains("/store.redb is damaged: ") && err.ends_with(next), "{words:?}: {err}");
        assert!(!err.contains("panicked"), "{words:?}: {err}");
        assert_eq!(std::fs::read(&file).expect("still there"), bytes, "{words:?} changed something");
    }
}

#[test]
fn a_page_of_garbage_anywhere_panics_nowhere() {
    let (home, file) = two_runs();
    let whole = std::fs::read(&file).expect("a store");
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&file, &bytes).expect("written");
        for words in [&["list"][..], &["history", "b"]] {
            let (out, err, code) = home.durun(words).make();
            assert!(!err.contains("panicked"), "page {page}: {err}");
            // A page that nothing is in may hold anything.
            let told = if code == 65 { err.contains("is damaged: ") } else { code == 0 && out.contains('b') };
            assert!(told, "page {page}: {code} {out}{err}");
        }
    }
}

#[test]
fn a_store_whose_making_was_cut_off_is_made_anew() {
    let (home, file) = two_runs();
    std::fs::rename(&file, file.with_extension("redb.new")).expect("renamed");
    std::fs::write(file.with_extension("redb.new"), b"cut off").expect("written");
    home.durun(&["list"]).stdout();
    home.durun(&["start", "say.rhai", "--id", "c", "-i", "text=x"]).out("x!\n").check();
    let names: Vec<_> =
        std::fs::read_dir(home.store()).expect("lists").flatten().map(|it| it.file_name()).collect();
    assert!(!names.iter().any(|name| name == "store.redb.new"), "{names:?}");
}
