//! Every error that there is, rendered: `errors.txt` is what a person sees of it. `DURUN_BLESS=1` writes it anew.
//!
//! Complete by construction: `specimens!` matches each enum without a wildcard, so that a variant without a specimen does
//! not compile, and each code that `durun explain` knows has to be among them. To add one: a line in the list of its enum.

/// A function that gives specimens of an enum: a pattern for each variant, and a list of values that it matches.
macro_rules! specimens {
    ($name:ident: $of:ty; $($pattern:pat_param => $values:expr,)+) => {
        pub(super) fn $name() -> Vec<$of> {
            // Never called: it compiles only as long as no variant is left out.
            fn _all_are_named(one: &$of) {
                match one {
                    $($pattern => _ = stringify!($pattern),)+
                }
            }
            let mut all: Vec<$of> = Vec::new();
            $(
                let values: Vec<$of> = $values;
                assert!(!values.is_empty(), "no specimen of {}", stringify!($pattern));
                for value in &values {
                    assert!(matches!(value, $pattern), "{value:?} is none of {}", stringify!($pattern));
                }
                all.extend(values);
            )+
            all
        }
    };
}

mod clients;
mod commands;
mod ends;
mod scripts;
mod stage;
mod stores;

use super::args::CommandLine;
use super::codes;
use super::report::Report;
use clap::CommandFactory as _;
use stage::Stage;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// All specimens by their codes, and as they are shown.
static ALL: LazyLock<Vec<(Report, String)>> = LazyLock::new(|| {
    let stage = Stage::new();
    let errors = commands::all(&stage);
    let mut all: Vec<Report> = errors.iter().filter_map(Report::of).collect();
    all.extend(ends::all(&stage));
    all.extend(scripts::all(&stage));
    all.extend(stores::told_unasked());
    all.sort_by_key(|report| report.code);
    let shown = |report: Report| {
        let block = stage.without_paths(&report.render(false));
        (report, block)
    };
    all.into_iter().map(shown).collect()
});

#[test]
fn every_error_is_rendered_as_the_page_has_it() {
    let shown: BTreeSet<&str> = ALL.iter().map(|(report, _)| report.code).collect();
    let known: BTreeSet<&str> = codes::all().map(|code| code.name).collect();
    let missing: Vec<&&str> = known.difference(&shown).collect();
    assert!(missing.is_empty(), "no specimen has the code {missing:?}: add one in src/cli/tests/");
    let unknown: Vec<&&str> = shown.difference(&known).collect();
    assert!(unknown.is_empty(), "these have no entry in src/cli/codes/: {unknown:?}");
    let mut blocks: Vec<&str> = Vec::new();
    for (_, block) in ALL.iter() {
        if !blocks.contains(&block.as_str()) {
            blocks.push(block);
        }
    }
    let made = blocks.join("\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/tests/errors.txt");
    if std::env::var_os("DURUN_BLESS").is_some() {
        std::fs::write(path, &made).expect("writes the page");
        return;
    }
    let page = std::fs::read_to_string(path).expect("the page");
    let known: BTreeSet<&str> = page.split("\n\n").map(str::trim).collect();
    let new: Vec<&str> = made.split("\n\n").map(str::trim).filter(|block| !known.contains(block)).collect();
    assert!(
        page == made,
        "{path} is not what is said now:\n\n{}\n\nDURUN_BLESS=1 cargo test --lib every_error writes it anew",
        new.join("\n\n")
    );
}

#[test]
fn every_error_says_what_to_do_next() {
    let grammar = CommandLine::command();
    let names: BTreeSet<&str> =
        grammar.get_subcommands().flat_map(|one| one.get_all_aliases().chain([one.get_name()])).collect();
    // Of an assertion that does not hold its author knows what to do.
    let is_silent = |report: &Report| report.hints.is_empty() && report.code != "D1401";
    let silent: Vec<&str> =
        ALL.iter().filter(|(report, _)| is_silent(report)).map(|(_, block)| block.as_str()).collect();
    assert!(silent.is_empty(), "what is one to do about these?\n{}", silent.join("\n"));
    for (report, block) in ALL.iter() {
        for word in report.hints.iter().flat_map(|hint| commands_of(hint)) {
            assert!(names.contains(word), "there is no command \"durun {word}\":\n{block}");
        }
    }
}

/// The words behind `durun` in a text that look like commands.
fn commands_of(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let behind =
        text.split("durun ").skip(1).filter_map(|rest| rest.split([' ', ';', ',', ':', '\n']).next());
    behind.filter(is_word)
}
