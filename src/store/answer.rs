//! What a store answers and tells: the same types in process and on the socket.

use super::{LogKey, LogLine};
use crate::history::{
    Claim, CommandKind, LockView, Message, MessageNo, Moment, OpId, Pending, Record, RunId, RunNo, RunRow,
    RunStart, RunStatus, Schedule, Seq, UpdateAnswer, Value, WokenBy,
};
use serde::{Deserialize, Serialize};

/// A store's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Done.
    Done,
    /// Done, and something was written for other runs on the way. The hub tells their executors; its callers get [`Answer::Done`].
    Told(Told),
    /// The run was recorded.
    Started {
        /// Its number.
        run: RunNo,
        /// The epoch, where it was claimed in the same transaction; else 0.
        epoch: u64,
    },
    /// The run was recorded, and others were asked to end before it begins.
    Superseding {
        /// Its number.
        run: RunNo,
        /// The epoch, where it was claimed in the same transaction; else 0.
        epoch: u64,
        /// What the others were told.
        told: Told,
    },
    /// The id is taken.
    Exists {
        /// The run that has it.
        row: Box<RunRow>,
        /// What it was started with.
        start: Box<RunStart>,
    },
    /// The run is the caller's.
    Claimed {
        /// To be carried by each append.
        epoch: u64,
    },
    /// The message was accepted.
    Delivered {
        /// Its number within the run.
        no: MessageNo,
        /// When it was accepted.
        accepted_at: Moment,
        /// Whether it had been accepted before.
        duplicate: bool,
    },
    /// The signal was accepted.
    Signalled {
        /// The run that has it.
        run: RunNo,
        /// Whether the run was recorded for it.
        started: bool,
        /// The epoch, where it was claimed in the same transaction; else 0.
        epoch: u64,
        /// Its number within the run.
        no: MessageNo,
        /// When it was accepted.
        accepted_at: Moment,
        /// Whether it had been accepted before.
        duplicate: bool,
    },
    /// Runs.
    Runs(Vec<RunRow>),
    /// Runs as they stand.
    Views(Vec<RunView>),
    /// One run as it stands.
    View(Box<RunView>),
    /// See [`Snapshot`].
    Snapshot(Box<Snapshot>),
    /// Entries.
    Records(Vec<Record>),
    /// What came of upkeep.
    Kept(Box<super::Kept>),
    /// A text.
    Script(String),
    /// Log lines with their places.
    Logs(Vec<(LogKey, LogLine)>),
    /// Published values by key.
    Published(Vec<(String, Value)>),
    /// See [`Once`].
    Once(Box<Once>),
    /// Keys of `once` calls.
    OnceRows(Vec<OnceRow>),
    /// See [`Admission`].
    Admission(Admission),
    /// See [`Due`].
    Due(Due),
    /// The answer to an update, where there is one.
    Update(Box<Option<UpdateAnswer>>),
    /// See [`Schedules`].
    Schedules(Box<Schedules>),
}

/// The schedules, and who fires them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedules {
    /// By name.
    pub rows: Vec<Schedule>,
    /// Who goes on with runs that nobody executes.
    pub fired_by: Option<WokenBy>,
}

/// What could go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Due {
    /// Open runs that have something to do and that nobody executes, the oldest first.
    pub runs: Vec<(RunNo, RunId)>,
    /// When the next timer of a run that nobody executes is due.
    pub next: Option<Moment>,
}

/// What a request wrote for other runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Told {
    /// Messages, and whom they are for.
    pub messages: Vec<(RunNo, Message)>,
    /// Runs that were ended without being asked.
    pub ended: Vec<RunNo>,
    /// Runs that were recorded, and that nobody executes.
    #[serde(default)]
    pub recorded: Vec<RunNo>,
}

/// Whether a run that waits in a queue may begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admission {
    /// It may, and has its place until it ends.
    Admitted,
    /// It has to ask again.
    Waits {
        /// What it waits for, in words: `queue reports, 2 of 2 busy (a, b)`.
        waits_for: String,
        /// Those that occupy it and are stuck: it waits until a person mends or ends them.
        #[serde(default)]
        stuck: Vec<RunId>,
        /// Those that occupy it and that nobody goes on with.
        #[serde(default)]
        idle: Vec<RunId>,
    },
}

/// What is under a key of `once` calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Once {
    /// Nothing: the caller seeks the result now, and nobody else.
    Taken,
    /// Another command seeks it.
    Sought {
        /// Its run.
        run: RunId,
        /// Since when.
        since: Moment,
    },
    /// The result.
    Done {
        /// The run that gave it.
        run: RunId,
        /// When.
        at: Moment,
        /// The result.
        result: Value,
    },
}

/// A key of `once` calls, as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnceRow {
    /// The key.
    pub key: String,
    /// The run that gave the result, or seeks it.
    pub run: RunId,
    /// Its command.
    pub op: OpId,
    /// When it gave it, or began to seek it.
    pub at: Moment,
    /// The result, where there is one.
    pub result: Option<Value>,
}

/// What a store tells a process unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A message for a run that this process claims. It may or may not be on disk yet; the process answers by an append that
    /// names it in `Append::delivered`. The same message may be told more than once.
    Message {
        /// The run.
        run: RunNo,
        /// The message.
        message: Message,
    },
    /// Something was written for a run that this process watches or claims by somebody other than its executor.
    Changed {
        /// The run.
        run: RunNo,
    },
    /// Whatever waits for another attempt in a run that this process claims is to be tried now.
    RetryNow {
        /// The run.
        run: RunNo,
    },
    /// To a session that attends: a run that nobody executes may have something to do; where none is named, any of them.
    Work {
        /// The run.
        run: Option<RunNo>,
    },
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Its row.
    pub row: RunRow,
    /// Its status, derived from row, claim, pending rows and inbox at the time of reading.
    pub status: RunStatus,
    /// The claim, where the process that made it lives.
    pub executor: Option<Claim>,
    /// How many entries its history has.
    pub entries: Seq,
    /// When the last entry was written, or the run recorded.
    pub last_at: Moment,
    /// Its pending rows, by op; the first 100, and every question to a person.
    pub pending: Vec<Pending>,
    /// How many messages wait in its inbox, or were unread at its end.
    pub unread: u32,
    /// The locks that it holds or waits for, by op; at most 100.
    #[serde(default)]
    pub locks: Vec<LockView>,
    /// Who goes on with it; nothing where it has ended or is stuck.
    #[serde(default)]
    pub woken_by: Option<WokenBy>,
}

impl RunView {
    /// Whether it asks a person and can take the answer.
    pub fn asks(&self) -> bool {
        !self.status.is_ended()
            && self.status != RunStatus::Stuck
            && self.pending.iter().any(|row| row.label.kind == CommandKind::Ask && row.waits_for.is_none())
    }
}

/// All that a replay needs besides the entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its row.
    pub row: RunRow,
    /// What it was started with.
    pub start: RunStart,
    /// How many entries its history has.
    pub entries: Seq,
    /// Its first entries, where the history is short: they need no call of their own.
    #[serde(default)]
    pub first: Vec<Record>,
    /// All its pending rows, by op.
    pub pending: Vec<Pending>,
    /// Its inbox, by number.
    pub inbox: Vec<Message>,
    /// The store's own id: 16 hexadecimal digits.
    pub store_id: String,
    /// The commands that hold a lock or wait for one.
    #[serde(default)]
    pub lock_ops: Vec<OpId>,
    /// The place of the last log line, where there is one.
    pub last_log: Option<LogKey>,
}
