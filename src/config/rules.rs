//! The parts of a configuration that are not about one activity: limits, secrets, whom to tell.

use super::ActivityConfig;
use crate::history::{QueueLimits, RunStatus};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many attempts may be under way at once where nothing is said.
const ACTIVITIES: u32 = 64;

/// What a file says; the default is what holds without one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// `[activity.NAME]`.
    pub activities: BTreeMap<String, ActivityConfig>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[secrets]`.
    pub secrets: BTreeMap<String, SecretSource>,
    /// `[notify]`.
    pub notify: Notify,
    /// `[retention]`.
    pub retention: Retention,
    /// `[queue.NAME]`.
    pub queues: BTreeMap<String, QueueLimits>,
    /// Each value as it stands in the file, in order.
    pub stated: Vec<Stated>,
}

/// A value as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Its name with those of its tables: `activity.charge.timeout`.
    pub key: String,
    /// Its text.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

impl Config {
    /// The folder of the file: paths in it are relative to this one.
    pub fn directory(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }
}

/// How long ended runs are kept, in milliseconds; for ever where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Completed ones.
    pub completed_ms: Option<i64>,
    /// All others: failed, timed out, cancelled, terminated.
    pub failed_ms: Option<i64>,
}

impl Retention {
    /// Of runs of a status.
    pub fn of(&self, status: RunStatus) -> Option<i64> {
        if status == RunStatus::Completed { self.completed_ms } else { self.failed_ms }
    }
}

/// Bounds of a whole worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many attempts may be under way at once; at least 1.
    pub activities: u32,
    /// How many runs may stand in memory at once, where it is bounded: of more, those that have waited longest are put out of it.
    pub live_runs: Option<u32>,
    /// How many bytes the process may have allocated before runs that only wait are put out of memory, where it is bounded.
    pub memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { activities: ACTIVITIES, live_runs: None, memory: None }
    }
}

/// Where a secret is kept. One that is not named in a configuration is the environment variable of its own name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// A file; one line's end at its end is not part of the secret. Absolute, or relative to the file that names it.
    File(PathBuf),
    /// A variable of the executing process's environment.
    Variable(String),
    /// A credential of systemd: a file of that name in `$CREDENTIALS_DIRECTORY`.
    Systemd(String),
}

/// Whom to tell of what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notify {
    /// What is executed when a call has been failing for its `warn_after`.
    pub on_struggling: Option<Notice>,
    /// Who is told of a run that has failed or timed out.
    pub on_failure: Option<Notice>,
    /// Who is told of a run that cannot go on before a person has mended something.
    pub on_stuck: Option<Notice>,
    /// Who is told of a run that has completed.
    pub on_success: Option<Notice>,
    /// Who is told of slots of a schedule that were missed, of a skip over a stuck run, and of a schedule that paused itself.
    pub on_missed: Option<Notice>,
}

impl Notify {
    /// Whom a key names: `on_failure` and the like.
    pub fn of(&self, key: &str) -> Option<&Notice> {
        match key {
            "on_struggling" => self.on_struggling.as_ref(),
            "on_failure" => self.on_failure.as_ref(),
            "on_stuck" => self.on_stuck.as_ref(),
            "on_success" => self.on_success.as_ref(),
            "on_missed" => self.on_missed.as_ref(),
            _ => None,
        }
    }
}

/// A command that tells somebody, or an address; it gets what there is to tell as JSON, a command on stdin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A program and its arguments; never empty.
    Program(Vec<String>),
    /// A text for `sh -c`.
    Shell(String),
    /// An address that gets it as the body of a POST.
    Url(String),
}
