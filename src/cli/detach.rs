//! Going on in the background: the parent starts durun anew in a session of its own, and hears when it has begun.

use super::context::Context;
use super::error::CliError;
use crate::history::RunId;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

/// The word by which the child says that it has the run.
const BEGUN: &str = "begun";

/// Starts a process that goes on with the run, and returns once it has.
pub(crate) fn begin(context: &Context, id: &RunId) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::Detach(error.to_string());
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .args(["resume", "--own-session", "--quiet"])
        .arg("--store")
        .arg(context.place()?)
        .arg(id.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut word = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut word).map_err(failed)?;
    }
    if word.trim_end() == BEGUN {
        return Ok(());
    }
    let mut why = String::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(64 * 1024).read_to_string(&mut why).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    Err(CliError::Detach(if why.is_empty() { status.to_string() } else { why.trim_end().to_owned() }))
}

/// In the child, first of all: leaves the terminal's session.
pub(crate) fn leave_session() -> Result<(), CliError> {
    rustix::process::setsid().map(|_| ()).map_err(|error| CliError::Detach(error.to_string()))
}

/// In the child, when it has the run: tells the parent, and lets go of what it was given.
pub(crate) fn announce() -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::Detach(error.to_string());
    let mut stdout = std::io::stdout().lock();
    // A parent that was killed meanwhile is no reason to stop.
    let _ = writeln!(stdout, "{BEGUN}").and_then(|()| stdout.flush());
    drop(stdout);
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").map_err(failed)?;
    rustix::stdio::dup2_stdout(&null).map_err(|error| failed(error.into()))?;
    rustix::stdio::dup2_stderr(&null).map_err(|error| failed(error.into()))
}
