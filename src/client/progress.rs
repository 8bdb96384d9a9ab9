//! What an execution tells while it goes on, for the live display.

use crate::history::{CommandLabel, Failure, Moment, OpId, RunEnd, RunNo, Stuck};
use crate::store::LogLine;
use std::sync::Arc;

/// What an execution tells while it goes on, for the live display.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// The script stands again where it stood.
    Replayed {
        /// Entries served from the history.
        entries: u32,
        /// How many of them were outcomes of commands.
        steps: u32,
        /// How long that took, in milliseconds.
        took_ms: u64,
    },
    /// The script asked for a command whose effect is about to start.
    Scheduled {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// The line that asks.
        line: Option<u32>,
    },
    /// An attempt began.
    AttemptStarted {
        /// The command.
        op: OpId,
        /// 1 for the first.
        attempt: u32,
    },
    /// An attempt failed.
    AttemptFailed {
        /// The command.
        op: OpId,
        /// 1 for the first.
        attempt: u32,
        /// How.
        failure: Failure,
        /// When it is tried again; nothing where it is not.
        next_try: Option<Moment>,
        /// How many attempts there may be, where there is a bound.
        attempts: Option<u32>,
    },
    /// A command has its outcome, on disk.
    Outcome {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// From the script's asking to the outcome.
        took_ms: i64,
        /// Whether it is a value and not a failure.
        ok: bool,
        /// The failure's message, where it is one.
        message: Option<String>,
        /// How many attempts it took; 0 for timers and waits.
        attempts: u32,
    },
    /// The script sleeps or waits at this command.
    Waiting {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// When its timer is due, where it has one.
        due: Option<Moment>,
        /// The line that asks.
        line: Option<u32>,
    },
    /// A command ended without an outcome of its own: a wait that came true, the loser of a race.
    Settled {
        /// The command.
        op: OpId,
    },
    /// The script logged a line, or an attempt wrote one.
    Log(LogLine),
    /// `set_summary(text)`.
    Summary(String),
    /// `progress(done, total, text)`.
    ScriptProgress {
        /// How much is done.
        done: i64,
        /// Of how much.
        total: i64,
        /// What is being done.
        text: Option<String>,
    },
    /// A signal was delivered to the script.
    Signal {
        /// Its name.
        name: String,
    },
    /// The run ended.
    Ended(RunEnd),
    /// The run cannot go on as its script is written.
    Stuck(Stuck),
    /// The execution stopped, the run did not end.
    Parked,
}

/// Where [`Progress`] goes: called on any thread, must not block.
pub type Observer = Arc<dyn Fn(RunNo, Progress) + Send + Sync>;
