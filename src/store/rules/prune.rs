//! `Upkeep::Prune` and `Upkeep::Sweep`: runs that ended are forgotten, their rows dropped in slices.

use super::end::all_of_run;
use super::message::Remembered;
use crate::history::{Moment, RunNo, RunRow, ScriptHash, StoredStatus};
use crate::store::codec::decode;
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Kept, StoreError, keys, starts};
use std::collections::BTreeSet;

/// The fact of the store that says when texts were last looked for.
const SWEPT_AT: &[u8] = b"swept_at";
/// How many rows of a table are read at a time.
const PAGE: usize = 1024;

pub(super) fn prune(rows: &mut dyn RowsMut, runs: &[RunNo], before: Moment) -> Result<Kept, StoreError> {
    let mut pruned = Vec::new();
    for no in runs {
        let run = match row(rows, *no) {
            Ok(run) => run,
            Err(StoreError::NoRun { .. }) => continue,
            Err(error) => return Err(error),
        };
        let has_ended = matches!(run.status, StoredStatus::Ended(_));
        if has_ended && run.updated_at <= before && !parent_is_open(rows, &run)? {
            forget(rows, &run)?;
            pruned.push(*no);
        }
    }
    Ok(Kept::Pruned(pruned))
}

/// A parent that goes on may ask for its child once more.
fn parent_is_open(rows: &dyn RowsMut, run: &RunRow) -> Result<bool, StoreError> {
    let Some(parent) = &run.parent else { return Ok(false) };
    match row(rows, parent.run) {
        Ok(parent) => Ok(refuse_ended(&parent).is_ok()),
        Err(StoreError::NoRun { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Nobody finds it any more; its entries and log lines are dropped by and by.
fn forget(rows: &mut dyn RowsMut, run: &RunRow) -> Result<(), StoreError> {
    let past = run.past.map(|past| past.history);
    let branches = run.branches.iter().map(|branch| branch.history);
    for history in [run.no, run.history_no()].into_iter().chain(past).chain(branches) {
        rows.put(Table::Discarded, &keys::run(history), &[])?;
    }
    for table in [Table::Published, Table::Children, Table::Inbox] {
        for (key, _) in all_of_run(rows, table, run.no)? {
            rows.remove(table, &key)?;
        }
    }
    if let Some(parent) = &run.parent {
        rows.remove(Table::Children, &keys::child(parent.run, run.no))?;
    }
    rows.remove(Table::Starts, &keys::run(run.history_no()))?;
    rows.remove(Table::Starts, &keys::run(run.no))?;
    rows.remove(Table::RunIds, run.id.as_str().as_bytes())?;
    rows.remove(Table::Runs, &keys::run(run.no))
}

/// One slice; at last what no run has any more, where that was last looked for so long ago.
pub(super) fn sweep(rows: &mut dyn RowsMut, now: Moment, texts_after_ms: i64) -> Result<Kept, StoreError> {
    if super::sweep(rows)? {
        return Ok(Kept::More(true));
    }
    let last = rows.get(Table::Meta, SWEPT_AT)?.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    let last = last.map(|bytes| Moment(i64::from_be_bytes(bytes)));
    // A clock that was set back must not stop it for ever.
    if last.is_some_and(|last| (0..texts_after_ms).contains(&now.since_ms(last))) {
        return Ok(Kept::More(false));
    }
    drop_texts(rows)?;
    rows.put(Table::Meta, SWEPT_AT, &now.0.to_be_bytes())?;
    Ok(Kept::More(false))
}

/// The texts of the programs of all runs; drops the recipes that no run has any more.
fn used_texts(rows: &mut dyn RowsMut) -> Result<BTreeSet<ScriptHash>, StoreError> {
    let mut used: BTreeSet<ScriptHash> = BTreeSet::new();
    let mut recipes = BTreeSet::new();
    let mut from = Vec::new();
    loop {
        let page = rows.range(Table::Starts, &from, &[0xff; 9], false, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        from = [last.as_slice(), &[0]].concat();
        for (_, bytes) in &page {
            let is_new = starts::recipe_id(bytes)?.is_none_or(|id| recipes.insert(id));
            if is_new {
                let program = starts::whole(bytes, |id| rows.get(Table::Recipes, id))?.program;
                used.insert(program.main);
                used.extend(program.modules.into_values());
            }
        }
    }
    for (id, _) in rows.range(Table::Recipes, &[], &[0xff; 17], false, usize::MAX)? {
        if !recipes.iter().any(|used| *used == *id) {
            rows.remove(Table::Recipes, &id)?;
        }
    }
    Ok(used)
}

/// Drops the texts and the keys of signals that no run has any more.
fn drop_texts(rows: &mut dyn RowsMut) -> Result<(), StoreError> {
    let used = used_texts(rows)?;
    for (key, _) in rows.range(Table::Scripts, &[], &[0xff; 33], false, usize::MAX)? {
        if !used.iter().any(|hash| hash.0 == *key) {
            rows.remove(Table::Scripts, &key)?;
        }
    }
    // The keys of signals live as long as their run.
    for (id, bytes) in rows.range(Table::Dedupe, &[], &[0xff; 17], false, usize::MAX)? {
        let known = decode::<Remembered>(&bytes, "a remembered id").ok();
        if let Some(known) = known.filter(|known| known.keyed)
            && rows.get(Table::Runs, &keys::run(known.run))?.is_none()
        {
            rows.remove(Table::Dedupe, &id)?;
        }
    }
    Ok(())
}
