//! The crontab line of `durun tick --install`: one a store, put in, found again and taken out through the system's `crontab`.

use super::error::CliError;
use super::escape::shell;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// By which our lines are known. The shell that cron starts takes it for a comment.
const MARK: &str = "# durun tick --install";

/// The line of a store.
pub(crate) fn line(program: &Path, store: &Path) -> String {
    let program = shell(&program.to_string_lossy());
    // cron takes a bare % for the end of the command.
    format!("* * * * * {program}{}", ending(store)).replace('%', "\\%")
}

/// What the line of a store ends with, whichever program it names.
fn ending(store: &Path) -> String {
    format!(" --store {} tick {MARK}", shell(&store.to_string_lossy()))
}

/// The table with the line of that store, and no other one of it.
fn with_line(table: &str, line: &str, store: &Path) -> String {
    format!("{}{line}\n", without_line(table, store))
}

/// The table without the line of that store.
fn without_line(table: &str, store: &Path) -> String {
    let ending = ending(store).replace('%', "\\%");
    let kept = table.lines().filter(|line| !line.trim_end().ends_with(&ending));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Puts the line in; false where it was there as it is.
pub(crate) fn install(line: &str, store: &Path) -> Result<bool, CliError> {
    let table = read()?;
    let is_new = !table.lines().any(|known| known == line);
    if is_new {
        write(&with_line(&table, line, store))?;
    }
    Ok(is_new)
}

/// Takes the line of that store out; false where there was none.
pub(crate) fn uninstall(store: &Path) -> Result<bool, CliError> {
    let table = read()?;
    let rest = without_line(&table, store);
    let is_there = rest.lines().count() < table.lines().count();
    if is_there {
        write(&rest)?;
    }
    Ok(is_there)
}

fn read() -> Result<String, CliError> {
    let output = Command::new("crontab").arg("-l").stdin(Stdio::null()).output().map_err(unstarted)?;
    let said = String::from_utf8_lossy(&output.stderr);
    match (output.status.success(), said.contains("no crontab")) {
        (true, _) => String::from_utf8(output.stdout).map_err(|_| failed("the table is not UTF-8")),
        (false, true) => Ok(String::new()),
        (false, false) => Err(failed(said.trim_end())),
    }
}

fn write(table: &str) -> Result<(), CliError> {
    let mut child = Command::new("crontab")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(unstarted)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(table.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim_end()))
    }
}

fn unstarted(error: std::io::Error) -> CliError {
    if error.kind() == std::io::ErrorKind::NotFound { CliError::NoCrontab } else { failed(error) }
}

fn failed(why: impl std::fmt::Display) -> CliError {
    CliError::Crontab(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_one_line_and_others_keep_theirs() {
        let (a, b) = (Path::new("/s/a"), Path::new("/s/50% b"));
        let line_a = line(Path::new("/usr/bin/durun"), a);
        assert_eq!(line_a, "* * * * * /usr/bin/durun --store /s/a tick # durun tick --install");
        let line_b = line(Path::new("/usr/bin/durun"), b);
        assert_eq!(line_b, "* * * * * /usr/bin/durun --store '/s/50\\% b' tick # durun tick --install");
        let own = "# mine\n0 3 * * * backup\n";
        let both = with_line(&with_line(own, &line_a, a), &line_b, b);
        assert_eq!(both, format!("{own}{line_a}\n{line_b}\n"));
        let moved = line(Path::new("/opt/durun"), a);
        assert_eq!(with_line(&both, &moved, a), format!("{own}{line_b}\n{moved}\n"));
        assert_eq!(without_line(&without_line(&both, a), b), own);
    }
}
