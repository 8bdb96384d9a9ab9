//! Upkeep: what is asked of a store that is not about executing runs: forgetting them, checking all, carrying one elsewhere.

use crate::history::{Claim, Moment, RunNo, RunStatus};
use serde::{Deserialize, Serialize};

/// Something to be done for the store itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Upkeep {
    /// Forget those of these runs that ended at or before an instant, and whose parents are not open: [`Kept::Pruned`].
    Prune {
        /// The runs.
        runs: Vec<RunNo>,
        /// The instant.
        before: Moment,
    },
    /// Some runs that have ended: [`Kept::Ended`]. Of a store with more runs than are looked at, by chance others each time.
    Ended {
        /// By which it is decided with which run to begin.
        chance: u64,
        /// At how many runs is looked, at most.
        most: u32,
    },
    /// Drop some of the rows of runs that were forgotten, at last the texts that no run has: [`Kept::More`].
    Sweep {
        /// Texts are looked for where that was last done so long ago, in milliseconds: it takes a look at every run.
        texts_after_ms: i64,
    },
    /// Give what the file does not need any more back to the system: [`Kept::Done`].
    Compact,
    /// Read everything and tell what does not agree: [`Kept::Wrong`].
    Audit,
    /// Who goes on with runs that nobody executes: [`Kept::Wakers`].
    Wakers,
    /// Some of the rows of a run, from a place on: [`Kept::Rows`].
    Export {
        /// The run.
        run: RunNo,
        /// The place; nothing for the beginning.
        place: Option<Place>,
    },
    /// The newest run that a part of the store knows of, where that part can be read: [`Kept::Newest`].
    Newest(Witness),
    /// Take rows of an exported run; only into a store that is for looking at such runs and nothing else: [`Kept::Done`].
    Import(Vec<CarriedRow>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// These runs were forgotten.
    Pruned(Vec<RunNo>),
    /// Runs that have ended.
    Ended(Vec<EndedRun>),
    /// Whether more is left to be dropped.
    More(bool),
    /// It is done.
    Done,
    /// What does not agree, a sentence each.
    Wrong(Vec<String>),
    /// When the last tick came, and the process that serves.
    Wakers {
        /// The last tick.
        tick: Option<Moment>,
        /// The process.
        serving: Option<Claim>,
        /// Whether the store is only looked at: nobody goes on with any run of it.
        is_looked_at: bool,
    },
    /// This run is the newest.
    Newest(RunNo),
    /// Rows, and the place of the next ones.
    Rows(Vec<CarriedRow>, Option<Place>),
}

/// A run that has ended, as far as it matters for how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRun {
    /// Its number.
    pub run: RunNo,
    /// How it ended.
    pub status: RunStatus,
    /// When.
    pub at: Moment,
    /// The path of its script.
    pub script: String,
}

/// A part of the store that knows of its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Witness {
    /// The facts of the store, which count its runs.
    Facts,
    /// The rows of runs.
    Rows,
    /// What runs were started with.
    Starts,
}

/// A place among the rows of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which of its pieces.
    pub piece: u32,
    /// Behind this key.
    #[serde(with = "serde_bytes")]
    pub after: Vec<u8>,
}

/// A row with the name of its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedRow {
    /// The table.
    pub table: String,
    /// The key.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// The value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

impl Upkeep {
    /// Whether it writes.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Prune { .. } | Self::Sweep { .. } | Self::Compact | Self::Import(_) => true,
            Self::Audit | Self::Wakers | Self::Ended { .. } | Self::Newest(_) | Self::Export { .. } => false,
        }
    }
}
