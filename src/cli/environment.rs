//! What surrounds the process: variables, directory, terminals. Read once and handed down as a value.

use crate::client::Variables;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The surroundings of one invocation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<OsString, OsString>,
    directory: PathBuf,
    /// Whether stdin is a terminal.
    pub(crate) stdin_terminal: bool,
    /// Whether stdout is one.
    pub(crate) stdout_terminal: bool,
    /// Whether stderr is one.
    pub(crate) stderr_terminal: bool,
    /// How many columns the terminal has, where there is one.
    pub(crate) columns: Option<usize>,
}

impl Environment {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        let columns = rustix::termios::tcgetwinsize(std::io::stderr())
            .or_else(|_| rustix::termios::tcgetwinsize(std::io::stdout()))
            .ok()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0);
        Self {
            variables: std::env::vars_os().collect(),
            directory: std::env::current_dir().unwrap_or_default(),
            stdin_terminal: std::io::stdin().is_terminal(),
            stdout_terminal: std::io::stdout().is_terminal(),
            stderr_terminal: std::io::stderr().is_terminal(),
            columns,
        }
    }

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)], directory: &Path) -> Self {
        Self {
            variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: directory.to_owned(),
            ..Self::default()
        }
    }

    /// A variable's value; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Whether what is written is no place to move a cursor on, terminal or not: a dumb one, or the log of a CI server.
    pub(crate) fn is_plain(&self) -> bool {
        let dumb = self.text("TERM").is_none_or(|term| term == "dumb");
        dumb || self.get("CI").is_some_and(|ci| ci != "false" && ci != "0")
    }

    /// A variable's value as text, set and empty included.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(OsStr::new(name)).and_then(|value| value.to_str())
    }

    /// The names of the variables that are texts.
    pub(crate) fn names(&self) -> Vec<String> {
        self.variables.keys().filter_map(|name| name.to_str().map(str::to_owned)).collect()
    }

    /// The variables as a look-up by name; an empty one counts as absent.
    pub(crate) fn variables(&self) -> Variables {
        let own = self.clone();
        Arc::new(move |name| own.text(name).filter(|value| !value.is_empty()).map(str::to_owned))
    }

    /// Who uses this process: the user's name, else the number.
    pub(crate) fn user(&self) -> String {
        let named = ["USER", "LOGNAME"].iter().find_map(|name| self.text(name).filter(|it| !it.is_empty()));
        named.map_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()), str::to_owned)
    }

    /// The working directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}
