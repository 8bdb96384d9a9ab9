//! Locks between runs: who asks first holds it first, and who holds it hands it on in the transaction in which it lets go.

use super::Surroundings;
use super::message::deliver;
use crate::history::{Message, MessageBody, MessageId, Moment, OpId, RunNo};
use crate::store::codec::{decode, encode};
use crate::store::reading::{corrupt, row};
use crate::store::rows::{Row, Rows, RowsMut, Table};
use crate::store::{Answer, LockChange, NewMessage, StoreError, Told, keys};
use serde::{Deserialize, Serialize};

/// The next place in a line; a store that never had a lock has none.
const NEXT_LOCK: &str = "next_lock";

/// The longest name of a lock in bytes.
pub(in crate::store) const NAME_BYTES: usize = 256;

/// A command that holds a lock or waits for it. The first row of a lock's name is its holder.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct Asker {
    pub(in crate::store) run: RunNo,
    pub(in crate::store) op: OpId,
    /// When it became the holder; nothing while it waits.
    #[serde(default)]
    pub(in crate::store) granted_at: Option<Moment>,
}

/// `Done`, and what the hub has to tell.
pub(super) fn done(told: Told) -> Answer {
    if told == Told::default() { Answer::Done } else { Answer::Told(told) }
}

/// What an append says of locks: it asks for one, or lets go of one.
pub(super) fn change(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    change: &LockChange,
    told: &mut Told,
) -> Result<(), StoreError> {
    match change {
        LockChange::Asked { op, name } => ask(rows, around, (run, *op), name, told),
        LockChange::Released { op } => release(rows, around, (run, *op), told),
    }
}

/// Refuses what could not be a key before anything is written.
pub(super) fn check(change: &LockChange) -> Result<(), StoreError> {
    match change {
        LockChange::Asked { name, .. } if name.is_empty() || name.len() > NAME_BYTES => {
            let message = format!("the name of a lock has from 1 to {NAME_BYTES} bytes");
            Err(StoreError::Protocol { message })
        }
        LockChange::Asked { .. } | LockChange::Released { .. } => Ok(()),
    }
}

/// A command stands in line once, however often it asks.
fn ask(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    (run, op): (RunNo, OpId),
    name: &str,
    told: &mut Told,
) -> Result<(), StoreError> {
    let own = keys::op(run, op);
    if rows.get(Table::LockOps, &own)?.is_some() {
        return Ok(());
    }
    let is_free = line(rows, name, 1)?.is_empty();
    let place = next_place(rows)?;
    let key = keys::lock(name, place);
    rows.put(Table::LockOps, &own, &key)?;
    rows.put(Table::Locks, &key, &encode(&Asker { run, op, granted_at: None })?)?;
    if is_free { grant(rows, around, name, told) } else { Ok(()) }
}

fn release(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    (run, op): (RunNo, OpId),
    told: &mut Told,
) -> Result<(), StoreError> {
    let own = keys::op(run, op);
    let Some(key) = rows.get(Table::LockOps, &own)? else { return Ok(()) };
    rows.remove(Table::LockOps, &own)?;
    let held = rows.get(Table::Locks, &key)?.map(|bytes| asker(&bytes)).transpose()?;
    rows.remove(Table::Locks, &key)?;
    forget_grant(rows, run, op)?;
    if held.is_some_and(|held| held.granted_at.is_some()) {
        grant(rows, around, &keys::lock_name(&key), told)?;
    }
    Ok(())
}

/// All that a run holds or waits for, when it ends.
pub(super) fn release_all(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    told: &mut Told,
) -> Result<(), StoreError> {
    release_others(rows, around, run, &[], told)
}

/// All that a run holds or waits for, but for the locks of these commands.
pub(super) fn release_others(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    kept: &[OpId],
    told: &mut Told,
) -> Result<(), StoreError> {
    for (key, _) in super::end::all_of_run(rows, Table::LockOps, run)? {
        if let Some(op) = keys::tail_u32(&key).map(OpId).filter(|op| !kept.contains(op)) {
            release(rows, around, (run, op), told)?;
        }
    }
    Ok(())
}

/// The first in line becomes the holder, and a message tells its run.
fn grant(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    name: &str,
    told: &mut Told,
) -> Result<(), StoreError> {
    let first = line(rows, name, 1)?.into_iter().next();
    let Some((key, bytes)) = first else { return Ok(()) };
    let next = asker(&bytes)?;
    let id = row(rows, next.run)?.id;
    rows.put(Table::Locks, &key, &encode(&Asker { granted_at: Some(around.now), ..next })?)?;
    let message = NewMessage {
        run: next.run,
        id: MessageId::of_grant(id.as_str(), next.op, keys::lock_place(&key)),
        keyed: false,
        body: MessageBody::Grant { op: next.op, name: name.to_owned() },
    };
    if let Answer::Delivered { no, accepted_at, .. } = deliver(rows, around, &message)? {
        told.messages.push((next.run, Message { no, id: message.id, accepted_at, body: message.body }));
    }
    Ok(())
}

/// Places rise over all locks and are never given twice, so that one names a grant for ever.
fn next_place(rows: &mut dyn RowsMut) -> Result<u64, StoreError> {
    let bytes = rows.get(Table::Meta, NEXT_LOCK.as_bytes())?;
    let place = bytes.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()).map_or(1, u64::from_be_bytes);
    rows.put(Table::Meta, NEXT_LOCK.as_bytes(), &place.saturating_add(1).to_be_bytes())?;
    Ok(place)
}

/// A grant that its run was never told.
fn forget_grant(rows: &mut dyn RowsMut, run: RunNo, op: OpId) -> Result<(), StoreError> {
    for (_, bytes) in super::end::all_of_run(rows, Table::Inbox, run)? {
        let message: Message = decode(&bytes, "a message")?;
        if matches!(message.body, MessageBody::Grant { op: granted, .. } if granted == op) {
            rows.remove(Table::Inbox, &keys::message(run, message.no))?;
        }
    }
    Ok(())
}

/// Those that hold a lock or wait for it, in order, at most `limit`.
pub(in crate::store) fn line(
    rows: &(impl Rows + ?Sized),
    name: &str,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    rows.range(Table::Locks, &keys::lock(name, 0), &keys::after_lock(name), false, limit)
}

/// A row of a lock.
pub(in crate::store) fn asker(bytes: &[u8]) -> Result<Asker, StoreError> {
    decode(bytes, "who asks for a lock")
}

/// The row that an op of a run leads to.
pub(in crate::store) fn asked(
    rows: &(impl Rows + ?Sized),
    key: &[u8],
) -> Result<(String, Asker), StoreError> {
    let bytes = rows.get(Table::Locks, key)?.ok_or_else(|| corrupt("a lock has lost a row".to_owned()))?;
    Ok((keys::lock_name(key), asker(&bytes)?))
}
