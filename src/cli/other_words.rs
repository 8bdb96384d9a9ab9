//! Words that other programs have for what durun does: whoever types one is told durun's own.

use crate::history::nearest;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// What stands in place of a command elsewhere, and what to type here.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["ps", "ls", "jobs", "runs", "top", "ll"], "durun list lists the runs; durun alone says how all stand"),
    (
        &["show", "inspect", "describe", "info", "get", "details", "view"],
        "durun status ID shows where a run is, durun history ID what happened in it",
    ),
    (
        &["kill", "stop", "abort", "end", "quit"],
        "durun cancel ID asks a run to end, durun terminate ID ends it at once",
    ),
    (
        &["rm", "delete", "remove", "clean", "clear", "gc", "purge"],
        "durun prune forgets runs that ended long ago; durun terminate ID ends one that has not",
    ),
    (
        &["pause", "park", "suspend"],
        "Ctrl-C parks the run that is executed; durun schedule pause NAME pauses a schedule",
    ),
    (&["continue", "unpause", "proceed", "recover"], "durun resume ID goes on with a run"),
    (
        &["tail", "attach", "follow", "watch", "monitor"],
        "durun logs ID -f follows the log of a run, durun status ID --watch how it goes on",
    ),
    (&["events", "journal", "trace", "audit"], "durun history ID shows what happened in a run"),
    (&["output", "value", "fetch"], "durun result ID prints the result of a run"),
    (&["join", "await"], "durun wait ID waits for the end of a run"),
    (
        &["new", "create", "submit", "execute", "launch", "begin", "enqueue", "invoke", "spawn"],
        "durun start FILE executes a script, durun exec -- PROGRAM one program",
    ),
    (&["send", "emit", "event", "message", "tell"], "durun signal ID NAME says something to a run"),
    (
        &["trigger", "fire"],
        "durun signal ID NAME says something to a run, durun schedule trigger NAME fires a schedule",
    ),
    (
        &["approve", "confirm", "accept", "deny", "decline"],
        "durun answer ID yes answers what a run asks a person",
    ),
    (&["ask"], "durun query ID NAME asks a run something, durun answer ID CHOICE answers what it asks"),
    (
        &["rerun", "restart", "replay", "redo", "repeat", "reset"],
        "durun retry ID goes on at the failed step, durun rewind ID --to ENTRY from an earlier one, durun start FILE begins anew",
    ),
    (&["lint", "validate", "verify", "compile"], "durun check FILE finds mistakes without running anything"),
    (&["cron", "crontab", "timer"], "durun schedule add NAME CRON FILE starts a script by itself"),
    (
        &["daemon", "worker", "server", "up", "agent", "listen"],
        "durun serve goes on with all runs for as long as it lives, durun tick does so once",
    ),
    (
        &["migrate", "edit", "patch", "deploy"],
        "durun upgrade ID --script FILE lets a run go on under a mended script",
    ),
    (
        &["config", "health", "ping", "env"],
        "durun doctor says whether all is well, and where each setting comes from",
    ),
    (&["dump", "backup"], "durun export ID writes all that is known of a run into a file"),
    (&["restore", "load"], "durun import FILE makes a store of such a file"),
    (&["completion"], "durun completions SHELL prints what a shell loads"),
    (&["manual", "docs"], "durun man prints a page of the manual"),
];

/// What to type for a file that is no script.
const FILES: &str =
    "a script ends in .rhai: durun FILE.rhai; a program is executed by durun exec -- ./PROGRAM";

/// The same for options: of which commands, the words, what to type.
const OPTIONS: &[(&[&str], &[&str], &str)] = &[
    (&["start", "run", "exec"], &["--name", "-n", "--run-id"], "a run is named with --id"),
    (
        &["start", "run"],
        &["-d", "--background", "--bg", "--daemon", "--async", "--no-wait"],
        "--detach goes on in the background",
    ),
    (
        &["start", "run"],
        &["-p", "--param", "--params", "--arg", "--args", "--set", "--var"],
        "each field of the input has its own -i: -i key=text",
    ),
    (
        &["start", "run", "exec"],
        &["-e"],
        "--env NAME records that variable of the environment: FOO=1 durun start FILE --env FOO",
    ),
    (&["list"], &["-n", "--max", "--number", "--tail", "--last"], "--limit 2 lists two"),
    (&["list"], &["--failed", "--failures", "--errors"], "--status failed,timed_out lists those that failed"),
    (&["list"], &["--stuck"], "--status stuck lists those whose script must be mended"),
    (
        &["list"],
        &["--running", "--active", "--open"],
        "--status running,waiting,parked,stuck lists those that have not ended",
    ),
    (&["list"], &["--waiting"], "--status waiting lists those that wait"),
    (
        &["list"],
        &["--parked", "--paused"],
        "--status parked lists those that could go on, and nobody executes",
    ),
    (
        &["list"],
        &["--completed", "--done", "--finished"],
        "--status completed lists those that came to their end",
    ),
    (
        &["exec"],
        &["--retries", "--attempts", "--max-attempts", "--max-retries", "--tries"],
        "--retry 3 lets it have three attempts",
    ),
    (
        &["history"],
        &["--tail", "-n", "--last", "--limit", "--lines"],
        "the last 20 entries: durun history ID --no-pager | tail -n 20",
    ),
    (
        &["logs"],
        &["--tail", "-n", "--last", "--limit", "--lines"],
        "the last 20 lines: durun logs ID | tail -n 20",
    ),
    (&[], &["--json", "--format", "-j"], "-o json writes results as JSON"),
];

/// The error with the tip that helps; as it is where none does.
pub(crate) fn told(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    let tip =
        match (error.kind(), error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::InvalidArg)) {
            (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word)), _) => {
                // Words of commands within a command are not meant.
                let is_first = words.find(|other| !other.starts_with('-')) == Some(word);
                COMMANDS
                    .iter()
                    .find(|(known, _)| is_first && known.contains(&word.as_str()))
                    .map(|(_, tip)| *tip)
                    .or_else(|| (is_first && word.contains(['.', '/'])).then_some(FILES))
            }
            (ErrorKind::UnknownArgument, _, Some(ContextValue::String(option))) => {
                let of = |commands: &[&str]| {
                    commands.is_empty() || words.clone().any(|word| commands.contains(&word))
                };
                let found = OPTIONS
                    .iter()
                    .find(|(commands, known, _)| known.contains(&option.as_str()) && of(commands));
                found.map(|(_, _, tip)| *tip)
            }
            _ => None,
        };
    let tip = tip.or_else(|| surplus(&error, arguments));
    let Some(tip) = tip else { return unmisleading(error) };
    error.remove(ContextKind::SuggestedSubcommand);
    error.remove(ContextKind::SuggestedArg);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// What is meant, where `start` was given a word more than the file.
fn surplus(error: &clap::Error, arguments: &[OsString]) -> Option<&'static str> {
    let verb =
        arguments.iter().skip(1).filter_map(|word| word.to_str()).find(|word| !word.starts_with('-'))?;
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_plain = !word.starts_with('-') && !word.contains('=');
    let is_more = error.kind() == ErrorKind::UnknownArgument && is_plain && ["start", "run"].contains(&verb);
    is_more.then_some("a script takes its input by -i: -i key=text")
}

/// Without the tips of the grammar that lead astray: an option as a value, and one that is not like what was typed.
fn unmisleading(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return error };
    if error.kind() != ErrorKind::UnknownArgument || !typed.starts_with('-') {
        return error;
    }
    let word = typed.trim_start_matches('-');
    let is_far = matches!(error.get(ContextKind::SuggestedArg), Some(ContextValue::String(other))
        if nearest(word, [other.trim_start_matches('-')]).is_none());
    error.remove(ContextKind::Suggested);
    if is_far {
        error.remove(ContextKind::SuggestedArg);
        // It is made of what was suggested.
        error.remove(ContextKind::Usage);
    }
    error
}

/// `durun help start` is `durun start --help`, and `durun version` is `durun --version`.
pub(crate) fn with_help(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(first) = arguments.get_mut(1) else { return arguments };
    if first == "version" {
        *first = "--version".into();
    } else if first == "help" {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::CommandLine;
    use clap::CommandFactory as _;
    use std::collections::BTreeSet;

    #[test]
    fn each_word_is_none_of_our_own_and_told_once_and_each_tip_names_what_there_is() {
        let grammar = CommandLine::command();
        let mut seen = BTreeSet::new();
        for (words, tip) in COMMANDS {
            for word in *words {
                assert!(seen.insert(word), "{word} twice");
                assert!(grammar.find_subcommand(word).is_none(), "{word} is our own");
            }
            let named: Vec<&str> =
                tip.split("durun ").skip(1).filter_map(|rest| rest.split([' ', ',']).next()).collect();
            assert!(!named.is_empty(), "{tip}");
            for name in named.into_iter().filter(|name| *name != "alone") {
                assert!(grammar.find_subcommand(name).is_some(), "{tip}");
            }
        }
    }

    #[test]
    fn help_and_version_are_asked_for_by_a_word_too() {
        let with = |words: &[&str]| {
            let words = with_help(words.iter().map(OsString::from).collect());
            words.into_iter().map(|word| word.into_string().expect("text")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(with(&["durun", "help", "schedule", "add"]), "durun schedule add --help");
        assert_eq!(with(&["durun", "help"]), "durun --help");
        assert_eq!(with(&["durun", "version", "-v"]), "durun --version -v");
        assert_eq!(with(&["durun", "start", "help"]), "durun start help");
        assert_eq!(with(&["durun"]), "durun");
    }
}
