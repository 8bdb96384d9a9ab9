//! Reopening: a run that failed or timed out goes on at its last failed step, which is tried again as what it was.

use super::rewind::{Anew, Past, Plan, ends, plan};
use super::upgrade::{source, with_way_back};
use super::{ClientError, LoadedProgram, Mark, MendError, Milestone, Session, Stand, TurningPoint, find};
use crate::history::{
    CancelCause, CommandLabel, Entry, Fact, OpId, RunEnd, RunNo, RunRow, RunStatus, Seq, StoredStatus, kind,
};
use std::collections::BTreeMap;

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failing {
    /// The step that failed.
    Step(CommandLabel),
    /// What was under way when the time-out came.
    TimedOut,
}

/// How a run that has ended goes on under another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reopening {
    /// At the step that failed.
    Retry {
        /// The file of the text.
        file: String,
    },
    /// From an earlier entry.
    Rewind(TurningPoint),
}

/// Plans that a failed or timed-out run goes on at its last failed step, under another text where one is given. Nothing is written.
///
/// # Errors
/// As [`find()`]; `RetryEnded` for a run that came to an end as it was meant to; [`MendError`] where no step failed, or others were done
/// since; `Differs` where what stays of the history does not fit the text.
pub fn plan_retry(
    session: &Session,
    text: &str,
    program: Option<&LoadedProgram>,
) -> Result<(Plan, Failing), ClientError> {
    let past = Past::read(session, find(session, text)?.no)?;
    let row = &past.snapshot.row;
    let turn = |at: Seq| TurningPoint::of(session, &past, at, program);
    // One that tells of another run, recorded by an earlier durun, held whom to tell; now durun.toml says so, each time.
    let telling = (program.is_none() && row.is_hook()).then(|| LoadedProgram::telling(&row.script));
    let stood = stand(session, &past)?;
    // From which command on all are those of the handler of the failure, where it has begun.
    let handler = stood.as_ref().and_then(|stand| stand.on_failure);
    let none = |status| -> ClientError {
        let last_step = stood.as_ref().and_then(|stand| milestone(row, stand, &turn));
        let undone = stood.as_ref().and_then(|stand| before_undone(&past, stand));
        let is_unfit = last_step.as_ref().is_some_and(|last| last.before.file.is_none());
        let misfit = program.filter(|_| is_unfit).and_then(|program| misfit(session, row, program));
        misfit.unwrap_or_else(|| {
            MendError::NoFailedStep { id: row.id.clone(), status, last_step, undone }.into()
        })
    };
    let (place, failing) = match &row.status {
        StoredStatus::Ended(RunEnd::Failed { .. }) => {
            failed(&past, handler).ok_or_else(|| none(RunStatus::Failed))?
        }
        StoredStatus::Ended(RunEnd::TimedOut { .. }) => {
            timed_out(&past).ok_or_else(|| none(RunStatus::TimedOut))?
        }
        StoredStatus::Ended(end) => {
            return Err(ClientError::RetryEnded { id: row.id.clone(), status: end.status() });
        }
        StoredStatus::Open | StoredStatus::Stuck(_) => {
            return Err(ClientError::NoRetry { id: row.id.clone() });
        }
    };
    let anew = later_effects(&past, (place, &failing), stood.as_ref(), &turn)?;
    let row = row.clone();
    let program = program.or(telling.as_ref());
    let plan =
        plan(session, past, place, &BTreeMap::new(), anew, program).map_err(|error| match program {
            Some(program) => with_way_back(session, &row, program, error),
            None => error,
        })?;
    Ok((plan, failing))
}

/// From where a run that has ended goes on that its own script has ended: from before its last step. Nothing where nothing was done,
/// or undos have begun. Nothing is written.
///
/// # Errors
/// As `find`, and what a replay has to say.
pub fn before_last_step(
    session: &Session,
    text: &str,
    program: Option<&LoadedProgram>,
) -> Result<Option<Milestone>, ClientError> {
    let past = Past::read(session, find(session, text)?.no)?;
    let turn = |at: Seq| TurningPoint::of(session, &past, at, program);
    Ok(stand(session, &past)?.and_then(|stand| milestone(&past.snapshot.row, &stand, &turn)))
}

/// The last step of a run that is stuck, in words, and the entry before it: what that gave its script could not go on with. Nothing where
/// nothing was done, or undos had begun by then. Nothing is written.
///
/// # Errors
/// What the store says.
pub fn before_stuck(session: &Session, run: RunNo) -> Result<Option<(String, TurningPoint)>, ClientError> {
    let past = Past::read(session, run)?;
    let is_effect = |(_, entry): &&(Seq, Entry)| entry.fact.effect_kind().is_some();
    let Some((seq, last)) = past.entries.iter().rev().find(is_effect) else { return Ok(None) };
    let before: Vec<Entry> =
        past.entries.iter().filter(|(at, _)| at < seq).map(|(_, it)| it.clone()).collect();
    let stood = session.executor().stand(session, run, &before, None).ok();
    let is_forward = |stand: &Stand| stand.on_failure.is_none() && stand.undone.is_empty();
    let step = stood.filter(is_forward).and(last.fact.outcome_of()).map(|(_, label)| words(label));
    let before = || TurningPoint::of(session, &past, Seq(seq.0.saturating_sub(1)), None);
    Ok(step.map(|step| (step, before())))
}

/// How a run that has ended would go on under a text, where it would. Nothing is written.
pub(super) fn reopening(session: &Session, row: &RunRow, program: &LoadedProgram) -> Option<Reopening> {
    let turn = match plan_retry(session, row.id.as_str(), Some(program)) {
        Ok(_) => return Some(Reopening::Retry { file: program.program.path.clone() }),
        Err(ClientError::Mend(MendError::EffectBetween { before, .. })) if row.status.is_of_step() => before,
        Err(ClientError::Mend(MendError::EffectBetween { .. } | MendError::NoFailedStep { .. })) => {
            before_last_step(session, row.id.as_str(), Some(program)).ok()??.before
        }
        Err(_) => return None,
    };
    turn.file.is_some().then_some(Reopening::Rewind(turn))
}

/// Why a run cannot go on under a text, and from where it could; nothing where its history fits.
pub(super) fn misfit(session: &Session, row: &RunRow, program: &LoadedProgram) -> Option<ClientError> {
    let misfit = session.executor().fits(session, row.no, source(program)).err()?;
    Some(with_way_back(session, row, program, misfit.about(&row.id)))
}

fn milestone(row: &RunRow, stand: &Stand, turn: &dyn Fn(Seq) -> TurningPoint) -> Option<Milestone> {
    let (seq, what) = stand.last_step.as_ref()?;
    let mark = what.clone().map_or(Mark::Beginning, Mark::Step);
    let is_timeout = matches!(&row.status, StoredStatus::Ended(RunEnd::Failed { failure }) if failure.kind == kind::TIMEOUT);
    Some(Milestone { mark, is_timeout, before: turn(Seq(seq.0.saturating_sub(1))) })
}

/// Where the script of a run stood when that ended.
fn stand(session: &Session, past: &Past) -> Result<Option<Stand>, ClientError> {
    let row = &past.snapshot.row;
    if !matches!(row.status, StoredStatus::Ended(_)) {
        return Ok(None);
    }
    let all: Vec<Entry> = past.entries.iter().map(|(_, entry)| entry.clone()).collect();
    session.executor().stand(session, row.no, &all, None).map(Some).map_err(|error| error.about(&row.id))
}

fn failed(past: &Past, handler: Option<OpId>) -> Option<(Seq, Failing)> {
    let is_own = |op: OpId| handler.is_none_or(|first| op < first);
    past.entries.iter().rev().find_map(|(seq, entry)| match &entry.fact {
        Fact::ActivityFailed(failed) if is_own(failed.op) => {
            Some((*seq, Failing::Step(failed.label.clone())))
        }
        _ => None,
    })
}

fn timed_out(past: &Past) -> Option<(Seq, Failing)> {
    let is_it = |entry: &Entry| matches!(&entry.fact, Fact::CancelRequested(request) if request.cause == CancelCause::Timeout);
    let found = past.entries.iter().rev().find(|(_, entry)| is_it(entry));
    found.map(|(seq, _)| (*seq, Failing::TimedOut))
}

/// What was done after the failure, an undo for example, would be done once more, or would not be true any more. Only what the handler
/// of the failure did was about that failure: it is set aside, and what the script asks for in its place is new.
fn later_effects(
    past: &Past,
    (failed_at, failing): (Seq, &Failing),
    stood: Option<&Stand>,
    turn: &dyn Fn(Seq) -> TurningPoint,
) -> Result<Anew, MendError> {
    let handler = stood.and_then(|stand| stand.on_failure);
    let is_later = |seq: Seq, entry: &Entry| seq > failed_at && entry.fact.effect_kind().is_some();
    let mut later = past.entries.iter().filter(|(seq, entry)| is_later(*seq, entry)).peekable();
    let anew = if later.peek().is_some() { Anew::Later } else { Anew::None };
    let outcomes = later.filter_map(|(seq, entry)| Some((*seq, entry.fact.outcome_of()?)));
    let mut others = outcomes.filter(|(_, (op, _))| handler.is_none_or(|first| *op < first));
    let Some((entry, (_, label))) = others.next() else { return Ok(anew) };
    let id = past.snapshot.row.id.clone();
    let failed = match failing {
        Failing::Step(label) => words(label),
        Failing::TimedOut => "the whole run".to_owned(),
    };
    let effect = words(label);
    if let Some(before) = stood.and_then(|stand| before_undone(past, stand)) {
        return Err(MendError::Undone { id, failed, effect, entry, before });
    }
    let before = turn(Seq(failed_at.0.saturating_sub(1)));
    Err(MendError::EffectBetween { id, failed, effect, entry, before })
}

/// The last entry before all that has been taken back: the beginning, where it is not known of each what that was. Nothing where
/// nothing has been.
fn before_undone(past: &Past, stand: &Stand) -> Option<Seq> {
    let outcome = |op: OpId| past.entries.iter().find(|(_, entry)| ends(&entry.fact) == Some(op));
    let entry = |op: Option<OpId>| op.and_then(outcome).map_or(0, |(seq, _)| seq.0);
    stand.undone.iter().map(|undo| Seq(entry(undo.op).saturating_sub(1))).min()
}

fn words(label: &CommandLabel) -> String {
    format!("{} \"{}\"", label.kind.word(), label.name)
}
