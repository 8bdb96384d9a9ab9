//! `Schedule`: what was decided of slots, and the runs that they start, in one transaction. Of two who decide at once the second
//! is refused.

use super::{Surroundings, start};
use crate::history::{RunId, Schedule};
use crate::store::codec::{decode, encode};
use crate::store::rows::{Rows, RowsMut, Table};
use crate::store::{Answer, ScheduleChange, StoreError, Told};

/// Applies a change that was made to the version that is there.
pub(super) fn change(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    change: &ScheduleChange,
) -> Result<Answer, StoreError> {
    let key = change.name.as_str().as_bytes();
    let known = stored(rows, &change.name)?;
    if known == change.row && known.as_ref().map_or(0, |known| known.version) != change.expected {
        // It was applied before.
        return Ok(Answer::Done);
    }
    if known.as_ref().map_or(0, |known| known.version) != change.expected {
        return Err(StoreError::ScheduleChanged { name: change.name.clone() });
    }
    if change.row.as_ref().is_some_and(|row| row.name != change.name || row.version == change.expected) {
        let message = format!("a change of the schedule {} that does not raise its version", change.name);
        return Err(StoreError::Protocol { message });
    }
    change.starts.iter().try_for_each(start::check)?;
    match &change.row {
        Some(row) => rows.put(Table::Schedules, key, &encode(row)?)?,
        None => rows.remove(Table::Schedules, key)?,
    }
    let mut told = Told::default();
    for new in &change.starts {
        match start::start(rows, around, new)? {
            Answer::Started { run, .. } => told.recorded.push(run),
            Answer::Superseding { run, told: mut more, .. } => {
                told.recorded.push(run);
                told.messages.append(&mut more.messages);
            }
            // The id of a slot is one run's, whoever recorded it.
            _ => {}
        }
    }
    Ok(super::lock::done(told))
}

/// All schedules, by name.
pub(in crate::store) fn list(rows: &dyn Rows) -> Result<Vec<Schedule>, StoreError> {
    let all = rows.range(Table::Schedules, &[], &[0xff; 2], false, usize::MAX)?;
    all.iter().map(|(_, value)| decode(value, "a schedule")).collect()
}

fn stored(rows: &(impl Rows + ?Sized), name: &RunId) -> Result<Option<Schedule>, StoreError> {
    let bytes = rows.get(Table::Schedules, name.as_str().as_bytes())?;
    bytes.map(|bytes| decode(&bytes, format_args!("the schedule {name}"))).transpose()
}
