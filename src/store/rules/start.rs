//! `Start`: a run is recorded once, by its nonce and by its id.

use super::message::remembered;
use super::{FORGOT_AT, NEXT_RUN, SCHEMA, SCHEMA_KEY, STORE_ID, Surroundings, put_row};
use crate::history::{
    Checksum, Entry, Fact, MessageId, Moment, Record, RunNo, RunRow, ScriptHash, Seq, SkippedStarts,
    StoredStatus,
};
use crate::store::alike::Alike;
use crate::store::reading::{meta_u64, row};
use crate::store::rows::{Rows, RowsMut, Table};
use crate::store::starts::{self, RecipeId};
use crate::store::{Answer, NewRun, StoreError, keys};
use std::sync::Arc;

pub(super) fn start(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    new: &NewRun,
) -> Result<Answer, StoreError> {
    crate::store::carry::refuse(rows)?;
    if let Some(named) = rows.get(Table::RunIds, new.id.as_str().as_bytes())? {
        return known(rows, new, &named);
    }
    let alike = rows.known_alike().and_then(|alike| alike.recipe_of(new));
    if alike.is_none() {
        check_texts(new)?;
    }
    check_terms(new)?;
    let overlap = super::overlap::meet(rows, new)?;
    if overlap.skips() {
        return overlap.skip(rows, around.now, new);
    }
    let parent = new.parent.as_ref().map(|parent| super::child::tie(rows, parent)).transpose()?;
    let no = RunNo(meta_u64(rows, NEXT_RUN)?);
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
        last_message_at: Moment::default(),
        unread: 0,
        summary: None,
        progress: None,
        cancel_requested_at: None,
        queue: super::queue::enter(rows, no, overlap.queue(new))?,
        history: None,
        past: None,
        parent,
        overlap_key: new.overlap.as_ref().and_then(|overlap| overlap.key.clone()),
        origin: new.origin.clone(),
        branches: Vec::new(),
        edits: Vec::new(),
        gone: Vec::new(),
        skipped: SkippedStarts::default(),
    };
    if let Some(parent) = &row.parent {
        super::child::note(rows, parent, no)?;
    }
    rows.put(Table::Meta, NEXT_RUN.as_bytes(), &no.0.saturating_add(1).to_be_bytes())?;
    rows.put(Table::RunIds, new.id.as_str().as_bytes(), &keys::named(no, new.nonce))?;
    let recipe = match alike {
        Some(known) => known,
        None => put_alike(rows, new)?,
    };
    starts::put_own(rows, no, &new.start, recipe)?;
    rows.put(Table::OpenRuns, &keys::run(no), &[])?;
    put_row(rows, &row)?;
    let row = Arc::new(row);
    if row.claim.is_some() {
        // Whoever has claimed it appends to it next.
        rows.know_row(&row);
    }
    if let Some(seed) = new.begins
        && row.claim.is_some()
        && row.queue.is_none()
    {
        begin(rows, &row, seed)?;
    }
    let told = overlap.settle(rows, around, (no, new))?;
    Ok(if told.messages.is_empty() {
        Answer::Started { run: no, epoch }
    } else {
        Answer::Superseding { run: no, epoch, told }
    })
}

/// Stores what the start has alike with others, where that is new.
fn put_alike(rows: &mut dyn RowsMut, new: &NewRun) -> Result<RecipeId, StoreError> {
    for (hash, text) in &new.scripts {
        if rows.get(Table::Scripts, &hash.0)?.is_none() {
            rows.put(Table::Scripts, &hash.0, text.as_bytes())?;
        }
    }
    let recipe = starts::put_recipe(rows, &new.start)?;
    rows.know_alike(Alike::of(new, recipe));
    Ok(recipe)
}

/// The id is taken: by the run of this very start, sent again, or by another.
fn known(rows: &dyn RowsMut, new: &NewRun, named: &[u8]) -> Result<Answer, StoreError> {
    let no = keys::head_run(named).unwrap_or(RunNo(0));
    if is_same(rows, new.nonce, named)? {
        // The epoch that was given then: whoever has taken the run over since is not disturbed.
        let epoch = u64::from(new.claim.is_some() && new.parent.is_none());
        return Ok(Answer::Started { run: no, epoch });
    }
    let row = Box::new(row(rows, no)?);
    if new.parent.as_ref().is_some_and(|parent| super::child::is_same(&row, parent)) {
        return Ok(Answer::Started { run: no, epoch: 0 });
    }
    let start = Box::new(crate::store::reading::first_start(rows, no)?);
    Ok(Answer::Exists { row, start })
}

/// Whether what an id leads to was started by the start of that nonce.
pub(super) fn is_same(
    rows: &(impl Rows + ?Sized),
    nonce: MessageId,
    named: &[u8],
) -> Result<bool, StoreError> {
    match keys::is_of_nonce(named, nonce) {
        Some(is_same) => Ok(is_same),
        None => Ok(remembered(rows, nonce)?.is_some_and(|known| Some(known.run) == keys::head_run(named))),
    }
}

/// The run begins when it is recorded: whoever executes it finds its first entry on disk.
fn begin(rows: &mut dyn RowsMut, row: &RunRow, seed: u64) -> Result<(), StoreError> {
    let entry = Entry { at: row.created_at, fact: Fact::RunBegan { seed } };
    let (record, checksum) = Record::seal(&entry, Checksum::first(row.history_no()))
        .map_err(|error| StoreError::Protocol { message: format!("the first entry {error}") })?;
    super::append::put_record(rows, row.history_no(), Seq(0), &record)?;
    rows.know_tail(row.history_no(), (Seq(1), checksum));
    Ok(())
}

/// Refuses what may not be recorded.
pub(super) fn check(new: &NewRun) -> Result<(), StoreError> {
    check_texts(new)?;
    check_terms(new)
}

fn check_texts(new: &NewRun) -> Result<(), StoreError> {
    let wrong = new.scripts.iter().find(|(hash, text)| ScriptHash::of(text) != *hash);
    wrong.map_or(Ok(()), |(hash, _)| {
        Err(StoreError::Protocol { message: format!("a text was given that has not the hash {hash}") })
    })
}

fn check_terms(new: &NewRun) -> Result<(), StoreError> {
    super::overlap::check(new)?;
    super::queue::check(new.queue.as_ref())
}

/// The facts of a new store.
pub(in crate::store) fn first_facts(
    rows: &mut dyn RowsMut,
    store_id: u64,
    now: Moment,
) -> Result<(), StoreError> {
    for (key, value) in [
        (SCHEMA_KEY, u64::from(SCHEMA)),
        (NEXT_RUN, 1),
        (STORE_ID, store_id),
        (FORGOT_AT, now.0.cast_unsigned()),
    ] {
        rows.put(Table::Meta, key.as_bytes(), &value.to_be_bytes())?;
    }
    Ok(())
}

/// The store is one of this version from now on.
pub(in crate::store) fn raise_schema(rows: &mut dyn RowsMut) -> Result<(), StoreError> {
    rows.put(Table::Meta, SCHEMA_KEY.as_bytes(), &u64::from(SCHEMA).to_be_bytes())
}
