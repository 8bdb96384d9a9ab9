//! The pager: what is longer than the screen is read in `$PAGER`, else in `less -FRX`, on a terminal only.

use super::args::Format;
use super::context::Context;
use super::error::CliError;
use super::interrupt::Interrupts;
use std::io::{ErrorKind, Write as _};
use std::process::{Child, Command, Stdio};

/// The pager where none is named: it ends at once where all fits the screen, shows colours, and leaves what was read standing.
const LESS: &str = "less -FRX";

/// stdout, or a pager before it.
pub(crate) struct Pager<'c> {
    context: &'c Context,
    /// The pager, and what keeps Ctrl-C from ending us before it.
    child: Option<(Child, Option<Interrupts>)>,
}

impl<'c> Pager<'c> {
    /// A pager where one is wanted and a person reads tables at a terminal.
    pub(crate) fn open(context: &'c Context, wanted: bool) -> Self {
        let reads = wanted && context.environment.stdout_terminal && context.format() == Format::Table;
        let command = if reads && !context.environment.is_plain() { command(context) } else { None };
        let child = command.and_then(|command| {
            let mut shell = Command::new("/bin/sh");
            // One that the shell does not find has read nothing.
            shell.arg("-c").arg(format!("{command}\n[ $? -ne 127 ] || cat")).stdin(Stdio::piped());
            if context.environment.get("LESS").is_none() {
                shell.env("LESS", "FRX");
            }
            // Without a pager all is printed as it is.
            shell.spawn().ok().map(|child| (child, Interrupts::install().ok()))
        });
        Self { context, child }
    }

    /// Writes text.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), CliError> {
        let Some(stdin) = self.child.as_mut().and_then(|(child, _)| child.stdin.as_mut()) else {
            return self.context.print(text);
        };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.write_all(end.as_bytes())).map_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe {
                // It was left before its end.
                CliError::Closed
            } else {
                CliError::Output(error.to_string())
            }
        })
    }
}

impl Drop for Pager<'_> {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.child {
            drop(child.stdin.take());
            // How it ended is between it and its reader.
            drop(child.wait());
        }
    }
}

/// The command: none where `$PAGER` is set and empty, or neither it nor `less` is there.
fn command(context: &Context) -> Option<String> {
    if let Some(named) = context.environment.text("PAGER") {
        return Some(named.to_owned()).filter(|named| !named.trim().is_empty());
    }
    let path = context.environment.get("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(path).any(|folder| folder.join("less").is_file());
    is_there.then(|| LESS.to_owned())
}
