//! What a script can ask of the world, by kind: the part of a command that replay compares.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of a command. The stored names are a promise: none is renamed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// `activity(name, …)`: a function of the script or an executable.
    Activity,
    /// `step(name, || …)`: a closure of the script.
    Step,
    /// `exec([program, …])` outside an activity.
    Exec,
    /// `sh(text, …)` outside an activity.
    Sh,
    /// `poll(name, …, || …)`: a closure of the script, tried until it gives something.
    Poll,
    /// `http(#{…})`, `http_get(url)`, `http_post(url, json)` outside an activity.
    Http,
    /// `read_file(path)` outside an activity.
    ReadFile,
    /// `write_file(path, content)` outside an activity.
    WriteFile,
    /// `glob(pattern)` outside an activity.
    Glob,
    /// `env(name)` outside an activity.
    Env,
    /// `sleep(d)` and `sleep_until(time)`.
    Sleep,
    /// `wait_signal(name, …)`.
    WaitSignal,
    /// `wait_until(|| …, …)`.
    WaitUntil,
    /// `wait_token(token, …)`.
    WaitToken,
    /// `ask(question, …)`: a question that a person answers.
    Ask,
    /// `signal_run(id, name, data)`: a signal to another run.
    SignalRun,
    /// `start_child(file, …)` and the beginning of `child(file, …)`: another run is recorded.
    StartChild,
    /// `child(…)` and `result()` of a child: the end of another run.
    Child,
    /// `cancel()` of a child, and of one whose result nobody waits for any more.
    CancelChild,
    /// `with_lock(name, || …)`: a lock that other runs may hold.
    WithLock,
    /// The place of a run in a queue before it begins: no script asks for it.
    Queue,
    /// The timer of an open question after which its reader is reminded: no script asks for it.
    Remind,
    /// The run's own `--timeout`: a timer that no script asks for.
    RunTimeout,
    /// The time that a script has for clean-up after a request to end: a timer that no script asks for.
    Grace,
}

/// A command as replay compares it: its kind and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandLabel {
    /// What was asked.
    pub kind: CommandKind,
    /// The name given, or for `exec` the program, for `wait_signal` the signal names.
    pub name: String,
}

impl CommandKind {
    /// The word used in scripts and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Step => "step",
            Self::Exec => "exec",
            Self::Sh => "sh",
            Self::Http => "http",
            Self::ReadFile => "read_file",
            Self::WriteFile => "write_file",
            Self::Glob => "glob",
            Self::Env => "env",
            Self::Poll => "poll",
            Self::Sleep => "sleep",
            Self::WaitSignal => "wait_signal",
            Self::WaitUntil => "wait_until",
            Self::WaitToken => "wait_token",
            Self::Ask => "ask",
            Self::SignalRun => "signal_run",
            Self::StartChild => "start_child",
            Self::Child => "child",
            Self::CancelChild => "cancel_child",
            Self::WithLock => "with_lock",
            Self::Queue => "queue",
            Self::Remind => "remind",
            Self::RunTimeout => "run_timeout",
            Self::Grace => "grace",
        }
    }

    /// Whether its outcome is an effect's: `ActivityCompleted` or `ActivityFailed`.
    pub fn is_effect(self) -> bool {
        match self {
            Self::Activity
            | Self::Step
            | Self::Exec
            | Self::Sh
            | Self::Http
            | Self::ReadFile
            | Self::WriteFile
            | Self::Glob
            | Self::Env
            | Self::Poll
            | Self::SignalRun
            | Self::StartChild
            | Self::CancelChild => true,
            Self::Sleep
            | Self::WaitSignal
            | Self::WaitUntil
            | Self::WaitToken
            | Self::Ask
            | Self::Child
            | Self::WithLock
            | Self::Queue
            | Self::Remind
            | Self::RunTimeout
            | Self::Grace => false,
        }
    }
}

impl fmt::Display for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word().fmt(f)
    }
}

impl fmt::Display for CommandLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { self.kind.fmt(f) } else { write!(f, "{} \"{}\"", self.kind, self.name) }
    }
}
