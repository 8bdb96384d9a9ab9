//! The rules of the store: what each request that writes does, the same over every backend.
//!
//! A request is checked whole before its first row is written, so a refused one leaves nothing behind.

use super::codec::encode;
use super::reading::{meta_u64, refuse_ended, row, tail};
use super::rows::{RowsMut, Table};
use super::{Answer, Append, Liveness, NewMessage, NewRun, Request, StoreError, keys};
use crate::history::{
    Claim, Entry, Fact, Message, MessageId, MessageNo, Moment, OpId, Pending, Record, RunEnd, RunEnded,
    RunNo, RunRow, Seq, StoredStatus,
};
use serde::{Deserialize, Serialize};

/// How long the id of a resent request is remembered: 24 hours.
const REMEMBER_MS: i64 = 86_400_000;
/// Records above this size lie in a table of their own, in bytes.
pub(super) const BLOB_BYTES: usize = 64 * 1024;
/// The format byte of a history value that names a blob.
pub(super) const BLOB: u8 = 2;

/// What is remembered of a message or start.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) at: Moment,
    pub(super) run: RunNo,
    pub(super) no: MessageNo,
    pub(super) keyed: bool,
}

/// What the rules need besides the rows.
pub(super) struct Surroundings<'a> {
    pub(super) now: Moment,
    pub(super) liveness: &'a dyn Liveness,
}

/// Does a request that writes.
pub(super) fn write(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    request: Request,
) -> Result<Answer, StoreError> {
    match request {
        Request::Start(new) => start(rows, around, *new),
        Request::Claim { run, claim } => take(rows, around, run, claim),
        Request::Release { run, epoch } => release(rows, around, run, epoch),
        Request::Append(append) => append_to(rows, around, *append),
        Request::Deliver(message) => deliver(rows, around, *message),
        Request::Terminate { run, reason } => terminate(rows, around, run, reason),
        Request::Watch { .. }
        | Request::Find { .. }
        | Request::List(_)
        | Request::View { .. }
        | Request::Snapshot { .. }
        | Request::History { .. }
        | Request::Script { .. }
        | Request::Logs { .. }
        | Request::Recall { .. }
        | Request::Published { .. } => {
            Err(StoreError::Protocol { message: "a reading request among those that write".to_owned() })
        }
    }
}

/// Whether a request writes.
pub(super) fn writes(request: &Request) -> bool {
    match request {
        Request::Start(_)
        | Request::Claim { .. }
        | Request::Release { .. }
        | Request::Append(_)
        | Request::Deliver(_)
        | Request::Terminate { .. } => true,
        Request::Watch { .. }
        | Request::Find { .. }
        | Request::List(_)
        | Request::View { .. }
        | Request::Snapshot { .. }
        | Request::History { .. }
        | Request::Script { .. }
        | Request::Logs { .. }
        | Request::Recall { .. }
        | Request::Published { .. } => false,
    }
}

fn start(rows: &mut dyn RowsMut, around: &Surroundings<'_>, new: NewRun) -> Result<Answer, StoreError> {
    if let Some(known) = remembered(rows, new.nonce)? {
        let row = row(rows, known.run)?;
        return Ok(Answer::Started { run: known.run, epoch: row.epoch });
    }
    if let Some(no) = rows.get(Table::RunIds, new.id.as_str().as_bytes())? {
        let no = keys::head_run(&no).unwrap_or(RunNo(0));
        let row = Box::new(row(rows, no)?);
        let start = Box::new(super::reading::start(rows, no)?);
        return Ok(Answer::Exists { row, start });
    }
    let no = RunNo(meta_u64(rows, "next_run")?.unwrap_or(1));
    let epoch = u64::from(new.claim.is_some());
    let row = RunRow {
        no,
        id: new.id.clone(),
        script: new.start.program.path.clone(),
        status: StoredStatus::Open,
        epoch,
        claim: new.claim,
        generation: 0,
        created_at: around.now,
        updated_at: around.now,
        messages: 0,
        last_message_at: around.now,
        unread: 0,
        summary: None,
        cancel_requested_at: None,
    };
    rows.put(Table::Meta, b"next_run", &no.0.saturating_add(1).to_be_bytes())?;
    rows.put(Table::RunIds, new.id.as_str().as_bytes(), &keys::run(no))?;
    rows.put(Table::Starts, &keys::run(no), &encode(&new.start)?)?;
    rows.put(Table::OpenRuns, &keys::run(no), &[])?;
    for (hash, text) in new.scripts {
        rows.put(Table::Scripts, &hash.0, text.as_bytes())?;
    }
    put_row(rows, &row)?;
    remember(rows, around, new.nonce, no, MessageNo(0), false)?;
    Ok(Answer::Started { run: no, epoch })
}

fn take(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    claim: Claim,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, run)?;
    refuse_ended(&row)?;
    if let Some(held) = row.claim
        && held.token != claim.token
        && around.liveness.is_alive(held.token)
    {
        return Err(StoreError::Held { id: row.id, claim: held });
    }
    row.epoch += 1;
    row.claim = Some(claim);
    row.updated_at = around.now;
    put_row(rows, &row)?;
    Ok(Answer::Claimed { epoch: row.epoch })
}

fn release(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    epoch: u64,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, run)?;
    if row.epoch == epoch && row.claim.is_some() {
        row.claim = None;
        row.updated_at = around.now;
        put_row(rows, &row)?;
    }
    Ok(Answer::Done)
}

fn append_to(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    append: Append,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, append.run)?;
    if append.epoch != row.epoch {
        // A resend of what this very claim had written before it lost the run is still the truth.
        return Err(StoreError::Fenced { epoch: append.epoch, current: row.epoch });
    }
    let (next, mut checksum) = tail(rows, append.run)?;
    if append.from < next && !append.records.is_empty() {
        return same_again(rows, &append);
    }
    refuse_ended(&row)?;
    if append.from != next {
        return Err(StoreError::Gap { from: append.from, expected: next });
    }
    for record in &append.records {
        let chained = record.open(checksum);
        let (_, after) = chained.map_err(|error| StoreError::Protocol {
            message: format!("entry {next} does not follow the one before: {error}"),
        })?;
        checksum = after;
    }
    let mut seq = next;
    for record in &append.records {
        put_record(rows, append.run, seq, record)?;
        seq = seq.next();
    }
    for (no, id) in &append.delivered {
        take_message(rows, around, append.run, *no, *id)?;
    }
    for op in &append.settled {
        remove_pending(rows, append.run, *op)?;
    }
    for pending in &append.pending {
        put_pending(rows, append.run, pending)?;
    }
    for (key, line) in &append.logs {
        let key = keys::log(append.run, *key);
        if rows.get(Table::Logs, &key)?.is_none() {
            rows.put(Table::Logs, &key, &encode(line)?)?;
        }
    }
    for (key, value) in &append.published {
        rows.put(Table::Published, &keys::published(append.run, key), &encode(value)?)?;
    }
    change_row(rows, around, &mut row, append)?;
    Ok(Answer::Done)
}

/// An append whose place is taken: the same bytes again are acknowledged, other bytes are refused.
fn same_again(rows: &mut dyn RowsMut, append: &Append) -> Result<Answer, StoreError> {
    let mut seq = append.from;
    for record in &append.records {
        if super::reading::record(rows, append.run, seq)?.as_ref() != Some(record) {
            return Err(StoreError::Differs { seq });
        }
        seq = seq.next();
    }
    Ok(Answer::Done)
}

fn change_row(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    row: &mut RunRow,
    append: Append,
) -> Result<(), StoreError> {
    let change = append.row;
    if change == super::RowChange::default() {
        return Ok(());
    }
    row.updated_at = around.now;
    row.summary = change.summary.or(row.summary.take());
    row.cancel_requested_at = change.cancel_requested_at.or(row.cancel_requested_at);
    match change.status {
        Some(StoredStatus::Ended(end)) => return end_run(rows, row, end),
        Some(status) => row.status = status,
        None => {}
    }
    put_row(rows, row)
}

/// Removes what an ended run needs no more, and counts what was never read.
fn end_run(rows: &mut dyn RowsMut, row: &mut RunRow, end: RunEnd) -> Result<(), StoreError> {
    for (key, _) in all_of_run(rows, Table::Pending, row.no)? {
        if let Some(op) = keys::tail_u32(&key) {
            remove_pending(rows, row.no, OpId(op))?;
        }
    }
    let unread = all_of_run(rows, Table::Inbox, row.no)?;
    for (key, _) in &unread {
        rows.remove(Table::Inbox, key)?;
    }
    row.unread = u32::try_from(unread.len()).unwrap_or(u32::MAX);
    row.status = StoredStatus::Ended(end);
    row.claim = None;
    rows.remove(Table::OpenRuns, &keys::run(row.no))?;
    put_row(rows, row)
}

fn all_of_run(rows: &dyn RowsMut, table: Table, run: RunNo) -> Result<Vec<super::rows::Row>, StoreError> {
    rows.range(table, &keys::run(run), &keys::after_run(run), false, usize::MAX)
}

fn deliver(rows: &mut dyn RowsMut, around: &Surroundings<'_>, new: NewMessage) -> Result<Answer, StoreError> {
    if let Some(known) = remembered(rows, new.id)? {
        return Ok(Answer::Delivered { no: known.no, accepted_at: known.at, duplicate: true });
    }
    let mut row = row(rows, new.run)?;
    refuse_ended(&row)?;
    row.messages += 1;
    row.last_message_at = row.last_message_at.max(around.now);
    let no = MessageNo(row.messages);
    let message = Message { no, id: new.id, accepted_at: row.last_message_at, body: new.body };
    rows.put(Table::Inbox, &keys::message(new.run, no), &encode(&message)?)?;
    put_row(rows, &row)?;
    remember(rows, around, new.id, new.run, no, new.keyed)?;
    Ok(Answer::Delivered { no, accepted_at: row.last_message_at, duplicate: false })
}

/// A delivered message leaves the inbox, if it is there, and its id is remembered.
fn take_message(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    no: MessageNo,
    id: MessageId,
) -> Result<(), StoreError> {
    let known = remembered(rows, id)?;
    let stored_no = known.as_ref().map_or(no, |known| known.no);
    let key = keys::message(run, stored_no);
    if let Some(bytes) = rows.get(Table::Inbox, &key)? {
        let message: Message = super::codec::decode(&bytes, "a message")?;
        if message.id == id {
            rows.remove(Table::Inbox, &key)?;
        }
    }
    if known.is_none() {
        remember(rows, around, id, run, no, false)?;
    }
    Ok(())
}

fn terminate(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    reason: String,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, run)?;
    refuse_ended(&row)?;
    let (next, checksum) = tail(rows, run)?;
    let last_at = super::reading::last_at(rows, run)?.unwrap_or(row.created_at);
    let end = RunEnd::Terminated { reason };
    let fact = Fact::RunEnded(Box::new(RunEnded { end: end.clone() }));
    let entry = Entry { at: last_at.max(around.now), fact };
    let (record, _) = Record::seal(&entry, checksum)
        .map_err(|error| StoreError::Protocol { message: format!("the end {error}") })?;
    put_record(rows, run, next, &record)?;
    // Whoever executes it is fenced off.
    row.epoch += 1;
    row.updated_at = around.now;
    end_run(rows, &mut row, end)?;
    Ok(Answer::Done)
}

fn put_row(rows: &mut dyn RowsMut, row: &RunRow) -> Result<(), StoreError> {
    rows.put(Table::Runs, &keys::run(row.no), &encode(row)?)
}

fn put_record(rows: &mut dyn RowsMut, run: RunNo, seq: Seq, record: &Record) -> Result<(), StoreError> {
    let bytes = record.as_bytes();
    if bytes.len() <= BLOB_BYTES {
        return rows.put(Table::History, &keys::entry(run, seq), bytes);
    }
    let hash = blake3::hash(bytes);
    rows.put(Table::Blobs, hash.as_bytes(), bytes)?;
    let mut value = vec![BLOB];
    value.extend_from_slice(hash.as_bytes());
    rows.put(Table::History, &keys::entry(run, seq), &value)
}

fn put_pending(rows: &mut dyn RowsMut, run: RunNo, pending: &Pending) -> Result<(), StoreError> {
    remove_pending(rows, run, pending.op)?;
    rows.put(Table::Pending, &keys::op(run, pending.op), &encode(pending)?)?;
    match pending.wakes_at() {
        Some(at) => rows.put(Table::Timers, &keys::timer(at, run, pending.op), &[]),
        None => Ok(()),
    }
}

fn remove_pending(rows: &mut dyn RowsMut, run: RunNo, op: OpId) -> Result<(), StoreError> {
    let key = keys::op(run, op);
    if let Some(bytes) = rows.get(Table::Pending, &key)? {
        let old: Pending = super::codec::decode(&bytes, "a pending row")?;
        if let Some(at) = old.wakes_at() {
            rows.remove(Table::Timers, &keys::timer(at, run, op))?;
        }
        rows.remove(Table::Pending, &key)?;
    }
    Ok(())
}

pub(super) fn remembered(
    rows: &(impl super::rows::Rows + ?Sized),
    id: MessageId,
) -> Result<Option<Remembered>, StoreError> {
    rows.get(Table::Dedupe, &id.0)?.map(|bytes| super::codec::decode(&bytes, "a remembered id")).transpose()
}

fn remember(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    id: MessageId,
    run: RunNo,
    no: MessageNo,
    keyed: bool,
) -> Result<(), StoreError> {
    rows.put(Table::Dedupe, &id.0, &encode(&Remembered { at: around.now, run, no, keyed })?)
}

/// Forgets the ids of resends that are older than a day; those of users' keys live as long as their run.
pub(super) fn forget_old(rows: &mut dyn RowsMut, now: Moment) -> Result<(), StoreError> {
    for (key, bytes) in rows.range(Table::Dedupe, &[], &[0xff; 17], false, usize::MAX)? {
        let known: Remembered = super::codec::decode(&bytes, "a remembered id")?;
        if !known.keyed && now.since_ms(known.at) > REMEMBER_MS {
            rows.remove(Table::Dedupe, &key)?;
        }
    }
    Ok(())
}
