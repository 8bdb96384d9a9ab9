//! Answers to updates: each is kept beside the id of its update, as long as that is remembered.

use super::Surroundings;
use super::message::{Remembered, remember, remembered};
use crate::history::{Message, MessageId, Moment, RunNo, UpdateAnswer, UpdateCompleted};
use crate::store::codec::decode;
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, RefusedUpdate, StoreError, keys};

/// An update is answered in the transaction of the entry that says so.
pub(super) fn answer(
    rows: &mut dyn RowsMut,
    run: RunNo,
    completed: &UpdateCompleted,
    now: Moment,
) -> Result<(), StoreError> {
    let (no, id) = (completed.message_no, completed.message_id);
    let known = remembered(rows, id)?.unwrap_or(Remembered { at: now, run, no, keyed: false, update: None });
    remember(rows, id, &Remembered { update: Some(completed.answer.clone()), ..known })
}

/// An update is not let in: it leaves the inbox, and its sender is told for a day.
pub(super) fn refuse(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    refused: &RefusedUpdate,
) -> Result<Answer, StoreError> {
    let row = row(rows, refused.run)?;
    if refused.epoch != row.epoch {
        return Err(StoreError::Fenced { epoch: refused.epoch, current: row.epoch });
    }
    refuse_ended(&row)?;
    let (run, no, id) = (refused.run, refused.no, refused.id);
    if !is_waiting(rows, run, no, id)? {
        // Told twice: it was refused before, or has come again since.
        return Ok(Answer::Done);
    }
    rows.remove(Table::Inbox, &keys::message(run, no))?;
    let update = Some(UpdateAnswer::Refused(refused.failure.clone()));
    remember(rows, id, &Remembered { at: around.now, run, no, keyed: false, update })?;
    Ok(Answer::Done)
}

fn is_waiting(
    rows: &dyn RowsMut,
    run: RunNo,
    no: crate::history::MessageNo,
    id: MessageId,
) -> Result<bool, StoreError> {
    let Some(bytes) = rows.get(Table::Inbox, &keys::message(run, no))? else { return Ok(false) };
    let message: Message = decode(&bytes, "a message")?;
    Ok(message.id == id)
}

/// Whether what is remembered is an update that was refused.
pub(super) fn is_refused(known: &Remembered) -> bool {
    matches!(known.update, Some(UpdateAnswer::Refused(_)))
}
