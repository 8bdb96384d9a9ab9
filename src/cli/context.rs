//! What every command is given: its surroundings, the options that all share, and the way to the store.

use super::args::{ColorChoice, Format, Global};
use super::environment::Environment;
use super::error::CliError;
use super::escape;
use super::report::Report;
use super::store_place;
use crate::client::{ClientError, Executor, Session, StoreError};
use crate::config::{Config, Configs};
use crate::timer::Clock;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

/// Opens the store in a directory.
pub(crate) type OpenStore =
    dyn Fn(&Path, Arc<dyn Clock>, Arc<dyn Executor>) -> Result<Session, CliError> + Send + Sync;

/// The surroundings of a command.
pub(crate) struct Context {
    /// Variables, directory, terminals.
    pub(crate) environment: Environment,
    /// The options that all commands share.
    pub(crate) global: Global,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Who drives scripts.
    pub(crate) executor: Arc<dyn Executor>,
    /// What `durun.toml` says, by script.
    pub(crate) configs: Arc<Configs>,
    /// How a store is opened.
    pub(crate) open: Box<OpenStore>,
    /// What is wrong with the store that was opened, where it is damaged.
    pub(crate) damage: Mutex<Option<StoreError>>,
    /// What a program writes is passed on meanwhile, and comes before the block that says how it ended.
    pub(crate) passing: Mutex<Option<Passing>>,
    /// stdout: the result and nothing else.
    pub(crate) out: Sink,
    /// stderr: everything else.
    pub(crate) err: Arc<Sink>,
}

/// Somebody who passes on what a program writes, in a thread of his own.
pub(crate) struct Passing {
    /// Dropped when the program has ended.
    pub(crate) ended: Sender<()>,
    /// Dropped by him when all is told.
    pub(crate) told: Receiver<()>,
}

/// Where words go.
pub(crate) type Sink = Mutex<Box<dyn Write + Send>>;

/// The configurations of scripts; the user's own file is `durun/config.toml` in `$XDG_CONFIG_HOME`, else in `~/.config`.
pub(crate) fn configs(environment: &Environment, clock: &Arc<dyn Clock>) -> Arc<Configs> {
    let named = environment.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(Path::new(environment.get("HOME")?).join(".config"));
    let own = named.or_else(home).map(|folder| folder.join("durun/config.toml"));
    Arc::new(Configs::new(own, Arc::clone(clock)))
}

impl Context {
    /// Waits until all is passed on that a program has written; nothing is where nobody passes on.
    pub(crate) fn pass_on_the_rest(&self) {
        let passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Passing { ended, told }) = passing {
            drop(ended);
            // Nothing is ever sent: it ends when he drops his end.
            let _nothing = told.recv();
        }
    }

    /// What `durun.toml` says for a script.
    pub(crate) fn config(&self, script: &Path) -> Result<Arc<Config>, CliError> {
        let script = self.environment.directory().join(script);
        let script = script.canonicalize().unwrap_or(script);
        Ok(self.configs.read(&script)?)
    }

    /// How results are to be written.
    pub(crate) fn format(&self) -> Format {
        self.global.output
    }

    /// Where the store is.
    pub(crate) fn place(&self) -> Result<PathBuf, CliError> {
        let place = store_place::locate(self.global.store.as_deref(), &self.environment)?;
        if place.is_file() {
            let message = "that is a file, not a directory".to_owned();
            return Err(CliError::Directory { path: place, permission: false, message });
        }
        Ok(place)
    }

    /// The store, which must exist.
    pub(crate) fn session(&self) -> Result<Session, CliError> {
        self.session_if_any()?.ok_or(CliError::NoStore { directory: self.place()? })
    }

    /// The store, where there is one.
    pub(crate) fn session_if_any(&self) -> Result<Option<Session>, CliError> {
        let place = self.place()?;
        if store_place::holds_store(&place) { self.open(&place).map(Some) } else { Ok(None) }
    }

    /// The same. A directory that was named is meant: without a store in it, it is the wrong one.
    pub(crate) fn session_if_meant(&self) -> Result<Option<Session>, CliError> {
        let is_named = self.global.store.is_some() || self.environment.get("DURUN_STORE").is_some();
        if is_named { self.session().map(Some) } else { self.session_if_any() }
    }

    /// The store; it is made where there is none.
    pub(crate) fn session_or_create(&self) -> Result<Session, CliError> {
        // For its user alone: inputs and results are nobody else's business.
        self.session_in(&self.place()?)
    }

    /// A store in a directory; it is made where there is none, by the store, which looks first whether it may be there.
    pub(crate) fn session_in(&self, place: &Path) -> Result<Session, CliError> {
        let not_made = |path: &str, permission: bool, message: &str| {
            let is_it = Path::new(path) == place && !place.is_dir();
            is_it.then(|| CliError::Directory {
                path: place.to_owned(),
                permission,
                message: message.to_owned(),
            })
        };
        self.open(place).map_err(|error| {
            let told = match &error {
                CliError::Client(ClientError::Store(StoreError::Permission { path, message })) => {
                    not_made(path, true, message)
                }
                CliError::Client(ClientError::Store(StoreError::Io { path, message })) => {
                    not_made(path, false, message)
                }
                _ => None,
            };
            told.unwrap_or(error)
        })
    }

    fn open(&self, place: &Path) -> Result<Session, CliError> {
        let session = (self.open)(place, Arc::clone(&self.clock), Arc::clone(&self.executor))?;
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = session.store().damage();
        // Whoever is told of a run is elsewhere, and has none of the variables and folders that say where the store is.
        let is_own = store_place::own(&self.environment).is_ok_and(|own| own == place);
        Ok(session.named(!is_own))
    }

    /// The store as commands to type name it: as it was named on the command line; where nobody is at a terminal, also one of a variable,
    /// which whoever reads it has not.
    pub(crate) fn aim(&self) -> Option<PathBuf> {
        let Environment { stdin_terminal, stdout_terminal, stderr_terminal, .. } = self.environment;
        // Whoever sends both into a pipe or a file still types: what he reads there he types where the variable is.
        let is_read_elsewhere = !stdin_terminal && !stdout_terminal && !stderr_terminal;
        let named = || store_place::of_variable(&self.environment).filter(|_| is_read_elsewhere);
        self.global.store.clone().or_else(named)
    }

    /// A command to type that means the same store.
    pub(crate) fn command(&self, words: &str) -> String {
        match self.aim() {
            Some(store) => format!("durun --store {} {words}", escape::shell(&store.to_string_lossy())),
            None => format!("durun {words}"),
        }
    }

    /// A report as it is shown on stderr.
    pub(crate) fn shown(&self, report: &Report) -> String {
        report.aimed(self.aim().as_deref()).render(self.color_stderr())
    }

    /// Whether colours go to stderr.
    pub(crate) fn color_stderr(&self) -> bool {
        self.color(self.environment.stderr_terminal)
    }

    /// Whether colours go to stdout.
    pub(crate) fn color_stdout(&self) -> bool {
        self.color(self.environment.stdout_terminal)
    }

    fn color(&self, terminal: bool) -> bool {
        match self.global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let dumb = self.environment.text("TERM").is_none_or(|term| term == "dumb");
                terminal && !dumb && self.environment.get("NO_COLOR").is_none()
            }
        }
    }

    /// The columns that a table on stdout may use; nothing where it goes to a file or a pipe.
    pub(crate) fn table_width(&self) -> Option<usize> {
        self.environment.columns.filter(|_| self.environment.stdout_terminal)
    }

    /// Whether stdout is a terminal on which tables may be drawn again in their place.
    pub(crate) fn draws(&self) -> bool {
        self.environment.stdout_terminal && !self.environment.is_plain() && self.format() == Format::Table
    }

    /// Whether somebody sees what goes on: a terminal on stderr, or `-v`; not with `-q`.
    pub(crate) fn is_talkative(&self) -> bool {
        !self.global.quiet && (self.environment.stderr_terminal || self.global.verbose > 0)
    }

    /// One line for whoever looks on; nothing on success where nobody does.
    pub(crate) fn note(&self, text: &str) {
        if self.is_talkative() {
            self.complain(&format!("{text}\n"));
        }
    }

    /// One line that must not be missed, also where nobody looks on; only `-q` keeps it back.
    pub(crate) fn warn(&self, text: &str) {
        if !self.global.quiet {
            self.complain(&format!("{text}\n"));
        }
    }

    /// Writes to stderr as it is. Nothing can be done where that fails.
    pub(crate) fn complain(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Writes to stdout and adds the line's end where it is missing.
    pub(crate) fn print(&self, text: &str) -> Result<(), CliError> {
        if text.is_empty() {
            return Ok(());
        }
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.print_raw(&format!("{text}{end}"))
    }

    /// Writes to stdout as it is.
    pub(crate) fn print_raw(&self, text: &str) -> Result<(), CliError> {
        self.print_bytes(text.as_bytes())
    }

    /// Writes bytes to stdout as they are.
    pub(crate) fn print_bytes(&self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| {
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                CliError::Closed
            } else {
                CliError::Output(error.to_string())
            }
        })
    }

    /// One JSON value on stdout: spread over lines for `json`, on one line for `jsonl`.
    pub(crate) fn print_json(&self, value: &serde_json::Value) -> Result<(), CliError> {
        match self.format() {
            Format::Json => self.print(&escape::json(&format!("{value:#}"))),
            Format::Jsonl | Format::Table => self.print(&escape::json(&value.to_string())),
        }
    }

    /// Documents on a line each, in one piece.
    pub(crate) fn print_lines(
        &self,
        documents: impl Iterator<Item = serde_json::Value>,
    ) -> Result<(), CliError> {
        let lines: Vec<String> = documents.map(|document| escape::json(&document.to_string())).collect();
        self.print(&lines.join("\n"))
    }

    /// Several: an array for `json`, one a line for `jsonl`.
    pub(crate) fn print_json_list(&self, values: Vec<serde_json::Value>) -> Result<(), CliError> {
        match self.format() {
            Format::Json => self.print_json(&serde_json::Value::Array(values)),
            Format::Jsonl | Format::Table => values.iter().try_for_each(|value| self.print_json(value)),
        }
    }

    /// Text from outside for stdout: raw into files and pipes, escaped on a terminal.
    pub(crate) fn outside_text(&self, text: &str) -> String {
        if self.environment.stdout_terminal { escape::block(text) } else { text.to_owned() }
    }
}
