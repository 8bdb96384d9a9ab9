//! `Rewind`: the end of a history is set aside, whole and readable, and the run is open again behind what is left of it.

use super::append::{put_asked, put_record};
use super::end::{all_of_run, end_unasked};
use super::message::put_back;
use super::{Surroundings, put_row};
use crate::history::{
    Branch, Checksum, ChildOutcome, MOST_BRANCHES, Message, MessageBody, MessageId, Moment, Pending, RunNo,
    RunRow, Seq, StoredStatus, branch_no, generation_parts,
};
use crate::store::codec::decode;
use crate::store::histories::{record, tail};
use crate::store::reading::{corrupt, row, start};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, Rewind, StoreError, Told, keys};

pub(super) fn rewind(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    new: &Rewind,
) -> Result<Answer, StoreError> {
    crate::store::carry::refuse(rows)?;
    let mut row = row(rows, new.run)?;
    if row.branches.iter().any(|branch| branch.nonce == new.nonce) {
        return Ok(Answer::Done);
    }
    let chained_to = check(rows, around, &row, new)?;
    let mut told = Told::default();
    let before = row.clone();
    row.branches.push(Branch {
        generation: row.generation,
        from: new.from,
        until: new.seen.2,
        history: branch_no(row.no, row.branches.len()),
        chained_to,
        at: around.now,
        again: new.again.clone(),
        nonce: new.nonce,
    });
    set_aside(rows, &row, new)?;
    put_asked(rows, row.no, &timed_anew(new, around.now), |op| new.pending.contains(&op))?;
    super::lock::release_others(rows, around, row.no, &new.held, &mut told)?;
    mail(rows, around, &mut row, new)?;
    let mut began_with = start(rows, &row)?;
    began_with.timeout_ms = new.timeout_ms;
    began_with.patches.clone_from(&new.patches);
    crate::store::starts::put(rows, row.history_no(), &began_with)?;
    if let Some((program, scripts)) = &new.program {
        let kept = u32::try_from(new.records.len()).unwrap_or(u32::MAX);
        let before = Seq(new.from.0.saturating_add(kept));
        super::upgrade::put_program(rows, &mut row, (program, scripts), (around.now, before))?;
    }
    if matches!(before.status, StoredStatus::Ended(_)) {
        super::queue::enter_again(rows, &mut row)?;
    }
    // Whoever executes it is fenced off.
    row.epoch += 1;
    row.claim = None;
    row.status = StoredStatus::Open;
    row.unread = 0;
    row.gone.clear();
    row.cancel_requested_at = new.cancel_requested_at.or(asked_to_end(rows, row.no)?);
    row.updated_at = around.now;
    rows.put(Table::OpenRuns, &keys::run(row.no), &[])?;
    put_row(rows, &row)?;
    children(rows, around, &before, new, &mut told)?;
    Ok(super::lock::done(told))
}

/// What the script waits for, with the time that counts from now where a wait is to be over once more.
fn timed_anew(new: &Rewind, now: Moment) -> Vec<Pending> {
    let timed = |op| new.again.as_ref().is_some_and(|again| again.timed.contains(&op));
    let mut asked = new.asked.clone();
    asked.iter_mut().filter(|row| timed(row.op)).for_each(|row| row.count_from(now));
    asked
}

/// Refuses whatever cannot be done, before anything is written; gives the checksum that the first entry set aside is chained to.
fn check(
    rows: &dyn RowsMut,
    around: &Surroundings<'_>,
    row: &RunRow,
    new: &Rewind,
) -> Result<Checksum, StoreError> {
    if let Some(held) = row.claim.filter(|held| around.liveness.is_alive(held.token)) {
        return Err(StoreError::Held { id: row.id.clone(), claim: held });
    }
    let (epoch, generation, entries) = new.seen;
    if (epoch, generation) != (row.epoch, row.generation) {
        return Err(StoreError::Fenced { epoch, current: row.epoch });
    }
    let (next, _) = tail(rows, row)?;
    if entries != next || new.from >= next {
        return Err(StoreError::Gap { from: entries, expected: next });
    }
    if row.branches.len() >= MOST_BRANCHES {
        let message = format!("run {} has {MOST_BRANCHES} branches already, the most there may be", row.id);
        return Err(StoreError::Protocol { message });
    }
    if let Some((_, scripts)) = &new.program {
        super::upgrade::check(scripts)?;
    }
    let history = row.history_no();
    let chained_to = match new.from.0.checked_sub(1) {
        None => Checksum::first(history),
        Some(last) => record(rows, history, Seq(last))?
            .and_then(|record| record.checksum())
            .ok_or_else(|| corrupt(format!("entry {last} of run {} is missing or cut short", row.id)))?,
    };
    let mut checksum = chained_to;
    for record in &new.records {
        let chained = record.open(checksum);
        (_, checksum) = chained.map_err(|error| StoreError::Protocol {
            message: format!("an entry from {} on does not follow the one before: {error}", new.from),
        })?;
    }
    Ok(chained_to)
}

/// Moves entries and log lines to their place, and writes what stands in the place of the first of them.
fn set_aside(rows: &mut dyn RowsMut, row: &RunRow, new: &Rewind) -> Result<(), StoreError> {
    let (from, to) = (row.history_no(), branch_no(row.no, row.branches.len().saturating_sub(1)));
    let kept = Seq(new.from.0.saturating_add(u32::try_from(new.records.len()).unwrap_or(u32::MAX)));
    for (table, first) in [(Table::History, new.from), (Table::Logs, kept)] {
        for (key, value) in
            rows.range(table, &keys::entry(from, first), &keys::after_run(from), false, usize::MAX)?
        {
            let place = key.get(8..).unwrap_or_default();
            rows.put(table, &[keys::run(to).as_slice(), place].concat(), &value)?;
            rows.remove(table, &key)?;
        }
    }
    let mut seq = new.from;
    for record in &new.records {
        put_record(rows, from, seq, record)?;
        seq = seq.next();
    }
    Ok(())
}

/// What was delivered and is to be delivered again is in the inbox; answers to what is asked anew have nobody left to take them.
fn mail(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    row: &mut RunRow,
    new: &Rewind,
) -> Result<(), StoreError> {
    for (key, bytes) in all_of_run(rows, Table::Inbox, new.run)? {
        let message: Message = decode(&bytes, "a message")?;
        let of = match message.body {
            MessageBody::Answer { question: op, .. } | MessageBody::ChildEnded { op, .. } => Some(op),
            MessageBody::Signal { .. }
            | MessageBody::Cancel { .. }
            | MessageBody::Resolve { .. }
            | MessageBody::Update { .. }
            | MessageBody::Grant { .. } => None,
        };
        if of.is_some_and(|op| new.again.as_ref().is_some_and(|again| again.is_of(op))) {
            rows.remove(Table::Inbox, &key)?;
        }
    }
    for message in &new.unread {
        put_back(rows, row, message, around.now)?;
    }
    Ok(())
}

/// When a request to end was made that waits in the inbox.
fn asked_to_end(rows: &dyn RowsMut, run: RunNo) -> Result<Option<crate::history::Moment>, StoreError> {
    for (_, bytes) in all_of_run(rows, Table::Inbox, run)? {
        let message: Message = decode(&bytes, "a message")?;
        if matches!(message.body, MessageBody::Cancel { .. }) {
            return Ok(Some(message.accepted_at));
        }
    }
    Ok(None)
}

/// Children that were begun after the rewound entry are ended; the end of the others is told once more where it was set aside or never heard.
fn children(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    before: &RunRow,
    new: &Rewind,
    told: &mut Told,
) -> Result<(), StoreError> {
    for (key, _) in all_of_run(rows, Table::Children, before.no)? {
        let Some(mut child) = keys::tail_run(&key).map(|no| row(rows, no)).transpose()? else { continue };
        let Some(tie) = child.parent.clone() else { continue };
        if generation_parts(tie.generation).0 != before.generation
            || tie.generation != before.generation_of(tie.op)
        {
            continue;
        }
        let is_new = new.again.as_ref().is_some_and(|again| again.is_of(tie.op));
        match &child.status {
            StoredStatus::Open | StoredStatus::Stuck(_) if is_new => {
                let reason = format!("its parent, run {}, was rewound to before it began", before.id);
                end_unasked(rows, around, &mut child, &reason, told)?;
                told.ended.push(child.no);
            }
            status if !is_new && !new.heard.contains(&tie.op) => {
                let outcome = outcome(status);
                let id = MessageId::of_child(tie.run, tie.generation, tie.op);
                if !super::message::waits(rows, before.no, id)? {
                    // Also of one that is open, having been opened again: its next end is to be told.
                    rows.remove(Table::Dedupe, &id.0)?;
                }
                if let Some(outcome) = outcome {
                    super::child::tell_parent(rows, around, &child, outcome, told)?;
                }
            }
            StoredStatus::Open | StoredStatus::Stuck(_) | StoredStatus::Ended(_) => {}
        }
    }
    Ok(())
}

/// What a parent is told of a child as it stands.
fn outcome(status: &StoredStatus) -> Option<ChildOutcome> {
    match status {
        StoredStatus::Open => None,
        StoredStatus::Stuck(stuck) => Some(ChildOutcome::Stuck(Box::new(stuck.clone()))),
        StoredStatus::Ended(end) => Some(ChildOutcome::Ended(end.clone())),
    }
}
