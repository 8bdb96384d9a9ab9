//! What may stand where the cursor is: the grammar's words, and what the store and the scripts have names for.
//!
//! Fast, silent on errors, and never a change: the store is only glanced at.

mod kind;
mod line;
mod live;
mod shell;

pub(crate) use line::Line;
pub(crate) use shell::{Shell, answer, script};

use super::args::{CommandLine, with_verb};
use super::environment::Environment;
use clap::CommandFactory as _;
use clap_complete::engine::complete;
use kind::Kind;
use live::Live;
use std::ffi::OsString;
use std::sync::Arc;

/// One word that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The word, whole.
    pub(crate) word: String,
    /// What it is, in a few words.
    pub(crate) about: String,
}

/// Which files may stand there; the shell knows best how to complete them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    /// None.
    No,
    /// Scripts, and the directories on the way to them.
    Scripts,
    /// Directories.
    Directories,
    /// Any.
    All,
}

/// All that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidates {
    /// Words.
    pub(crate) words: Vec<Candidate>,
    /// Files.
    pub(crate) files: Files,
}

/// What may stand in the place of the last of these words, of which the first is the program.
pub(crate) fn candidates(words: Vec<OsString>, environment: Environment) -> Candidates {
    let mut found = Candidates { words: Vec::new(), files: Files::No };
    let Some(current) = words.last().map(|word| word.to_string_lossy().into_owned()) else { return found };
    let mut before = words;
    before.pop();
    // A script that stands for `start` does so only once it is whole.
    let mut before = with_verb(before);
    if kind::wants_command(&before) && !current.starts_with('-') {
        found.files = Files::Scripts;
    }
    let live = Arc::new(Live::new(before.clone(), environment));
    let mut grammar = kind::completed(CommandLine::command(), &live);
    before.push(OsString::from(&current));
    let place = before.len() - 1;
    for candidate in complete(&mut grammar, before, place, None).unwrap_or_default() {
        if let Some(files) = candidate.get_tag().and_then(|tag| Kind::files_of(&tag.to_string())) {
            found.files = files;
            continue;
        }
        let word = candidate.get_value().to_string_lossy().into_owned();
        // Options are offered to who begins one.
        if word.starts_with('-') && !current.starts_with('-') {
            continue;
        }
        let word = name_of(&grammar, word, &current);
        let about = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        found.words.push(Candidate { word, about: about.lines().next().unwrap_or_default().to_owned() });
    }
    found
}

/// The name of a command for its other name, where both fit what was typed.
fn name_of(grammar: &clap::Command, word: String, typed: &str) -> String {
    let of = |command: &&clap::Command| command.get_visible_aliases().any(|alias| alias == word);
    match grammar.get_subcommands().find(of) {
        Some(command) if command.get_name().starts_with(typed) => command.get_name().to_owned(),
        Some(_) | None => word,
    }
}
