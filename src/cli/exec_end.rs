//! How a run of `durun exec` ends: its program's own output, and its program's own code.

use super::args::Format;
use super::context::Context;
use super::error::CliError;
use super::escape::{COLOURS_END, ESCAPE, coloured};
use super::exit::Exit;
use super::unstarted::is_unstarted;
use crate::client::{LogReader, LogStream, Session, Standing, StoreError, script_text};
use crate::history::{Failure, RunEnd, RunId, RunNo, Value, kind};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// The script of every such run.
pub(crate) const SCRIPT: &str = "\
// One program as a durable run: durun exec. Its stdout goes to a file beside the store.
set_summary(input.argv.reduce(|said, word| if said == () { word } else { said + ' ' + word }));
exec(input.argv, input.options)
";
/// The line by which such a script is known, also one of an earlier version.
const KNOWN_BY: &str = "// One program as a durable run: durun exec.";
/// How often is looked for what a program has written on stderr.
const LOOK: Duration = Duration::from_millis(50);
/// How much is copied at once at most, in bytes.
const CHUNK: u64 = 64 * 1024;

/// Where the stdout of such a run is kept.
pub(crate) fn stdout_of(session: &Session, id: &RunId) -> PathBuf {
    session.directory().join("exec").join(id.as_str())
}

/// Prints what the program of such a run wrote on stdout, and gives its code. Nothing for other runs, and where durun itself
/// has something to say.
pub(crate) fn conclude(
    context: &Context,
    session: &Session,
    run: RunNo,
    id: &RunId,
    standing: &Standing,
) -> Result<Option<Exit>, CliError> {
    let code = match standing {
        Standing::Ended(RunEnd::Completed { result }) if result.get("stdout_sha256").is_some() => Some(0),
        Standing::Ended(RunEnd::Failed { failure }) => code(failure),
        Standing::Ended(
            RunEnd::Completed { .. }
            | RunEnd::Cancelled { .. }
            | RunEnd::TimedOut { .. }
            | RunEnd::Terminated { .. },
        )
        | Standing::Stuck(_)
        | Standing::Open(_) => None,
    };
    let Some(code) =
        code.filter(|_| script_text(session, run).is_ok_and(|(_, text)| text.starts_with(KNOWN_BY)))
    else {
        return Ok(None);
    };
    if context.format() == Format::Table {
        print_file(context, &stdout_of(session, id))?;
    } else if code == 0 {
        return Ok(None);
    }
    Ok(Some(if code == 0 { Exit::Done } else { Exit::Program(code) }))
}

/// Whether the failure is the program's own: its own words are on stderr, or there is no such program. No line of the script,
/// which nobody wrote, says more.
pub(crate) fn is_of_program(failure: &Failure) -> bool {
    failure.data.contains_key("exit_code") || failure.data.contains_key("signal") || is_unstarted(failure)
}

/// The code by which shells tell such an end.
fn code(failure: &Failure) -> Option<u8> {
    let number =
        |name: &str| failure.data.get(name).and_then(Value::as_int).and_then(|it| u8::try_from(it).ok());
    if failure.kind == kind::TIMEOUT {
        return Some(Exit::RanOut.code());
    }
    if is_unstarted(failure) {
        return Some(if failure.message.contains("not executable") { 126 } else { 127 });
    }
    number("exit_code").or_else(|| number("signal").map(|signal| 128 + (signal & 127)))
}

/// As it is, whatever it is; on a terminal only its colours are obeyed. A program that wrote nothing before it was ended has no file.
fn print_file(context: &Context, path: &std::path::Path) -> Result<(), CliError> {
    let failed = |error: io::Error| {
        let path = path.display().to_string();
        CliError::from(StoreError::Io { path, message: error.to_string() })
    };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let (mut piece, mut is_coloured) = (Vec::new(), false);
    loop {
        piece.clear();
        // By lines where they are not too long, so that no character and no change of colour is cut in two.
        file.by_ref().take(CHUNK).read_until(b'\n', &mut piece).map_err(failed)?;
        if piece.is_empty() {
            break;
        }
        if context.environment.stdout_terminal {
            let shown = coloured(&String::from_utf8_lossy(&piece));
            is_coloured |= shown.contains(ESCAPE);
            context.print_raw(&shown)?;
        } else {
            context.print_bytes(&piece)?;
        }
    }
    if is_coloured { context.print_raw(COLOURS_END) } else { Ok(()) }
}

/// Passes on what the program of a run writes on stderr, from its beginning, until nobody sends any more and all is told.
pub(crate) fn pass_stderr(context: &Context, session: &Session, run: RunNo, over: &Receiver<()>) {
    let mut reader = LogReader::new(session, run, None);
    let mut is_over = false;
    loop {
        // What cannot be read now is read at the next look; at the end there is durun logs.
        let page = reader.page(session).unwrap_or_default();
        for line in page.iter().filter(|line| matches!(line.wrote, Some((_, LogStream::Stderr)))) {
            context.complain(&stderr_line(context, &line.text));
        }
        if page.is_empty() && is_over {
            return;
        }
        if page.is_empty() {
            is_over = matches!(over.recv_timeout(LOOK), Err(RecvTimeoutError::Disconnected));
        }
    }
}

fn stderr_line(context: &Context, text: &str) -> String {
    if !context.environment.stderr_terminal {
        return format!("{text}\n");
    }
    let shown = coloured(text);
    let end = if shown.contains(ESCAPE) { COLOURS_END } else { "" };
    format!("{shown}{end}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_programs_own_as_shells_tell_it() {
        let failure = |kind: &str| Failure::new(kind, "it failed");
        assert_eq!(code(&failure("exec").with("exit_code", 3_i64)), Some(3));
        assert_eq!(code(&failure("exec").with("signal", 9_i64)), Some(137));
        assert_eq!(code(&failure("timeout")), Some(124));
        assert_eq!(code(&failure("exec").with("type", "not_started")), Some(127));
        let message = "/x is not executable";
        assert_eq!(code(&Failure::new("exec", message).with("type", "not_started")), Some(126));
        assert_eq!(code(&failure("failure")), None);
    }
}
