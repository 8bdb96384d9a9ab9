//! Children: a run that another starts is tied to it; its end is told in the transaction in which it ends, and what becomes of it
//! when its parent closes is done in the transaction that closes the parent.

use super::Surroundings;
use super::message::{deliver, remembered};
use crate::history::{
    CancelCause, ChildOutcome, MOST_NESTED_RUNS, Message, MessageBody, MessageId, MessageNo, OnParentClose,
    Parent, RunNo, RunRow, StoredStatus, generation_parts,
};
use crate::store::codec::{decode, encode};
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, NewMessage, NewParent, StoreError, Told, keys};

/// Whether a run is the very one that a command has started before.
pub(super) fn is_same(known: &RunRow, new: &NewParent) -> bool {
    known
        .parent
        .as_ref()
        .is_some_and(|parent| (parent.run, parent.generation, parent.op) == (new.run, new.generation, new.op))
}

/// What ties a new run to the one that starts it, which its caller must have claimed.
pub(super) fn tie(rows: &dyn RowsMut, new: &NewParent) -> Result<Parent, StoreError> {
    let parent = row(rows, new.run)?;
    refuse_ended(&parent)?;
    if (parent.epoch, parent.generation_of(new.op)) != (new.epoch, new.generation) {
        return Err(StoreError::Fenced { epoch: new.epoch, current: parent.epoch });
    }
    let depth = parent.parent.map_or(0, |above| above.depth).saturating_add(1);
    if depth > MOST_NESTED_RUNS {
        return Err(StoreError::Nested { id: parent.id, most: MOST_NESTED_RUNS });
    }
    let (run, generation, op, on_close) = (new.run, new.generation, new.op, new.on_close);
    Ok(Parent { run, id: parent.id, generation, op, on_close, depth })
}

/// Notes a child among those of its parent.
pub(super) fn note(rows: &mut dyn RowsMut, parent: &Parent, child: RunNo) -> Result<(), StoreError> {
    rows.put(Table::Children, &keys::child(parent.run, child), &[])
}

/// Tells the parent of a run how it came out; the first time counts, and one that is not open any more needs no telling.
pub(super) fn tell_parent(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    child: &RunRow,
    outcome: ChildOutcome,
    told: &mut Told,
) -> Result<(), StoreError> {
    let Some(parent) = &child.parent else { return Ok(()) };
    let Some(now) = open_row(rows, parent.run)? else { return Ok(()) };
    if now.generation_of(parent.op) != parent.generation {
        return Ok(());
    }
    let id = MessageId::of_child(parent.run, parent.generation, parent.op);
    let body = MessageBody::ChildEnded { op: parent.op, child: child.id.clone(), outcome };
    if let Some(known) = remembered(rows, id)? {
        return change_unheard(rows, parent.run, known.no, id, body);
    }
    let message = NewMessage { run: parent.run, id, keyed: true, body };
    send(rows, around, message, told)
}

/// What was told and not heard yet is told as it stands now: a child that was stuck may have come to its end since.
fn change_unheard(
    rows: &mut dyn RowsMut,
    run: RunNo,
    no: MessageNo,
    id: MessageId,
    body: MessageBody,
) -> Result<(), StoreError> {
    let key = keys::message(run, no);
    let Some(bytes) = rows.get(Table::Inbox, &key)? else { return Ok(()) };
    let before: Message = decode(&bytes, "a message")?;
    if before.id != id {
        return Ok(());
    }
    rows.put(Table::Inbox, &key, &encode(&Message { body, ..before })?)
}

/// A run has ended, or begins its next generation: its open children are asked to end, ended, or left alone, as each was started.
pub(super) fn close(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    parent: &RunRow,
    generation: u32,
    told: &mut Told,
) -> Result<(), StoreError> {
    let reason = || match parent.status {
        StoredStatus::Ended(_) => format!("its parent, run {}, has ended", parent.id),
        StoredStatus::Open | StoredStatus::Stuck(_) => format!("its parent, run {}, began anew", parent.id),
    };
    for (key, _) in super::end::all_of_run(rows, Table::Children, parent.no)? {
        let Some(mut child) = keys::tail_run(&key).map(|no| open_row(rows, no)).transpose()?.flatten() else {
            continue;
        };
        let Some(tie) = child.parent.clone().filter(|tie| generation_parts(tie.generation).0 == generation)
        else {
            continue;
        };
        match tie.on_close {
            OnParentClose::Abandon => {}
            OnParentClose::Terminate => {
                super::end::end_unasked(rows, around, &mut child, &reason(), told)?;
                told.ended.push(child.no);
            }
            // One that was asked before cleans up, and is not to be disturbed.
            OnParentClose::Cancel if child.cancel_requested_at.is_some() => {}
            OnParentClose::Cancel => {
                let id = MessageId::of_close(parent.no, tie.generation, tie.op);
                let body = MessageBody::Cancel { cause: CancelCause::Request, reason: reason() };
                send(rows, around, NewMessage { run: child.no, id, keyed: false, body }, told)?;
            }
        }
    }
    Ok(())
}

fn open_row(rows: &dyn RowsMut, no: RunNo) -> Result<Option<RunRow>, StoreError> {
    match row(rows, no) {
        Ok(row) => Ok(Some(row).filter(|row| refuse_ended(row).is_ok())),
        Err(StoreError::NoRun { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn send(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    message: NewMessage,
    told: &mut Told,
) -> Result<(), StoreError> {
    if let Answer::Delivered { no, accepted_at, duplicate: false } = deliver(rows, around, &message)? {
        told.messages.push((message.run, Message { no, id: message.id, accepted_at, body: message.body }));
    }
    Ok(())
}
