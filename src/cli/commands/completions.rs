//! `durun completions`: the script by which a shell completes durun's words; and the hidden `durun complete`, which that script calls.

use crate::cli::completion::{Line, Shell, answer, candidates, script};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use clap::Args;
use std::ffi::OsString;
use std::sync::mpsc::channel;
use std::time::Duration;

const EXAMPLES: &str = "\
It completes commands, options and files, and what there is now: runs, the signals, queries and updates that a run's \
script declares, the choices of a question, the inputs of a script, schedules. The store is only looked at.

Examples:
  eval \"$(durun completions bash)\"                in ~/.bashrc
  eval \"$(durun completions zsh)\"                 in ~/.zshrc, after compinit
  durun completions fish | source                 in ~/.config/fish/config.fish";

/// No answer of the store is worth more of a person's patience.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The arguments of `durun completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// The arguments of `durun complete`.
#[derive(Debug, Args)]
pub(crate) struct CompleteArgs {
    /// The shell
    shell: Shell,
    /// The line, as bash has it
    #[arg(long)]
    line: Option<OsString>,
    /// Where in it the cursor is, in bytes
    #[arg(long, default_value_t = usize::MAX)]
    cursor: usize,
    /// The end of the word at the cursor that bash replaces
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    part: OsString,
    /// The words, the one at the cursor last
    #[arg(last = true)]
    words: Vec<OsString>,
}

/// Prints the script.
pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, CliError> {
    context.print(script(args.shell))?;
    Ok(Exit::Done)
}

/// Answers what may stand where the cursor is. Whatever is wrong, a person who types hears nothing of it.
pub(crate) fn run_complete(context: &Context, args: &CompleteArgs) -> Result<Exit, CliError> {
    let shell = args.shell;
    let (words, quoted) = match &args.line {
        Some(line) => {
            let line = Line::until(&line.to_string_lossy(), args.cursor);
            (line.words.into_iter().map(OsString::from).collect(), line.quote.is_some())
        }
        None => (args.words.clone(), false),
    };
    let part = args.part.to_string_lossy().into_owned();
    let environment = context.environment.clone();
    let (told, found) = channel();
    // A store that does not answer in time is left behind with its thread.
    let asked = std::thread::Builder::new().spawn(move || {
        let current =
            words.last().map(|word: &OsString| word.to_string_lossy().into_owned()).unwrap_or_default();
        let found = candidates(words, environment);
        drop(told.send(answer(shell, &found, &current, &part, quoted)));
    });
    if asked.is_ok()
        && let Ok(found) = found.recv_timeout(PATIENCE)
    {
        context.print(&found)?;
    }
    Ok(Exit::Done)
}
