//! `Append`: entries in a chain, and what an executor writes with them.

use super::end::end_run;
use super::message::{hear, to_hear};
use super::{BLOB, BLOB_BYTES, Surroundings, put_row};
use crate::history::{ChildOutcome, Fact, OpId, Pending, Record, RunNo, RunRow, Seq, StoredStatus};
use crate::store::codec::{decode, encode};
use crate::store::histories::{record, tail};
use crate::store::reading::{pending, refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, Append, RowChange, StoreError, Told, keys};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn append_to(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    append: &Append,
) -> Result<Answer, StoreError> {
    let mut row = row_of(rows, append.run)?;
    if append.epoch != row.epoch {
        return Err(StoreError::Fenced { epoch: append.epoch, current: row.epoch });
    }
    if append.generation != row.generation {
        return super::restart::of_past(rows, &row, append);
    }
    let history = row.history_no();
    let (next, mut checksum) = match rows.known_tail(history) {
        Some(known) => known,
        None => tail(rows, &row)?,
    };
    if append.from < next {
        return same_at(rows, history, append);
    }
    refuse_ended(&row)?;
    if append.from != next {
        return Err(StoreError::Gap { from: append.from, expected: next });
    }
    append.locks.iter().try_for_each(super::lock::check)?;
    append.row.hook.as_deref().map_or(Ok(()), super::start::check)?;
    let mut heard = false;
    let mut facts = Vec::new();
    for record in &append.records {
        // What a `once` key comes to is in the entry of its command.
        let chained = if append.once.is_empty() {
            record.open_message(checksum)
        } else {
            record.open(checksum).map(|(entry, after)| (Some(entry.fact), after))
        };
        let (fact, after) = chained.map_err(|error| StoreError::Protocol {
            message: format!("an entry from {next} on does not follow the one before: {error}"),
        })?;
        checksum = after;
        if let Some(fact) = fact {
            heard |= fact.message().is_some() && count_message(Arc::make_mut(&mut row), &fact);
            facts.push(fact);
        }
    }
    let to_hear = append.delivered.iter().map(|(no, id)| {
        let fact = facts.iter().find(|fact| fact.message().is_some_and(|(_, of, _)| of == *id));
        to_hear(rows, &row, (*no, *id), fact)
    });
    let to_hear = to_hear.collect::<Result<Vec<_>, _>>()?;
    let mut seq = next;
    for record in &append.records {
        put_record(rows, history, seq, record)?;
        seq = seq.next();
    }
    rows.know_tail(history, (seq, checksum));
    for message in to_hear {
        hear(rows, append.run, message, around.now)?;
    }
    for fact in &facts {
        if let Fact::UpdateCompleted(completed) = fact {
            super::update::answer(rows, append.run, completed, around.now)?;
        }
    }
    for pending in &append.pending {
        put_pending(rows, append.run, pending)?;
    }
    for op in &append.settled {
        remove_pending(rows, append.run, *op)?;
    }
    for (key, line) in &append.logs {
        let key = keys::log(history, *key);
        if rows.get(Table::Logs, &key)?.is_none() {
            rows.put(Table::Logs, &key, &encode(line)?)?;
        }
    }
    for (key, value) in &append.published {
        rows.put(Table::Published, &keys::published(append.run, key), &encode(value)?)?;
    }
    for change in &append.once {
        super::once::change(rows, around, append.run, &facts, change)?;
    }
    let mut told = Told::default();
    if row.history.is_some() {
        super::restart::sweep(rows)?;
    }
    if heard || append.row != RowChange::default() {
        change_row(rows, around, Arc::make_mut(&mut row), &append.row, &mut told)?;
        let goes_on = matches!(append.row.status, None | Some(StoredStatus::Open));
        if goes_on && append.row.restart.is_none() {
            rows.know_row(&row);
        }
    }
    if let Some(hook) = &append.row.hook
        && let Answer::Started { run, .. } = super::start::start(rows, around, hook)?
    {
        told.recorded.push(run);
    }
    // After the row: a grant to this very run counts its message there.
    let has_ended = matches!(append.row.status, Some(StoredStatus::Ended(_)));
    for change in append.locks.iter().filter(|_| !has_ended) {
        super::lock::change(rows, around, append.run, change, &mut told)?;
    }
    Ok(super::lock::done(told))
}

/// The row of a run that is appended to: mostly one that was just appended to.
pub(super) fn row_of(rows: &mut dyn RowsMut, run: RunNo) -> Result<Arc<RunRow>, StoreError> {
    if let Some(known) = rows.known_row(run) {
        return Ok(known);
    }
    let row = Arc::new(row(rows, run)?);
    rows.know_row(&row);
    Ok(row)
}

/// A message may have been handed to the executor without ever being in the inbox: then only its entry tells that its
/// number and instant are taken.
pub(super) fn count_message(row: &mut RunRow, fact: &Fact) -> bool {
    let Some((no, _, at)) = fact.message() else { return false };
    let is_new = no.0 > row.messages || at > row.last_message_at;
    row.messages = row.messages.max(no.0);
    row.last_message_at = row.last_message_at.max(at);
    is_new
}

/// An append whose place is taken, sent again: the same bytes are acknowledged, other bytes are refused. One without
/// entries, behind which others came since, was applied before them; applied again it would bring back what they settled.
pub(super) fn same_at(rows: &mut dyn RowsMut, history: RunNo, append: &Append) -> Result<Answer, StoreError> {
    let mut seq = append.from;
    for given in &append.records {
        if record(rows, history, seq)?.as_ref() != Some(given) {
            return Err(StoreError::Differs { seq });
        }
        seq = seq.next();
    }
    Ok(Answer::Done)
}

pub(super) fn change_row(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    row: &mut RunRow,
    change: &RowChange,
    told: &mut Told,
) -> Result<(), StoreError> {
    row.updated_at = around.now;
    row.summary = change.summary.clone().or(row.summary.take());
    row.progress = change.progress.clone().or(row.progress.take());
    row.cancel_requested_at = change.cancel_requested_at.or(row.cancel_requested_at);
    match &change.status {
        Some(StoredStatus::Ended(end)) => return end_run(rows, around, row, end.clone(), told),
        Some(status) => row.status = status.clone(),
        None => {}
    }
    if let Some(restart) = &change.restart {
        return super::restart::restart(rows, around, row, restart, told);
    }
    put_row(rows, row)?;
    match &change.status {
        Some(StoredStatus::Stuck(stuck)) => {
            let outcome = ChildOutcome::Stuck(Box::new(stuck.clone()));
            super::child::tell_parent(rows, around, row, outcome, told)
        }
        Some(StoredStatus::Open | StoredStatus::Ended(_)) | None => Ok(()),
    }
}

pub(super) fn put_record(
    rows: &mut dyn RowsMut,
    history: RunNo,
    seq: Seq,
    record: &Record,
) -> Result<(), StoreError> {
    let bytes = record.as_bytes();
    if bytes.len() <= BLOB_BYTES {
        return rows.put(Table::History, &keys::entry(history, seq), bytes);
    }
    let hash = blake3::hash(bytes);
    rows.put(Table::Blobs, hash.as_bytes(), bytes)?;
    let mut value = vec![BLOB];
    value.extend_from_slice(hash.as_bytes());
    rows.put(Table::History, &keys::entry(history, seq), &value)
}

pub(super) fn put_pending(rows: &mut dyn RowsMut, run: RunNo, pending: &Pending) -> Result<(), StoreError> {
    remove_pending(rows, run, pending.op)?;
    rows.put(Table::Pending, &keys::op(run, pending.op), &encode(pending)?)?;
    match pending.wakes_at() {
        Some(at) => rows.put(Table::Timers, &keys::timer(at, run, pending.op), &[]),
        None => Ok(()),
    }
}

/// From now on the run waits for what is asked and for nothing else. Of what it waited for before and is `kept` it stays known how
/// its attempts stand.
pub(super) fn put_asked(
    rows: &mut dyn RowsMut,
    run: RunNo,
    asked: &[Pending],
    kept: impl Fn(OpId) -> bool,
) -> Result<(), StoreError> {
    let mut before = BTreeMap::new();
    for row in pending(rows, run, usize::MAX)? {
        remove_pending(rows, run, row.op)?;
        before.insert(row.op, row);
    }
    for row in asked {
        match before.remove(&row.op).filter(|before| kept(before.op) && before.label == row.label) {
            Some(before) => put_pending(rows, run, &before.asked_as(row))?,
            None => put_pending(rows, run, row)?,
        }
    }
    Ok(())
}

pub(super) fn remove_pending(rows: &mut dyn RowsMut, run: RunNo, op: OpId) -> Result<(), StoreError> {
    let key = keys::op(run, op);
    if let Some(bytes) = rows.get(Table::Pending, &key)? {
        let old: Pending = decode(&bytes, "a pending row")?;
        if let Some(at) = old.wakes_at() {
            rows.remove(Table::Timers, &keys::timer(at, run, op))?;
        }
        rows.remove(Table::Pending, &key)?;
    }
    Ok(())
}
