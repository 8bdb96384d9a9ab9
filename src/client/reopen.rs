//! Reopening: a run that failed or timed out goes on at its last failed step, which is tried again as what it was.

use super::rewind::{Past, Plan, plan};
use super::{ClientError, LoadedProgram, MendError, Session, find};
use crate::history::{CancelCause, CommandLabel, Entry, Fact, RunEnd, RunStatus, Seq, StoredStatus};
use std::collections::BTreeMap;

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failing {
    /// The step that failed.
    Step(CommandLabel),
    /// What was under way when the time-out came.
    TimedOut,
}

/// Plans that a failed or timed-out run goes on at its last failed step, under another text where one is given. Nothing is written.
///
/// # Errors
/// As [`find`]; `RetryEnded` for a run that came to an end as it was meant to; [`MendError`] where no step failed, or others were done
/// since; `Differs` where what stays of the history does not fit the text.
pub fn plan_retry(
    session: &Session,
    text: &str,
    program: Option<&LoadedProgram>,
) -> Result<(Plan, Failing), ClientError> {
    let past = Past::read(session, find(session, text)?.no)?;
    let row = &past.snapshot.row;
    let (place, failing) = match &row.status {
        StoredStatus::Ended(RunEnd::Failed { .. }) => failed(&past)?,
        StoredStatus::Ended(RunEnd::TimedOut { .. }) => timed_out(&past)?,
        StoredStatus::Ended(end) => {
            return Err(ClientError::RetryEnded { id: row.id.clone(), status: end.status() });
        }
        StoredStatus::Open | StoredStatus::Stuck(_) => {
            return Err(ClientError::NoRetry { id: row.id.clone() });
        }
    };
    let plan = plan(session, past, place, &BTreeMap::new(), false, program)?;
    Ok((plan, failing))
}

fn failed(past: &Past) -> Result<(Seq, Failing), MendError> {
    let found = past.entries.iter().rev().find_map(|(seq, entry)| match &entry.fact {
        Fact::ActivityFailed(failed) => Some((*seq, failed.label.clone())),
        _ => None,
    });
    let Some((seq, label)) = found else { return Err(no_failed_step(past, RunStatus::Failed)) };
    refuse_effects(past, seq, &words(&label))?;
    Ok((seq, Failing::Step(label)))
}

fn timed_out(past: &Past) -> Result<(Seq, Failing), MendError> {
    let is_it = |entry: &Entry| matches!(&entry.fact, Fact::CancelRequested(request) if request.cause == CancelCause::Timeout);
    let found = past.entries.iter().rev().find(|(_, entry)| is_it(entry));
    let Some((seq, _)) = found else { return Err(no_failed_step(past, RunStatus::TimedOut)) };
    refuse_effects(past, *seq, "the whole run")?;
    Ok((*seq, Failing::TimedOut))
}

fn no_failed_step(past: &Past, status: RunStatus) -> MendError {
    MendError::NoFailedStep { id: past.snapshot.row.id.clone(), status }
}

/// What was done after the failure, an undo for example, would be done once more, or would not be true any more.
fn refuse_effects(past: &Past, failed_at: Seq, failed: &str) -> Result<(), MendError> {
    let later =
        past.entries.iter().find(|(seq, entry)| *seq > failed_at && entry.fact.effect_kind().is_some());
    match later.and_then(|(seq, entry)| entry.fact.outcome_of().map(|(_, label)| (*seq, words(label)))) {
        Some((entry, effect)) => Err(MendError::EffectBetween {
            id: past.snapshot.row.id.clone(),
            failed: failed.to_owned(),
            effect,
            entry,
            before: Seq(failed_at.0.saturating_sub(1)),
        }),
        None => Ok(()),
    }
}

fn words(label: &CommandLabel) -> String {
    format!("{} \"{}\"", label.kind.word(), label.name)
}
