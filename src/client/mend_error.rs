//! Why a run cannot be mended as asked: there is nothing to retry, or no such place to go back to.

use super::{Milestone, TurningPoint};
use crate::history::{OpId, RunId, RunStatus, Seq};

/// Why a run cannot be mended as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MendError {
    /// The history has no such entry.
    #[error("run {id} has no entry {wanted}: its history has the entries 0 to {last}")]
    NoEntry {
        /// The run.
        id: RunId,
        /// What was asked for.
        wanted: u32,
        /// The last one.
        last: Seq,
    },
    /// The history of the run has not begun.
    #[error("run {id} has not begun: there is nothing to set aside")]
    NotBegun {
        /// The run.
        id: RunId,
    },
    /// No entry is the outcome of that command.
    #[error("no entry of run {id} is the outcome of op {op}")]
    NoOutcome {
        /// The run.
        id: RunId,
        /// The command.
        op: OpId,
    },
    /// The wanted entry is the last one already.
    #[error("entry {at} is the last of run {id}: there is nothing to set aside")]
    NothingAside {
        /// The run.
        id: RunId,
        /// The entry.
        at: Seq,
    },
    /// No entry that stays is the outcome of an effect of that number.
    #[error("op {op} has no result among the entries that run {id} keeps")]
    NothingToSet {
        /// The run.
        id: RunId,
        /// The command.
        op: OpId,
    },
    /// After the failed step another effect was recorded.
    #[error("run {id} did {effect} after {failed} had failed")]
    EffectBetween {
        /// The run.
        id: RunId,
        /// What failed, in words.
        failed: String,
        /// What was done after it, in words.
        effect: String,
        /// The entry of that.
        entry: Seq,
        /// The last entry before the failure.
        before: TurningPoint,
    },
    /// After the failed step another effect was recorded, and what was done before it has been taken back.
    #[error("run {id} did {effect} after {failed} had failed")]
    Undone {
        /// The run.
        id: RunId,
        /// What failed, in words.
        failed: String,
        /// What was done after it, in words.
        effect: String,
        /// The entry of that.
        entry: Seq,
        /// The last entry before all that has been taken back.
        before: Seq,
    },
    /// The run ended without a failed step.
    #[error("run {id} has {}, and none of its steps failed", status.word().replace('_', " "))]
    NoFailedStep {
        /// The run.
        id: RunId,
        /// How it ended.
        status: RunStatus,
        /// From where it goes on; nothing where it has done nothing, or undos have begun.
        last_step: Option<Milestone>,
        /// The last entry before all that has been taken back, where undos have begun.
        undone: Option<Seq>,
    },
    /// At that place the ended run held a lock, which others may hold by now.
    #[error("at entry {at} run {id} held a lock, which it gave up when it ended")]
    HeldLock {
        /// The run.
        id: RunId,
        /// The entry.
        at: Seq,
        /// The last entry before that at which it held none.
        before: Option<Seq>,
    },
}
