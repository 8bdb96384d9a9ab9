//! `Deliver`: messages in the inbox, and the ids by which a resend is known.

use super::{FORGET_EVERY_MS, FORGOT_AT, Surroundings, put_row};
use crate::history::{Fact, Message, MessageBody, MessageId, MessageNo, Moment, RunNo, RunRow, UpdateAnswer};
use crate::store::codec::{decode, encode};
use crate::store::questions::refuse_late;
use crate::store::reading::{meta_u64, refuse_ended, row};
use crate::store::rows::{Rows, RowsMut, Table};
use crate::store::{Answer, NewMessage, StoreError, keys};
use serde::{Deserialize, Serialize};

/// How long the id of a resent request is remembered: 24 hours.
const REMEMBER_MS: i64 = 86_400_000;

/// What is remembered of a message or start.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct Remembered {
    pub(in crate::store) at: Moment,
    pub(in crate::store) run: RunNo,
    pub(in crate::store) no: MessageNo,
    pub(in crate::store) keyed: bool,
    /// The answer, where it is an update and has one.
    #[serde(default)]
    pub(in crate::store) update: Option<UpdateAnswer>,
}

pub(super) fn deliver(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    new: &NewMessage,
) -> Result<Answer, StoreError> {
    crate::store::carry::refuse(rows)?;
    // One that was refused has left no trace: it is another one.
    let known = remembered(rows, new.id)?.filter(|known| !super::update::is_refused(known));
    if let Some(known) = known.filter(|_| !row(rows, new.run).is_ok_and(|row| is_set_aside(&row, new))) {
        return Ok(Answer::Delivered { no: known.no, accepted_at: known.at, duplicate: true });
    }
    let mut row = row(rows, new.run)?;
    refuse_ended(&row)?;
    refuse_stale(&row, new)?;
    let accepted_at = row.last_message_at.max(row.created_at).max(around.now);
    refuse_late(&row, &new.body, accepted_at, |op| {
        let waits = rows.get(Table::Pending, &keys::op(new.run, op))?;
        waits.map(|bytes| decode(&bytes, "a pending row")).transpose()
    })?;
    row.messages += 1;
    row.last_message_at = accepted_at;
    if matches!(new.body, MessageBody::Cancel { .. }) {
        // Seen at once, also while nobody executes the run.
        row.cancel_requested_at.get_or_insert(row.last_message_at);
    }
    let no = MessageNo(row.messages);
    let message = Message { no, id: new.id, accepted_at: row.last_message_at, body: new.body.clone() };
    rows.put(Table::Inbox, &keys::message(new.run, no), &encode(&message)?)?;
    put_row(rows, &row)?;
    let (at, run, keyed) = (message.accepted_at, new.run, new.keyed);
    remember(rows, new.id, &Remembered { at, run, no, keyed, update: None })?;
    Ok(Answer::Delivered { no, accepted_at: row.last_message_at, duplicate: false })
}

/// Whether a request to end, though its id is known, is none that the run was asked: it was rewound to before that, or the request was
/// never read before an end that was set aside. Whoever asks once more, not having heard the answer, wants it to end.
pub(in crate::store) fn is_set_aside(row: &RunRow, new: &NewMessage) -> bool {
    matches!(new.body, MessageBody::Cancel { .. }) && row.cancel_requested_at.is_none()
}

/// An answer is to a question of the present generation: the one that has its number now was not asked of whoever answered. Mail that
/// names no command belongs to the run, whichever generation it comes to.
fn refuse_stale(row: &RunRow, new: &NewMessage) -> Result<(), StoreError> {
    match new.body {
        MessageBody::Answer { question, .. }
            if new.id != MessageId::of_question(row.id.as_str(), row.generation_of(question), question) =>
        {
            Err(StoreError::NotAsked { id: row.id.clone() })
        }
        MessageBody::Answer { .. }
        | MessageBody::Signal { .. }
        | MessageBody::Update { .. }
        | MessageBody::Cancel { .. }
        | MessageBody::Resolve { .. }
        | MessageBody::Grant { .. }
        | MessageBody::ChildEnded { .. } => Ok(()),
    }
}

/// A message that a run is about to hear.
pub(super) struct Heard {
    no: MessageNo,
    id: MessageId,
    known: Option<Remembered>,
    /// Where it lies, if it does.
    place: Option<Vec<u8>>,
}

/// Refuses what the run has heard already. One that was only offered is not known; one that is, waits in the inbox.
pub(super) fn to_hear(
    rows: &dyn RowsMut,
    row: &RunRow,
    (no, id): (MessageNo, MessageId),
    fact: Option<&Fact>,
) -> Result<Heard, StoreError> {
    let known = remembered(rows, id)?;
    // What was offered and not taken in time is stored, perhaps under another number.
    let mut place = None;
    for no in known.iter().map(|known| known.no).chain([no]) {
        let key = keys::message(row.no, no);
        if let Some(bytes) = rows.get(Table::Inbox, &key)?
            && decode::<Message>(&bytes, "a message")?.id == id
        {
            place = Some(key.to_vec());
            break;
        }
    }
    let may_be_heard = match fact {
        // A grant or a resolution that was on its way when the run let go, or began anew, is gone from the inbox, and nothing to a script that
        // does not wait for it.
        Some(Fact::LockGranted(_) | Fact::TokenResolved(_)) => true,
        // One that was set aside counts anew.
        Some(Fact::CancelRequested(_)) => row.cancel_requested_at.is_none(),
        Some(_) | None => false,
    };
    if known.is_some() && place.is_none() && !may_be_heard {
        return Err(StoreError::Heard { id: row.id.clone(), no });
    }
    Ok(Heard { no, id, known, place })
}

/// A message that was heard leaves the inbox, if it is there, and its id is remembered.
pub(super) fn hear(rows: &mut dyn RowsMut, run: RunNo, heard: Heard, now: Moment) -> Result<(), StoreError> {
    let Heard { no, id, known, place } = heard;
    if let Some(key) = place {
        rows.remove(Table::Inbox, &key)?;
    }
    match known {
        Some(known) if known.no == no => Ok(()),
        // Its entry has the number of the offer, and so has the message where a rewind puts it back.
        Some(known) => remember(rows, id, &Remembered { no, ..known }),
        // Whether a user's key made the id is not known here, so it is remembered as long as one.
        None => remember(rows, id, &Remembered { at: now, run, no, keyed: true, update: None }),
    }
}

/// What was heard is to be heard once more. One that was heard under the number of its offer may meet another that was stored under that
/// and never heard: it takes no other's place.
pub(super) fn put_back(
    rows: &mut dyn RowsMut,
    row: &mut RunRow,
    message: &Message,
    now: Moment,
) -> Result<(), StoreError> {
    let mut message = message.clone();
    if let Some(bytes) = rows.get(Table::Inbox, &keys::message(row.no, message.no))?
        && decode::<Message>(&bytes, "a message")?.id != message.id
    {
        row.messages += 1;
        message.no = MessageNo(row.messages);
    }
    rows.put(Table::Inbox, &keys::message(row.no, message.no), &encode(&message)?)?;
    let known = remembered(rows, message.id)?;
    if known.as_ref().is_none_or(|known| known.no != message.no) {
        let new = Remembered { at: now, run: row.no, no: message.no, keyed: true, update: None };
        let what = known.map_or(new, |known| Remembered { no: message.no, ..known });
        remember(rows, message.id, &what)?;
    }
    Ok(())
}

/// Whether a message lies in the inbox of a run.
pub(super) fn waits(rows: &dyn RowsMut, run: RunNo, id: MessageId) -> Result<bool, StoreError> {
    let Some(known) = remembered(rows, id)? else { return Ok(false) };
    let Some(bytes) = rows.get(Table::Inbox, &keys::message(run, known.no))? else { return Ok(false) };
    Ok(decode::<Message>(&bytes, "a message")?.id == id)
}

pub(in crate::store) fn remembered(
    rows: &(impl Rows + ?Sized),
    id: MessageId,
) -> Result<Option<Remembered>, StoreError> {
    rows.get(Table::Dedupe, &id.0)?.map(|bytes| decode(&bytes, "a remembered id")).transpose()
}

pub(super) fn remember(rows: &mut dyn RowsMut, id: MessageId, what: &Remembered) -> Result<(), StoreError> {
    rows.put(Table::Dedupe, &id.0, &encode(what)?)
}

/// Whether the id of a message that was accepted at that time may be forgotten, though it lies in an inbox.
pub(in crate::store) fn may_be_forgotten(
    rows: &(impl Rows + ?Sized),
    accepted_at: Moment,
) -> Result<bool, StoreError> {
    let last = Moment(meta_u64(rows, FORGOT_AT)?.cast_signed());
    Ok(last.since_ms(accepted_at) > REMEMBER_MS)
}

/// Once an hour: forgets the ids of resends that are older than a day; those of users' keys live as long as their run.
/// Gives the time at which that was last done, in whichever process.
pub(in crate::store) fn forget_old(rows: &mut dyn RowsMut, now: Moment) -> Result<Moment, StoreError> {
    let last = Moment(meta_u64(rows, FORGOT_AT)?.cast_signed());
    // A clock that was set back must not stop it for ever.
    if (0..FORGET_EVERY_MS).contains(&now.since_ms(last)) {
        return Ok(last);
    }
    while super::sweep(rows)? {}
    let mut from = Vec::new();
    loop {
        let page = rows.range(Table::Dedupe, &from, &[0xff; 17], false, 1024)?;
        let Some((last, _)) = page.last() else { break };
        from = [last.as_slice(), &[0]].concat();
        for (id, bytes) in &page {
            // A damaged row is found by whoever looks for it; here it must not stop the others.
            let known = decode::<Remembered>(bytes, "a remembered id").ok();
            if known.is_some_and(|known| !known.keyed && now.since_ms(known.at) > REMEMBER_MS) {
                rows.remove(Table::Dedupe, id)?;
            }
        }
    }
    rows.put(Table::Meta, FORGOT_AT.as_bytes(), &now.0.cast_unsigned().to_be_bytes())?;
    Ok(now)
}
