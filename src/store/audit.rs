//! The audit: whether the tables agree with each other and every history with its own chain.

use super::codec::decode;
use super::histories::record;
use super::reading::row;
use super::rows::{Row, Rows, Table};
use super::{StoreError, keys};
use crate::history::{Checksum, Message, OpId, Pending, RunNo, RunRow, Seq, StoredStatus};
use std::collections::BTreeSet;
use twox_hash::XxHash3_64;

/// What does not agree, a sentence each; empty where all does. Reads everything.
pub(super) fn audit(rows: &dyn Rows) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let runs = all(rows, Table::Runs)?;
    let mut timers = BTreeSet::new();
    let mut later: BTreeSet<RunNo> =
        all(rows, Table::Discarded)?.iter().filter_map(|(key, _)| keys::head_run(key)).collect();
    for (key, value) in &runs {
        let run: RunRow = match decode(value, "a run's row") {
            Ok(run) => run,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let no = run.no;
        if keys::run(no) != *key {
            wrong.push(format!("the row of run number {no} lies under another number"));
        }
        let named = rows.get(Table::RunIds, run.id.as_str().as_bytes())?;
        if named.as_deref().and_then(keys::head_run) != Some(no) {
            wrong.push(format!("the id {} does not lead to its run", run.id));
        }
        for no in BTreeSet::from([no, run.history_no()]) {
            let started = super::reading::first_start(rows, no);
            wrong.extend(started.err().map(|error| format!("the start of run {}: {error}", run.id)));
        }
        let ended = matches!(run.status, StoredStatus::Ended(_));
        if rows.get(Table::OpenRuns, &keys::run(no))?.is_some() == ended {
            wrong.push(format!("run {} is on the wrong side of the list of open runs", run.id));
        }
        let waiting = audit_waiting(rows, &run, &mut timers, &mut wrong)?;
        if ended && waiting > 0 {
            wrong.push(format!("run {} has ended, and {waiting} rows still wait for it", run.id));
        }
        let first = Checksum::first;
        audit_history(rows, run.history_no(), (Seq(0), first(run.history_no())), None, &mut wrong)?;
        later.insert(run.history_no());
        if let Some(past) = run.past {
            let no = past.history;
            audit_history(rows, no, (Seq(0), first(no)), Some(past.entries), &mut wrong)?;
            later.insert(past.history);
        }
        for branch in &run.branches {
            let begins = (branch.from, branch.chained_to);
            audit_history(rows, branch.history, begins, Some(branch.until), &mut wrong)?;
            later.insert(branch.history);
        }
    }
    let found: BTreeSet<Vec<u8>> = all(rows, Table::Timers)?.into_iter().map(|(key, _)| key).collect();
    if found != timers {
        wrong.push(format!("{} timers, {} pending rows that are due", found.len(), timers.len()));
    }
    audit_locks(rows, &mut wrong)?;
    if all(rows, Table::RunIds)?.len() != runs.len() {
        wrong.push("there are other ids than runs".to_owned());
    }
    for table in [
        Table::Starts,
        Table::OpenRuns,
        Table::Pending,
        Table::Inbox,
        Table::History,
        Table::Logs,
        Table::LockOps,
        Table::Children,
    ] {
        let orphans = orphans(rows, table, &later)?;
        if orphans > 0 {
            wrong.push(format!("{orphans} rows in {} belong to no run", table.name()));
        }
    }
    Ok(wrong)
}

/// A number that changes whenever any row does; the store's own id is left out.
pub(super) fn digest(rows: &dyn Rows) -> Result<u64, StoreError> {
    let mut sum = 0;
    for table in Table::ALL {
        for (key, value) in all(rows, table)? {
            if table != Table::Meta || key != super::rules::STORE_ID.as_bytes() {
                sum = XxHash3_64::oneshot_with_seed(sum, table.name().as_bytes());
                sum = XxHash3_64::oneshot_with_seed(sum, &key);
                sum = XxHash3_64::oneshot_with_seed(sum, &value);
            }
        }
    }
    Ok(sum)
}

fn all(rows: &dyn Rows, table: Table) -> Result<Vec<Row>, StoreError> {
    rows.range(table, &[], &[0xff; 40], false, usize::MAX)
}

fn of_run(rows: &dyn Rows, table: Table, no: RunNo) -> Result<Vec<Row>, StoreError> {
    rows.range(table, &keys::run(no), &keys::after_run(no), false, usize::MAX)
}

fn orphans(rows: &dyn Rows, table: Table, later: &BTreeSet<RunNo>) -> Result<usize, StoreError> {
    let mut count = 0;
    for (key, _) in all(rows, table)? {
        let no = keys::head_run(&key);
        if no.is_some_and(|no| later.contains(&no)) {
            continue;
        }
        let run = no.map(|no| row(rows, no));
        count += usize::from(matches!(run, None | Some(Err(StoreError::NoRun { .. }))));
    }
    Ok(count)
}

/// Audits pending rows and inbox, collects the timers that there must be; gives the number of rows that no ended run has.
fn audit_waiting(
    rows: &dyn Rows,
    run: &RunRow,
    timers: &mut BTreeSet<Vec<u8>>,
    wrong: &mut Vec<String>,
) -> Result<usize, StoreError> {
    let pending = of_run(rows, Table::Pending, run.no)?;
    for (key, value) in &pending {
        match decode::<Pending>(value, "a pending row") {
            Ok(row) if Some(row.op) == keys::tail_u32(key).map(OpId) => {
                timers.extend(row.wakes_at().map(|at| keys::timer(at, run.no, row.op).to_vec()));
            }
            Ok(row) => wrong.push(format!("op {} of run {} lies under another number", row.op, run.id)),
            Err(error) => wrong.push(format!("run {}: {error}", run.id)),
        }
    }
    let inbox = of_run(rows, Table::Inbox, run.no)?;
    for (_, value) in &inbox {
        match decode::<Message>(value, "a message") {
            Ok(message) if message.no.0 > run.messages || message.accepted_at > run.last_message_at => {
                wrong.push(format!("run {} does not count its message {:?}", run.id, message.no));
            }
            Ok(message)
                if rows.get(Table::Dedupe, &message.id.0)?.is_none()
                    && !super::rules::may_be_forgotten(rows, message.accepted_at)? =>
            {
                wrong.push(format!("message {:?} of run {} is not remembered", message.no, run.id));
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("run {}: {error}", run.id)),
        }
    }
    let heard_by_nobody = inbox.iter().filter(|(_, message)| !super::rules::outlives(message)).count();
    Ok(pending.len() + heard_by_nobody)
}

/// The first in each line holds the lock and no other does; lines and commands lead to each other; nobody in line has ended.
fn audit_locks(rows: &dyn Rows, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let lines = all(rows, Table::Locks)?;
    let mut before = None;
    for (key, bytes) in &lines {
        let name = keys::lock_name(key);
        let asker = super::rules::lock_asker(bytes)?;
        if asker.granted_at.is_some() != (before.as_ref() != Some(&name)) {
            wrong.push(format!("the lock {name} is held by another than the first in line"));
        }
        if rows.get(Table::LockOps, &keys::op(asker.run, asker.op))?.as_ref() != Some(key) {
            wrong.push(format!(
                "op {} of run number {} does not lead to the lock {name}",
                asker.op, asker.run
            ));
        }
        if rows.get(Table::OpenRuns, &keys::run(asker.run))?.is_none() {
            wrong.push(format!("run number {} has ended and stands in line for the lock {name}", asker.run));
        }
        before = Some(name);
    }
    if all(rows, Table::LockOps)?.len() != lines.len() {
        wrong.push("there are other commands in line for locks than the lines have".to_owned());
    }
    Ok(())
}

/// Follows the chain from the first entry, and what that is chained to, to the last.
fn audit_history(
    rows: &dyn Rows,
    no: RunNo,
    (mut seq, mut before): (Seq, Checksum),
    counted: Option<Seq>,
    wrong: &mut Vec<String>,
) -> Result<(), StoreError> {
    let count = of_run(rows, Table::History, no)?.len();
    if counted.is_some_and(|counted| usize::try_from(counted.0.saturating_sub(seq.0)).ok() != Some(count)) {
        wrong.push(format!("the past generation {no} has {count} entries, its run counts others"));
    }
    for _ in 0..count {
        let opened = match record(rows, no, seq) {
            Ok(Some(record)) => record.open(before).map_err(|error| error.to_string()),
            Ok(None) => Err("it is missing".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match opened {
            Ok((_, after)) => before = after,
            Err(error) => {
                wrong.push(format!("entry {seq} of run number {no}: {error}"));
                return Ok(());
            }
        }
        seq = seq.next();
    }
    Ok(())
}
