//! Changing schedules: added, paused, resumed, triggered, removed.

use super::fire::{change, cron, earlier, new_slot};
use super::plan::slot_id;
use super::view::{again, alter, named};
use super::{ScheduleError, fire::find};
use crate::client::{ClientError, Session, load_program};
use crate::history::{
    Catchup, Fate, Moment, OverlapPolicy, Paused, RunId, Schedule, ScheduledStart, SlotRecord,
};
use crate::store::StoreError;
use crate::timer::{Cron, Zone};
use std::path::Path;

/// The longest name of a schedule: the id of a run is the name and its slot.
const MAX_NAME: usize = 100;

/// A schedule that is to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSchedule {
    /// Its name.
    pub name: String,
    /// The cron expression.
    pub cron: String,
    /// The name of its time zone.
    pub zone: String,
    /// What is started; the script's path is made canonical.
    pub starts: ScheduledStart,
    /// What becomes of a slot while an earlier run is open.
    pub overlap: OverlapPolicy,
    /// What becomes of slots that nobody fired in time.
    pub catchup: Catchup,
    /// A slot is fired up to so many milliseconds late.
    pub jitter_ms: i64,
    /// Whether it pauses when one of its runs ends badly.
    pub pause_on_failure: bool,
    /// Whether it takes the place of a schedule of that name.
    pub replace: bool,
}

/// What came of adding a schedule.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// It is there now.
    New(Schedule),
    /// The one of that name was changed.
    Replaced(Schedule),
    /// It was there already.
    Same(Schedule),
}

/// Adds a schedule. The first slot is the one after now.
///
/// # Errors
/// [`ScheduleError`]: `Name`, `Zone`, `Cron`, `Exists`; [`ProgramError`](crate::client::ProgramError) for its script; [`ClientError::Input`]
/// where that does not take the input.
pub fn add_schedule(session: &Session, new: NewSchedule) -> Result<Added, ClientError> {
    let name = RunId::parse(&new.name)
        .map_err(|error| ScheduleError::Name { name: new.name.clone(), why: error.to_string() })?;
    if new.name.len() > MAX_NAME {
        let why = format!("it has {} characters, {MAX_NAME} are the most", new.name.len());
        return Err(ScheduleError::Name { name: new.name, why }.into());
    }
    let zone = Zone::named(&new.zone)
        .ok_or_else(|| ScheduleError::Zone { name: new.zone.clone(), near: Zone::near(&new.zone) })?;
    let now = session.now();
    let cron = Cron::parse(&new.cron, zone, now).map_err(ScheduleError::from)?;
    new.starts.input.check()?;
    let loaded = load_program(Path::new(&new.starts.script), session.executor().as_ref())?;
    let input = loaded.fit(new.starts.input)?;
    let program = loaded.program;
    let mut row = Schedule {
        name: name.clone(),
        // Other than that of any schedule of the name before; changes raise it by one.
        version: u64::from_be_bytes(Session::random()?) >> 16 | 1,
        cron: cron.text().to_owned(),
        zone: zone.name().to_owned(),
        starts: ScheduledStart { script: program.path, input, ..new.starts },
        overlap: new.overlap,
        catchup: new.catchup,
        jitter_ms: new.jitter_ms,
        pause_on_failure: new.pause_on_failure,
        created_at: now,
        paused: None,
        considered: now,
        open: Vec::new(),
        recent: Vec::new(),
        seen_until: None,
    };
    loop {
        let Some(known) = find(session, &name)? else {
            let none = Schedule { version: 0, ..row.clone() };
            match change(session, &none, Some(row.clone()), Vec::new()) {
                Ok(()) => return Ok(Added::New(row)),
                Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => continue,
                Err(error) => return Err(error),
            }
        };
        let Some(differs) = difference(&known, &row) else { return Ok(Added::Same(known)) };
        if !new.replace {
            return Err(ScheduleError::Exists { name, differs }.into());
        }
        // What it began, and what became of its slots, stays; what was due before is not made up for by another expression.
        row = Schedule {
            version: known.version.wrapping_add(1).max(1),
            created_at: known.created_at,
            paused: known.paused.clone(),
            open: known.open.clone(),
            recent: known.recent.clone(),
            seen_until: known.seen_until,
            considered: if difference(&known, &row) == Some("expression") { now } else { known.considered },
            ..row
        };
        match change(session, &known, Some(row.clone()), Vec::new()) {
            Ok(()) => return Ok(Added::Replaced(row)),
            Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => {}
            Err(error) => return Err(error),
        }
    }
}

/// What is different about two schedules; the recorded environment is not.
fn difference(known: &Schedule, new: &Schedule) -> Option<&'static str> {
    [
        (known.cron == new.cron && known.zone == new.zone, "expression"),
        (known.starts.script == new.starts.script, "script"),
        (known.starts.input == new.starts.input, "input"),
        (known.starts.directory == new.starts.directory, "directory"),
        (known.starts.timeout_ms == new.starts.timeout_ms, "time-out"),
        (known.starts.unchecked == new.starts.unchecked, "being checked"),
        (known.overlap == new.overlap, "overlap"),
        (known.catchup == new.catchup, "catchup"),
        (known.jitter_ms == new.jitter_ms, "jitter"),
        (known.pause_on_failure == new.pause_on_failure, "pause on failure"),
    ]
    .into_iter()
    .find_map(|(same, what)| (!same).then_some(what))
}

/// No slot is fired until it is resumed; what it began goes on. Whether it was not paused before.
///
/// # Errors
/// What the store says; [`ScheduleError::NoSuch`].
pub fn pause_schedule(session: &Session, name: &str) -> Result<bool, ClientError> {
    let row = named(session, name)?;
    let is_new = row.paused.is_none();
    let now = session.now();
    alter(session, row, |row| {
        row.paused.get_or_insert(Paused { at: now, failed: None });
    })?;
    Ok(is_new)
}

/// Slots are fired again, from now on. What passed since a run's bad end paused it is recorded as missed. Whether it was paused.
///
/// # Errors
/// What the store says; [`ScheduleError::NoSuch`].
pub fn resume_schedule(session: &Session, name: &str) -> Result<bool, ClientError> {
    let row = named(session, name)?;
    let was_paused = row.paused.is_some();
    let now = session.now();
    alter(session, row, |row| {
        let Some(paused) = row.paused.take() else { return };
        if let (Some(failed), Ok(cron)) = (paused.failed, cron(row)) {
            row.open.retain(|open| *open != failed);
            let reason = format!("the schedule was paused, as run {failed} had come out badly");
            row.extend_missed(&cron, now, reason);
        }
        row.considered = row.considered.max(now);
    })?;
    Ok(was_paused)
}

impl Schedule {
    fn extend_missed(&mut self, cron: &Cron, now: Moment, reason: String) {
        let slots = cron.slots(self.considered, now, usize::MAX);
        if let (Some(first), Some(last)) = (slots.first(), slots.last()) {
            let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
            let fate = Fate::Missed { reason };
            self.add(SlotRecord { first: *first, last: *last, count, fate, at: now });
        }
    }
}

/// Starts a run of a schedule now, paused or not; its id is the name and the time, to the second. Twice within a second it is
/// the same run. Whether it is new.
///
/// # Errors
/// What the store says; [`ScheduleError`]: `NoSuch`, `Busy`; [`ProgramError`](crate::client::ProgramError) for its script.
pub fn trigger(session: &Session, name: &str) -> Result<(RunId, bool), ClientError> {
    let mut row = named(session, name)?;
    loop {
        let now = Moment(session.now().0.div_euclid(1_000) * 1_000);
        let cron = readable(&row)?;
        // Not the name of the slot that begins with the minute.
        let id = format!("{}-now", slot_id(&row.name, &cron, now));
        let id =
            RunId::parse(&id).map_err(|error| ScheduleError::Name { name: id, why: error.to_string() })?;
        let earlier = earlier(session, &row)?;
        if earlier.open.contains(&id) {
            return Ok((id, false));
        }
        if let (OverlapPolicy::Skip, Some(by)) = (row.overlap, earlier.open.first()) {
            return Err(ScheduleError::Busy { name: row.name, by: by.clone() }.into());
        }
        let program = load_program(Path::new(&row.starts.script), session.executor().as_ref())?;
        let start = new_slot(session, &row, &program, (id.clone(), now), row.overlap)?;
        let mut new = Schedule { open: earlier.open, ..row.clone() };
        new.version = row.version.wrapping_add(1).max(1);
        new.open.push(id.clone());
        new.record(now, Fate::Started { run: id.clone() }, now);
        match change(session, &row, Some(new), vec![start]) {
            Ok(()) => return Ok((id, true)),
            Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => row = again(session, &row.name)?,
            Err(error) => return Err(error),
        }
    }
}

/// The expression of a schedule.
pub(super) fn readable(row: &Schedule) -> Result<Cron, ClientError> {
    Ok(cron(row).map_err(|why| ScheduleError::Unreadable { name: row.name.clone(), why })?)
}

/// Removes a schedule. What it began goes on.
///
/// # Errors
/// What the store says; [`ScheduleError::NoSuch`].
pub fn remove_schedule(session: &Session, name: &str) -> Result<(), ClientError> {
    let mut row = named(session, name)?;
    loop {
        match change(session, &row, None, Vec::new()) {
            Ok(()) => return Ok(()),
            Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => row = again(session, &row.name)?,
            Err(error) => return Err(error),
        }
    }
}
