//! Which names an argument takes: told by its place in the grammar, so that a new command completes as the others do.

use super::live::{Live, Which};
use super::{Candidate, Files};
use crate::cli::args::CommandLine;
use clap::{Arg, Command, CommandFactory as _};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

/// The names that an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the store has runs for.
    Run(Which),
    /// Signals that the run's script waits for or handles.
    Signal,
    /// Queries that it answers, and what it published.
    Query,
    /// Updates that it answers.
    Update,
    /// The choices of the questions that the run asks.
    Choice,
    /// Those questions themselves.
    Question,
    /// The inputs that the script declares.
    Input,
    /// Schedules.
    Schedule,
    /// The steps of the run, by name.
    Step,
    /// The entries of the run's history.
    Entry,
    /// Keys of `once:`.
    Once,
    /// Codes of errors.
    Code,
    /// Statuses of runs.
    Status,
    /// Variables of the environment.
    Variable,
    /// Files.
    Files(Files),
    /// Anything: there is nothing to offer.
    Free,
}

impl Kind {
    /// That of an argument of a command.
    fn of(command: &str, arg: &Arg) -> Self {
        let name = arg.get_id().as_str();
        match (command, name) {
            ("start" | "exec", "id") => Self::Free,
            ("signal", "name") => Self::Signal,
            ("query", "name") => Self::Query,
            ("update", "name") => Self::Update,
            ("answer", "choice") => Self::Choice,
            ("answer", "question") => Self::Question,
            ("logs", "step") => Self::Step,
            ("rewind", "to") => Self::Entry,
            ("explain", "code") => Self::Code,
            ("pause" | "resume" | "trigger" | "remove" | "backfill" | "missed", "name") => Self::Schedule,
            ("forget", "key") | ("list", "prefix") => Self::Once,
            (_, "status") => Self::Status,
            (_, "pairs") => Self::Input,
            (_, "environment") => Self::Variable,
            (_, "id" | "ids") if arg.is_positional() => Self::Run(Which::of(command)),
            ("exec", "program") => Self::Files(Files::All),
            (_, name) if arg.get_value_parser().type_id() == TypeId::of::<PathBuf>() => {
                let place = arg.get_value_names().and_then(<[_]>::first).map(clap::builder::Str::as_str);
                Self::Files(match (name, place) {
                    ("script" | "files" | "paths" | "start", _) => Files::Scripts,
                    (_, Some("DIR")) => Files::Directories,
                    _ => Files::All,
                })
            }
            _ => Self::Free,
        }
    }

    /// Which files a tag of the engine's stands for.
    pub(super) fn files_of(tag: &str) -> Option<Files> {
        [Files::Scripts, Files::Directories, Files::All].into_iter().find(|files| mark(*files) == tag)
    }
}

/// How the engine is told of files.
fn mark(files: Files) -> &'static str {
    match files {
        Files::No => "durun:none",
        Files::Scripts => "durun:scripts",
        Files::Directories => "durun:directories",
        Files::All => "durun:files",
    }
}

/// Whether a command is still to come.
pub(super) fn wants_command(before: &[OsString]) -> bool {
    let grammar = CommandLine::command().ignore_errors(true);
    let takes_value =
        |word: &OsString| matches!(word.to_str(), Some("-o" | "--output" | "--color" | "--store"));
    let matches = grammar.try_get_matches_from(before);
    matches.is_ok_and(|matches| matches.subcommand_name().is_none())
        && !before.last().is_some_and(takes_value)
}

/// The grammar, each argument with the names that it takes.
pub(super) fn completed(command: Command, live: &Arc<Live>) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| {
        if !arg.get_action().takes_values() {
            return arg;
        }
        match Kind::of(&name, &arg) {
            Kind::Free => arg,
            Kind::Files(files) => arg.add(ArgValueCompleter::new(move |_: &OsStr| {
                vec![CompletionCandidate::new("").tag(Some(mark(files).into()))]
            })),
            kind => {
                let live = Arc::clone(live);
                arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
                    let typed = typed.to_string_lossy();
                    let fits = |candidate: &Candidate| candidate.word.starts_with(&*typed);
                    let named = live.named(kind, &typed).into_iter().filter(fits);
                    named.map(|it| CompletionCandidate::new(it.word).help(Some(it.about.into()))).collect()
                }))
            }
        }
    });
    command.mut_subcommands(|subcommand| completed(subcommand, live))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(command: &Command, of: &mut Vec<(String, String, Kind)>) {
        for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
            let kind = Kind::of(command.get_name(), arg);
            of.push((command.get_name().to_owned(), arg.get_id().to_string(), kind));
        }
        for subcommand in command.get_subcommands() {
            arguments(subcommand, of);
        }
    }

    #[test]
    fn whatever_names_a_run_is_completed_with_runs_and_whatever_is_a_path_with_files() {
        let mut all = Vec::new();
        arguments(&CommandLine::command(), &mut all);
        let kind = |command: &str, name: &str| {
            all.iter().find(|(of, arg, _)| of == command && arg == name).map(|(_, _, kind)| *kind)
        };
        for command in ["status", "history", "logs", "export", "rewind", "query", "why"] {
            assert_eq!(kind(command, "id"), Some(Kind::Run(Which::Any)), "{command}");
        }
        for command in ["signal", "cancel", "terminate", "answer", "update", "upgrade", "wait"] {
            assert_eq!(kind(command, "id"), Some(Kind::Run(Which::Open)), "{command}");
        }
        assert_eq!((kind("logs", "step"), kind("rewind", "to")), (Some(Kind::Step), Some(Kind::Entry)));
        assert_eq!(kind("start", "script"), Some(Kind::Files(Files::Scripts)));
        assert_eq!(kind("durun", "store"), Some(Kind::Files(Files::Directories)));
        assert_eq!(kind("import", "file"), Some(Kind::Files(Files::All)));
        assert_eq!(kind("start", "id"), Some(Kind::Free));
        let positional = all.iter().filter(|(_, name, kind)| name == "id" && matches!(kind, Kind::Run(_)));
        assert!(positional.count() >= 15);
    }

    #[test]
    fn a_command_is_wanted_until_there_is_one() {
        let wants = |words: &[&str]| wants_command(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(wants(&["durun"]) && wants(&["durun", "-q", "--store", "x"]));
        assert!(!wants(&["durun", "--store"]) && !wants(&["durun", "status"]));
    }
}
