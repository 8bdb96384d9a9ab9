//! What can be asked of a store, and what it answers: the same types in process and on the socket.

use crate::history::{
    Claim, Message, MessageBody, MessageId, MessageNo, Moment, OpId, Pending, Record, RunId, RunNo, RunRow,
    RunStart, RunStatus, ScriptHash, Seq, StoredStatus, Value,
};
use serde::{Deserialize, Serialize};

/// A request to a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Record a new run; answered [`Answer::Started`] or, where the id is taken, [`Answer::Exists`].
    Start(Box<NewRun>),
    /// Take the right to execute a run: [`Answer::Claimed`], or `Held`, `Ended`.
    Claim {
        /// The run.
        run: RunNo,
        /// Who asks.
        claim: Claim,
    },
    /// Give that right up: [`Answer::Done`].
    Release {
        /// The run.
        run: RunNo,
        /// The epoch of the claim.
        epoch: u64,
    },
    /// Add to a run that the caller has claimed: [`Answer::Done`], or `Fenced`, `Differs`, `Gap`, `Ended`.
    Append(Box<Append>),
    /// Say something to a run: [`Answer::Delivered`], or `Ended`.
    Deliver(Box<NewMessage>),
    /// End a run without asking its script: [`Answer::Done`], or `Ended`.
    Terminate {
        /// The run.
        run: RunNo,
        /// The reason.
        reason: String,
    },
    /// Be told of changes to this run through [`Event::Changed`]: [`Answer::Done`].
    Watch {
        /// The run.
        run: RunNo,
    },
    /// The run of that id, else those whose ids begin with the text; `@last` is the newest: [`Answer::Runs`].
    Find {
        /// Id, prefix or `@last`.
        text: String,
    },
    /// Runs, newest first: [`Answer::Views`].
    List(RunFilter),
    /// One run as it stands: [`Answer::View`].
    View {
        /// The run.
        run: RunNo,
    },
    /// All that a replay needs besides the entries, from one read transaction: [`Answer::Snapshot`].
    Snapshot {
        /// The run.
        run: RunNo,
    },
    /// Entries `from..until`, at most 4 MiB of them a call: [`Answer::Records`]. Not yet verified.
    History {
        /// The run.
        run: RunNo,
        /// The first.
        from: Seq,
        /// The one after the last.
        until: Seq,
    },
    /// A script's text: [`Answer::Script`], or `NoScript`.
    Script {
        /// Its hash.
        hash: ScriptHash,
    },
    /// Log lines after a place, oldest first: [`Answer::Logs`].
    Logs {
        /// The run.
        run: RunNo,
        /// The last line that the caller has.
        after: Option<LogKey>,
        /// At most so many.
        limit: u32,
    },
    /// Whether a message of that id was accepted before: [`Answer::Delivered`], else [`Answer::Done`].
    Recall {
        /// The sender's id for it.
        id: MessageId,
    },
    /// What the script has published: [`Answer::Published`].
    Published {
        /// The run.
        run: RunNo,
    },
}

/// A store's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Done.
    Done,
    /// The run was recorded.
    Started {
        /// Its number.
        run: RunNo,
        /// The epoch, where it was claimed in the same transaction; else 0.
        epoch: u64,
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
    /// A text.
    Script(String),
    /// Log lines with their places.
    Logs(Vec<(LogKey, LogLine)>),
    /// Published values by key.
    Published(Vec<(String, Value)>),
}

/// What a store tells a process unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A message for a run that this process claims. It may or may not be on disk yet; the process answers by an append that
    /// names it in [`Append::delivered`]. The same message may be told more than once.
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
}

/// A run to be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// By which a resend is known.
    pub nonce: MessageId,
    /// Its name.
    pub id: RunId,
    /// What it is started with.
    pub start: RunStart,
    /// The texts of the program, by hash; those that the store has already may be repeated.
    pub scripts: Vec<(ScriptHash, String)>,
    /// Claim it at once for this process.
    pub claim: Option<Claim>,
}

/// A message to be accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewMessage {
    /// The run.
    pub run: RunNo,
    /// By which a resend, or the user's repetition under one key, is known.
    pub id: MessageId,
    /// Whether the id was made from a user's key: then it is remembered as long as the run.
    pub keyed: bool,
    /// What it says.
    pub body: MessageBody,
}

/// What an executor adds to its run, in one transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Append {
    /// The run.
    pub run: RunNo,
    /// The epoch of the caller's claim.
    pub epoch: u64,
    /// The place of the first record; where there is none, the place of the next.
    pub from: Seq,
    /// Entries, sealed in a chain.
    pub records: Vec<Record>,
    /// Messages that the records deliver: their inbox rows go, their ids are remembered.
    pub delivered: Vec<(MessageNo, MessageId)>,
    /// Pending rows to write or replace; the timer rows follow them.
    pub pending: Vec<Pending>,
    /// Commands that are pending no longer.
    pub settled: Vec<OpId>,
    /// Log lines; a line whose key exists is left as it is.
    pub logs: Vec<(LogKey, LogLine)>,
    /// Published values.
    pub published: Vec<(String, Value)>,
    /// Changes of the run's row.
    pub row: RowChange,
}

/// Changes of a run's row; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RowChange {
    /// The new state. An end removes pending, timer and inbox rows, counts the unread and drops the claim.
    pub status: Option<StoredStatus>,
    /// The new summary.
    pub summary: Option<String>,
    /// When a request to end was delivered.
    pub cancel_requested_at: Option<Moment>,
}

/// The place of a log line: the entry last delivered when it was written, and its number in that stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogKey {
    /// The entry last delivered.
    pub seq: Seq,
    /// 0, 1, 2 … within the stretch.
    pub line: u32,
}

/// How grave a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the one who debugs.
    Debug,
    /// `print`, and `log` without a level.
    Info,
    /// Something to look at.
    Warn,
    /// Something went wrong.
    Error,
}

/// A line that the script logged, or a line that an attempt wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// The time of the run when it was written.
    pub at: Moment,
    /// How grave.
    pub level: LogLevel,
    /// The text.
    pub text: String,
    /// Fields given beside the text; null where none.
    #[serde(default)]
    pub fields: Value,
    /// The command whose attempt wrote it, where one did.
    #[serde(default)]
    pub op: Option<OpId>,
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunFilter {
    /// Only these; empty means all.
    pub statuses: Vec<RunStatus>,
    /// Only those whose script's path ends with this.
    pub script: Option<String>,
    /// Only those recorded at or after.
    pub since: Option<Moment>,
    /// At most so many.
    pub limit: Option<u32>,
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
    /// Its pending rows, by op; at most 100.
    pub pending: Vec<Pending>,
    /// How many messages wait in its inbox, or were unread at its end.
    pub unread: u32,
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
    /// All its pending rows, by op.
    pub pending: Vec<Pending>,
    /// Its inbox, by number.
    pub inbox: Vec<Message>,
    /// The store's own id: 16 hexadecimal digits.
    pub store_id: String,
    /// The place of the last log line, where there is one.
    pub last_log: Option<LogKey>,
}
