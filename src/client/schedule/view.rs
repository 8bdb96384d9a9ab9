//! Schedules as they are shown: with their next slots, and who fires them.

use super::ScheduleError;
use super::fire::{all, change, cron, find};
use super::plan::next_fire;
use crate::client::{ClientError, Session, view};
use crate::history::{Fate, Moment, RunId, RunNo, RunStatus, Schedule, WokenBy};
use crate::store::{Answer, Request, StoreError};

/// All schedules, and who fires them.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleViews {
    /// By name.
    pub schedules: Vec<ScheduleView>,
    /// Who goes on with what nobody executes.
    pub fired_by: Option<WokenBy>,
}

/// A schedule as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleView {
    /// The schedule.
    pub row: Schedule,
    /// When its next slot is fired; nothing while it is paused.
    pub next: Option<Moment>,
    /// How the run stands that its last slot was started as, or skipped over; nothing where there is none any more.
    pub last: Option<RunStatus>,
}

/// All schedules.
///
/// # Errors
/// What the store says.
pub fn schedules(session: &Session) -> Result<ScheduleViews, ClientError> {
    let all = all(session)?;
    let mut views = Vec::with_capacity(all.rows.len());
    for row in all.rows {
        let next = cron(&row).ok().and_then(|cron| next_fire(&row, &cron));
        let last = last(session, &row)?;
        views.push(ScheduleView { row, next, last });
    }
    Ok(ScheduleViews { schedules: views, fired_by: all.fired_by })
}

/// How the run stands that became of the last slot.
fn last(session: &Session, row: &Schedule) -> Result<Option<RunStatus>, ClientError> {
    let Some(Fate::Started { run } | Fate::Skipped { by: run }) = row.recent.last().map(|last| &last.fate)
    else {
        return Ok(None);
    };
    let Answer::Runs(found) = session.ask(Request::Find { text: run.to_string() })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    // It may be forgotten by now.
    let found = found.iter().find(|found| found.id == *run);
    found.map(|found| Ok(view(session, found.no)?.status)).transpose()
}

/// What was missed or skipped so far was seen by somebody: it is listed no more. Of one schedule, or of all.
///
/// # Errors
/// What the store says; [`ScheduleError::NoSuch`].
pub fn mark_seen(session: &Session, name: Option<&str>) -> Result<(), ClientError> {
    let rows = match name {
        Some(name) => vec![named(session, name)?],
        None => all(session)?.rows,
    };
    let now = session.now();
    for row in rows {
        alter(session, row, |row| row.seen_until = Some(now))?;
    }
    Ok(())
}

/// The schedule of that name.
pub(super) fn named(session: &Session, name: &str) -> Result<Schedule, ClientError> {
    let rows = all(session)?.rows;
    if let Some(row) = rows.iter().find(|row| row.name.as_str() == name) {
        return Ok(row.clone());
    }
    let names = rows.into_iter().map(|row| row.name.to_string());
    let near = crate::client::find::likest(name, names, 3);
    Err(ScheduleError::NoSuch { name: name.to_owned(), near }.into())
}

/// Changes a schedule, again where another process was faster; gives it as it is then.
pub(super) fn alter(
    session: &Session,
    mut row: Schedule,
    mut how: impl FnMut(&mut Schedule),
) -> Result<Schedule, ClientError> {
    loop {
        let mut new = row.clone();
        how(&mut new);
        if new == row {
            return Ok(row);
        }
        new.version = row.version.wrapping_add(1).max(1);
        match change(session, &row, Some(new.clone()), Vec::new()) {
            Ok(()) => return Ok(new),
            Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => row = again(session, &row.name)?,
            Err(error) => return Err(error),
        }
    }
}

/// The schedule as somebody else has left it.
pub(super) fn again(session: &Session, name: &RunId) -> Result<Schedule, ClientError> {
    let gone = || ScheduleError::NoSuch { name: name.to_string(), near: Vec::new() };
    Ok(find(session, name)?.ok_or_else(gone)?)
}
