//! The command line's grammar: options that all commands share, and the list of commands.

use super::commands::{
    answer::AnswerArgs,
    cancel::CancelArgs,
    check::CheckArgs,
    completions::{CompleteArgs, CompletionsArgs},
    doctor::DoctorArgs,
    exec::ExecArgs,
    explain::ExplainArgs,
    export::{ExportArgs, ImportArgs},
    history::HistoryArgs,
    init::InitArgs,
    list::ListArgs,
    logs::LogsArgs,
    man::ManArgs,
    once::OnceArgs,
    prune::PruneArgs,
    query::QueryArgs,
    reject::RejectArgs,
    resolve::ResolveArgs,
    result::ResultArgs,
    resume::ResumeArgs,
    retry::RetryArgs,
    rewind::RewindArgs,
    serve::ServeArgs,
    signal::SignalArgs,
    start::StartArgs,
    status::StatusArgs,
    terminate::TerminateArgs,
    test::TestArgs,
    tick::TickArgs,
    update::UpdateArgs,
    upgrade::UpgradeArgs,
    wait::WaitArgs,
    why::WhyArgs,
};
use super::commands::{missed::MissedArgs, schedule::ScheduleArgs};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  durun order.rhai -i product=42            execute a script durably, with live progress
  durun start order.rhai --id order-1001    the same under a name; repeat it and it goes on where it was
  durun status order-1001                   where it is, and what it waits for
  durun signal order-1001 pickedUp          say something to it
  durun resume order-1001                   go on after Ctrl-C, kill or reboot

An ID is the name given with --id, any unambiguous beginning of it, or @last.

Exit codes: 0 completed or done, 1 failed, 2 usage, 3 not finished, 4 no such run, 5 cancelled or terminated, \
6 timed out, 7 conflict, 8 stuck, 65 store damaged, 70 bug, 74 I/O, 75 busy, 77 no permission, 78 configuration, \
124 wait ran out, 130 and 143 interrupted (the run is parked, not lost).";

const STORE_HELP: &str =
    "The store's directory [default: $DURUN_STORE, a .durun/ upwards from here, else $XDG_STATE_HOME/durun]";

/// Makes Rhai scripts durable: killed at any moment, a run continues from its last recorded step.
#[derive(Debug, Parser)]
#[command(name = "durun", version, after_help = EXAMPLES, disable_help_subcommand = true, max_term_width = 110)]
pub(crate) struct CommandLine {
    /// The options that all share.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do; without a word, an overview.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The options that all commands share.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    /// How results are written
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub(crate) output: Format,
    /// Show no progress and no notes
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Show notes and the run's log also where stderr is no terminal
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// The store's directory.
    #[arg(long, global = true, value_name = "DIR", help = STORE_HELP)]
    pub(crate) store: Option<PathBuf>,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Jsonl,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Execute a script durably, here and now
    #[command(visible_alias = "run")]
    Start(StartArgs),
    /// Execute one program durably, without a script
    Exec(ExecArgs),
    /// Continue parked or interrupted runs, here
    Resume(ResumeArgs),
    /// Go on with every run that is due, each until it waits again: one crontab line replaces a server
    Tick(TickArgs),
    /// Go on with all runs of the store for as long as this lives
    Serve(ServeArgs),
    /// Say something to a run
    Signal(SignalArgs),
    /// Ask a run for something and wait for the answer
    Update(UpdateArgs),
    /// Answer a question that a run asks
    Answer(AnswerArgs),
    /// Say that what a token stands for is done
    Resolve(ResolveArgs),
    /// Say that what a token stands for has failed
    Reject(RejectArgs),
    /// Try again now what waits for another attempt, or failed
    Retry(RetryArgs),
    /// Say what a run waits for and what unblocks it
    Why(WhyArgs),
    /// Ask a run's script something
    Query(QueryArgs),
    /// Show where a run is and what it waits for
    Status(StatusArgs),
    /// List runs
    List(ListArgs),
    /// Show what happened in a run
    History(HistoryArgs),
    /// Show what a run logged
    Logs(LogsArgs),
    /// Print the result of a run that has ended
    Result(ResultArgs),
    /// Wait for a run to end and print its result
    Wait(WaitArgs),
    /// Ask a run to end; its script may clean up
    Cancel(CancelArgs),
    /// End a run without asking its script
    Terminate(TerminateArgs),
    /// Let a run go on under a mended script
    Upgrade(UpgradeArgs),
    /// Let a run go on from an earlier entry of its history
    Rewind(RewindArgs),
    /// Start scripts by themselves at the times of a cron expression
    Schedule(ScheduleArgs),
    /// List the slots of schedules that were missed or skipped
    Missed(MissedArgs),
    /// The results kept under the keys of `once:`
    Once(OnceArgs),
    /// Say whether the store is well, and where each setting comes from
    Doctor(DoctorArgs),
    /// Forget runs that ended long ago
    Prune(PruneArgs),
    /// Write all that is known of a run into one file
    Export(ExportArgs),
    /// Make a store of such a file, to look at the run
    Import(ImportArgs),
    /// Find mistakes of scripts without running them
    Check(CheckArgs),
    /// Perform the tests of scripts: time jumps, the world is played
    Test(TestArgs),
    /// Say what the code of an error means
    Explain(ExplainArgs),
    /// Make a folder to begin in: a script, its test, an activity, a configuration
    Init(InitArgs),
    /// Print the script by which a shell completes durun's words
    Completions(CompletionsArgs),
    /// Print a page of the manual, or write all of them
    Man(ManArgs),
    /// Answer a shell that completes
    #[command(hide = true)]
    Complete(CompleteArgs),
}

/// Puts `start` before a script that stands where a command is expected: `durun order.rhai`.
pub(crate) fn with_verb(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut place = 1;
    while let Some(argument) = arguments.get(place) {
        match argument.to_str() {
            // Options that take a value as the next word; with `=` they are one word.
            Some("-o" | "--output" | "--color" | "--store") => place += 2,
            Some(option) if option.starts_with('-') => place += 1,
            _ => break,
        }
    }
    let is_script = arguments.get(place).is_some_and(|word| {
        Path::new(word).extension().is_some_and(|extension| extension == "rhai")
            || word.to_string_lossy().contains('/')
    });
    let mut arguments = arguments;
    if is_script {
        arguments.insert(place, OsString::from("start"));
    }
    arguments
}

/// `durun test -o junit` has a format of its own: it becomes the option of that command.
pub(crate) fn with_junit(arguments: Vec<OsString>) -> Vec<OsString> {
    let is_test = arguments.iter().skip(1).any(|word| word == "test");
    let mut words = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter().peekable();
    while let Some(word) = rest.next() {
        let is_option = word == "-o" || word == "--output";
        if is_test && (word == "-ojunit" || word == "--output=junit") {
            words.push(OsString::from("--junit"));
        } else if is_test && is_option && rest.peek().is_some_and(|value| value == "junit") {
            rest.next();
            words.push(OsString::from("--junit"));
        } else {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_grammar_has_no_contradictions() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_script_needs_no_verb() {
        let with = |words: &[&str]| {
            let words = words.iter().map(OsString::from).collect();
            with_verb(words).into_iter().map(|word| word.into_string().expect("text")).collect::<Vec<_>>()
        };
        assert_eq!(with(&["durun", "a.rhai", "-i", "a=1"]), ["durun", "start", "a.rhai", "-i", "a=1"]);
        assert_eq!(
            with(&["durun", "-q", "--store", "x.rhai", "./job"]),
            ["durun", "-q", "--store", "x.rhai", "start", "./job"]
        );
        assert_eq!(with(&["durun", "status", "a.rhai"]), ["durun", "status", "a.rhai"]);
        assert_eq!(with(&["durun", "--store=d"]), ["durun", "--store=d"]);
    }
}
