//! Why a store did not do what it was asked.

use crate::history::{Claim, MessageNo, RunId, RunNo, RunStatus, Seq};
use serde::{Deserialize, Serialize};

impl StoreError {
    /// An answer that does not fit its request: a mistake in durun.
    pub fn strange(request: &str) -> Self {
        Self::Protocol { message: format!("{request} was answered strangely") }
    }
}

/// A store's refusal or failure. It travels over the socket as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StoreError {
    /// There is no run of that number.
    #[error("there is no run number {run}")]
    NoRun {
        /// The number.
        run: RunNo,
    },
    /// There is no run of that id.
    #[error("there is no run {id}")]
    NoSuchRun {
        /// The id.
        id: RunId,
    },
    /// Somebody else has changed the schedule.
    #[error("the schedule {name} was changed by another process")]
    ScheduleChanged {
        /// Its name.
        name: RunId,
    },
    /// The store holds imported runs, and nothing else.
    #[error("{message}")]
    LookedAt {
        /// What was refused.
        message: String,
    },
    /// There is no script of that hash.
    #[error("the store has no script {hash}")]
    NoScript {
        /// The hash.
        hash: String,
    },
    /// Runs are nested too deep: this one may start no other.
    #[error("run {id} may start no run: runs are nested at most {most} deep")]
    Nested {
        /// Its name.
        id: RunId,
        /// How deep they may be.
        most: u32,
    },
    /// An append delivers what the run has heard: whoever sent it does not know where the run stands.
    #[error("run {id} has heard message {} already", no.0)]
    Heard {
        /// Its name.
        id: RunId,
        /// The number of the message.
        no: MessageNo,
    },
    /// Nobody asks that any more: the run has begun anew, or was rewound to before the question.
    #[error("run {id} asks that no more")]
    NotAsked {
        /// Its name.
        id: RunId,
    },
    /// The run has ended.
    #[error("run {id} has ended: {status}")]
    Ended {
        /// Its name.
        id: RunId,
        /// How.
        status: RunStatus,
    },
    /// A living process has the run.
    #[error("run {id} is executed by process {}", claim.pid)]
    Held {
        /// Its name.
        id: RunId,
        /// Whose it is.
        claim: Claim,
    },
    /// Another process serves the store.
    #[error("process {} serves this store already", claim.pid)]
    Served {
        /// Who.
        claim: Claim,
    },
    /// The caller's claim was taken over.
    #[error("another process has taken over the run (epoch {epoch}, now {current})")]
    Fenced {
        /// The caller's epoch.
        epoch: u64,
        /// The epoch in force.
        current: u64,
    },
    /// At that place stands another entry.
    #[error("entry {seq} is recorded with other content")]
    Differs {
        /// The place.
        seq: Seq,
    },
    /// Entries before that place are missing.
    #[error("entry {from} was given, but {expected} is next")]
    Gap {
        /// The place given.
        from: Seq,
        /// The place expected.
        expected: Seq,
    },
    /// The store's bytes are not what was written.
    #[error("the store is damaged: {what}")]
    Corrupt {
        /// The file.
        path: String,
        /// What was found.
        what: String,
    },
    /// A later durun wrote the store.
    #[error("the store has schema {found}, this durun knows {known}")]
    Newer {
        /// The schema found.
        found: u32,
        /// The schema known.
        known: u32,
    },
    /// Another version of durun owns the store right now.
    #[error("the store is served by durun {theirs}, this is {ours}")]
    OtherVersion {
        /// The owner's version.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// The store's owner does not answer, or its file is locked.
    #[error("the store is busy: {message}")]
    Busy {
        /// Who and since when.
        message: String,
    },
    /// The process that owns the store is stopped.
    #[error("process {pid}, which has the store open, is stopped")]
    Stopped {
        /// The process.
        pid: u32,
    },
    /// The disk is full.
    #[error("no space left on the device for {path}")]
    Full {
        /// The file.
        path: String,
    },
    /// We may not.
    #[error("no permission for {path}: {message}")]
    Permission {
        /// The file or directory.
        path: String,
        /// The system's word, or ours.
        message: String,
    },
    /// The system refused to read or write.
    #[error("{path}: {message}")]
    Io {
        /// The file.
        path: String,
        /// The system's word.
        message: String,
    },
    /// Bytes on the socket that are no request or answer; or a request that may not be.
    #[error("protocol: {message}")]
    Protocol {
        /// What was wrong.
        message: String,
    },
    /// The connection to the owner was lost with the request unanswered: it is sent again to the next owner.
    #[error("the owner of the store went away")]
    OwnerGone,
}
