//! Backfill: the slots of a time that has passed are started after all, each that has no run yet.

use super::ScheduleError;
use super::edit::readable;
use super::fire::{change, new_slot};
use super::plan::slot_id;
use super::view::{again, named};
use crate::client::find::exact;
use crate::client::{ClientError, Session, load_program};
use crate::history::{Fate, Moment, OverlapPolicy, RunId, Schedule, SlotRecord};
use crate::store::StoreError;
use crate::timer::Cron;
use std::path::Path;

/// How many slots one backfill records.
const MOST: usize = 1_000;

/// A slot of a backfill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfilled {
    /// The slot.
    pub slot: Moment,
    /// Its run.
    pub run: RunId,
    /// Whether the run was there before.
    pub existed: bool,
}

/// Starts the slots from `from` to `to`, both included, that have no run yet: one after the other, but side by side where the
/// schedule allows it. With `dry` nothing is started. What was missed among them is listed no more.
///
/// # Errors
/// What the store says; [`ScheduleError`]: `NoSuch`, `TooMany`; [`ProgramError`](crate::client::ProgramError) for its script.
pub fn backfill(
    session: &Session,
    name: &str,
    (from, to): (Moment, Moment),
    dry: bool,
) -> Result<Vec<Backfilled>, ClientError> {
    let mut row = named(session, name)?;
    loop {
        let cron = readable(&row)?;
        // A slot that is still to come is fired when it comes.
        let to = to.min(row.considered.max(session.now()));
        let slots = cron.slots(from.plus_ms(-1), to, MOST + 1);
        if slots.len() > MOST {
            return Err(ScheduleError::TooMany { most: MOST }.into());
        }
        let mut all = Vec::new();
        for slot in slots {
            let run = slot_id(&row.name, &cron, slot);
            let existed = exact(session, &run)?.is_some();
            all.push(Backfilled { slot, run, existed });
        }
        if dry || all.is_empty() {
            return Ok(all);
        }
        let program = load_program(Path::new(&row.starts.script), session.executor().as_ref())?;
        let overlap = match row.overlap {
            OverlapPolicy::Allow => OverlapPolicy::Allow,
            OverlapPolicy::Skip | OverlapPolicy::Queue | OverlapPolicy::Cancel => OverlapPolicy::Queue,
        };
        let mut starts = Vec::new();
        for new in all.iter().filter(|slot| !slot.existed) {
            starts.push(new_slot(session, &row, &program, (new.run.clone(), new.slot), overlap)?);
        }
        let mut new = row.clone();
        new.version = row.version.wrapping_add(1).max(1);
        // What is due and not fired yet was started here.
        new.considered = all.last().map_or(row.considered, |last| last.slot.max(row.considered));
        new.recent = row.recent.iter().flat_map(|record| uncovered(record, &cron, (from, to))).collect();
        missed_between(&mut new, &cron, row.considered, from, session.now());
        match change(session, &row, Some(new), starts) {
            Ok(()) => return Ok(all),
            Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => row = again(session, &row.name)?,
            Err(error) => return Err(error),
        }
    }
}

/// Slots that were due before the backfill and that nobody has fired.
fn missed_between(row: &mut Schedule, cron: &Cron, after: Moment, from: Moment, now: Moment) {
    if row.considered <= after {
        return;
    }
    for slot in cron.slots(after, from.plus_ms(-1), usize::MAX) {
        row.record(slot, Fate::Missed { reason: "nobody fired it in time".to_owned() }, now);
    }
}

/// What is left of a record of slots that were not started, when those within the time are.
fn uncovered(record: &SlotRecord, cron: &Cron, (from, to): (Moment, Moment)) -> Vec<SlotRecord> {
    match record.fate {
        Fate::Started { .. } => return vec![record.clone()],
        Fate::Skipped { .. } | Fate::Missed { .. } => {}
    }
    if record.last < from || record.first > to {
        return vec![record.clone()];
    }
    let part = |after: Moment, until: Moment| {
        let slots = cron.slots(after, until, usize::MAX);
        let (first, last) = (*slots.first()?, *slots.last()?);
        let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        Some(SlotRecord { first, last, count, ..record.clone() })
    };
    let before = part(record.first.plus_ms(-1), record.last.min(from.plus_ms(-1)));
    let after = part(record.first.plus_ms(-1).max(to), record.last);
    before.into_iter().chain(after).collect()
}
