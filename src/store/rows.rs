//! Rows: tables of bytes inside one transaction, the little that the rules of the store need from a backend.

use super::StoreError;
use super::alike::Alike;
use crate::history::{Checksum, RunNo, RunRow, Seq};
use std::sync::Arc;

/// The tables. Their names are part of the file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// Schema version, the store's own id, the next run number.
    Meta,
    /// Run number: its row.
    Runs,
    /// Run number: what it was started with.
    Starts,
    /// Half a hash: what many runs were started with alike.
    Recipes,
    /// Run id: run number.
    RunIds,
    /// Run numbers of runs that have not ended.
    OpenRuns,
    /// Run number, entry number: the entry.
    History,
    /// Run number, op: the pending row.
    Pending,
    /// Due time, run number, op: nothing.
    Timers,
    /// Run number, message number: the message.
    Inbox,
    /// Message id: when, for which run, under which number.
    Dedupe,
    /// Hash: a script's text.
    Scripts,
    /// Hash: a large entry.
    Blobs,
    /// Run number, entry number, line: a log line.
    Logs,
    /// Run number, key: a published value.
    Published,
    /// Key of a `once` call: its result, or who seeks it.
    Once,
    /// Name of a lock, place in line: a command that holds it or waits for it.
    Locks,
    /// Run number, op: the key of its row among the locks.
    LockOps,
    /// Name of a queue: its limits, and who occupies it.
    Queues,
    /// Name of a queue, priority, run number: a run that waits in it.
    Queued,
    /// Numbers of histories whose entries and log lines are being dropped.
    Discarded,
    /// Run number, run number of a child: nothing.
    Children,
    /// Who goes on with runs that nobody executes: the times of ticks, and processes that serve.
    Wakers,
    /// Name of a schedule: the schedule.
    Schedules,
}

impl Table {
    /// Whether the key of each row begins with the number of a run, which had been given before there was any row of it.
    pub(super) fn is_by_run(self) -> bool {
        match self {
            Self::Runs
            | Self::Starts
            | Self::OpenRuns
            | Self::History
            | Self::Pending
            | Self::Inbox
            | Self::Logs
            | Self::Published
            | Self::LockOps
            | Self::Children => true,
            Self::Meta
            | Self::Recipes
            | Self::RunIds
            | Self::Timers
            | Self::Dedupe
            | Self::Scripts
            | Self::Blobs
            | Self::Once
            | Self::Locks
            | Self::Queues
            | Self::Queued
            | Self::Discarded
            | Self::Wakers
            | Self::Schedules => false,
        }
    }

    /// All of them.
    pub(super) const ALL: [Self; 24] = [
        Self::Meta,
        Self::Runs,
        Self::Starts,
        Self::Recipes,
        Self::RunIds,
        Self::OpenRuns,
        Self::History,
        Self::Pending,
        Self::Timers,
        Self::Inbox,
        Self::Dedupe,
        Self::Scripts,
        Self::Blobs,
        Self::Logs,
        Self::Published,
        Self::Once,
        Self::Locks,
        Self::LockOps,
        Self::Queues,
        Self::Queued,
        Self::Discarded,
        Self::Children,
        Self::Wakers,
        Self::Schedules,
    ];

    /// The name in the file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Runs => "runs",
            Self::Starts => "starts",
            Self::Recipes => "recipes",
            Self::RunIds => "run_ids",
            Self::OpenRuns => "open_runs",
            Self::History => "history",
            Self::Pending => "pending",
            Self::Timers => "timers",
            Self::Inbox => "inbox",
            Self::Dedupe => "dedupe",
            Self::Scripts => "scripts",
            Self::Blobs => "blobs",
            Self::Logs => "logs",
            Self::Published => "published",
            Self::Once => "once",
            Self::Locks => "locks",
            Self::LockOps => "lock_ops",
            Self::Queues => "queues",
            Self::Queued => "queued",
            Self::Discarded => "discarded",
            Self::Children => "children",
            Self::Wakers => "wakers",
            Self::Schedules => "schedules",
        }
    }
}

/// A row as it lies in a table.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// Reading inside a transaction.
pub(super) trait Rows {
    /// The value under a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The rows with `from <= key < until`, in order of key (or against it), at most `limit`.
    fn range(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError>;
}

/// Writing inside a transaction.
pub(super) trait RowsMut: Rows {
    /// Writes a value under a key.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError>;

    /// Removes a key; nothing happens where it is absent.
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError>;

    /// The row of a run, where it is known without reading it.
    fn known_row(&self, _run: RunNo) -> Option<Arc<RunRow>> {
        None
    }

    /// Where a history ends, and what its next entry is chained to, where that is known without reading it.
    fn known_tail(&self, _history: RunNo) -> Option<(Seq, Checksum)> {
        None
    }

    /// What the last start had alike with others, where it is known to be stored.
    fn known_alike(&self) -> Option<&Alike> {
        None
    }

    /// What a start had alike with others, which is stored now: it may be kept until a recipe or a text is removed.
    fn know_alike(&mut self, _alike: Alike) {}

    /// A row as it was just read: it may be kept until it is written or removed.
    fn know_row(&mut self, _row: &Arc<RunRow>) {}

    /// The end of a history as it now is: it may be kept until an entry of it is written or removed.
    fn know_tail(&mut self, _history: RunNo, _tail: (Seq, Checksum)) {}
}
