//! What a worker tells while it goes on, for a live display.

use crate::activity::LastLine;
use crate::history::{
    CommandLabel, Failure, HowFar, MessageId, Moment, OpId, RunEnd, RunId, RunNo, Stuck, Value,
};
use crate::store::LogLine;
use std::sync::Arc;

/// Where progress goes. Called on the worker's thread; must not block.
pub type Observer = Arc<dyn Fn(RunNo, Progress) + Send + Sync>;

/// A step that was under way when its run was put down, and begins again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOff {
    /// Its kind and name.
    pub label: CommandLabel,
    /// The name of the strand that asks, where it has one.
    pub strand: Option<String>,
    /// The number of its attempt.
    pub attempt: u32,
}

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Its history was replayed.
    Replayed {
        /// Entries delivered.
        entries: u32,
        /// Outcomes of effects among them: steps that are not run again.
        steps: u32,
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// The steps that were asked for before and have no recorded outcome: they begin again.
        again: Vec<CutOff>,
    },
    /// The script asks for an effect.
    Scheduled {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// The line that asks.
        line: Option<u32>,
        /// The name of the strand that asks, where it has one.
        strand: Option<String>,
    },
    /// An attempt said how far it is.
    Heartbeat {
        /// The command.
        op: OpId,
        /// What it said.
        details: Value,
    },
    /// A process of an attempt has begun to write.
    Writes {
        /// The command.
        op: OpId,
        /// The last line that it has written, whenever that is looked at.
        last: LastLine,
    },
    /// An attempt begins.
    AttemptStarted {
        /// The command.
        op: OpId,
        /// From 1.
        attempt: u32,
    },
    /// An attempt failed.
    AttemptFailed {
        /// The command.
        op: OpId,
        /// From 1.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// When the next begins, where there is one.
        next_try: Option<Moment>,
        /// How many there may be, where bounded.
        attempts: Option<u32>,
    },
    /// A command has been failing for so long that a person should look; told once.
    Struggling {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// The line that asks.
        line: Option<u32>,
        /// How many attempts have failed.
        failures: u32,
        /// Since when.
        since: Moment,
        /// The last failure.
        failure: Failure,
        /// When the next attempt begins, where one waits.
        next_try: Option<Moment>,
    },
    /// A command ended and its outcome is recorded.
    Outcome {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// From being asked for to its end, in milliseconds.
        took_ms: i64,
        /// Whether it gave a value.
        ok: bool,
        /// The failure's message, where it failed.
        message: Option<String>,
        /// How many attempts it took.
        attempts: u32,
    },
    /// A timer or wait begins.
    Waiting {
        /// The command.
        op: OpId,
        /// Its kind and name.
        label: CommandLabel,
        /// When it is due, where it has a time.
        due: Option<Moment>,
        /// The line that asks.
        line: Option<u32>,
        /// The name of the strand that asks, where it has one.
        strand: Option<String>,
        /// What may be answered, where it is a question.
        choices: Vec<String>,
    },
    /// It may not begin before runs have ended that do not get on by themselves; told once of the same runs.
    Held {
        /// Those that are stuck.
        by: Vec<RunId>,
        /// Those that nobody goes on with.
        idle: Vec<RunId>,
    },
    /// All wait for the process that has the store open, which is stopped; told once of the same, and of no run.
    Stalled {
        /// That process.
        pid: u32,
    },
    /// A command ended without an outcome of its own.
    Settled {
        /// The command.
        op: OpId,
    },
    /// The script logged a line.
    Log(LogLine),
    /// The script set its summary.
    Summary(String),
    /// The script told how far it is.
    ScriptProgress(HowFar),
    /// Somebody replied to what the run waits for, or wants its end: a token was resolved, a question answered.
    Replied {
        /// What was said.
        what: String,
    },
    /// An update has its answer, and that is on disk; or it was refused.
    UpdateAnswered {
        /// The sender's id for it.
        id: MessageId,
        /// What became of it.
        what: String,
    },
    /// A signal was delivered.
    Signal {
        /// Its name.
        name: String,
    },
    /// The script ended a generation, and the next begins.
    Restarted {
        /// Its number.
        generation: u32,
    },
    /// The script has started a child run, or one of its children is taken up with it.
    ChildStarted {
        /// Its number.
        run: RunNo,
        /// Its name.
        id: RunId,
    },
    /// The run ended.
    Ended(RunEnd),
    /// The run cannot go on.
    Stuck(Stuck),
    /// The run was put down.
    Parked,
}
