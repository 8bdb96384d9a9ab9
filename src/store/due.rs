//! What is due: runs that could go on and that nobody executes, and when the next of them will be.

use super::reading::{corrupt, pending, row};
use super::rows::{Rows, Table};
use super::{Due, Liveness, StoreError, keys, reading};
use crate::history::{Moment, Pending, RunNo, RunRow, RunStatus, StoredStatus, Token};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How many rows of a table are read at a time.
const PAGE: usize = 256;

/// Remembers who lives: thousands of runs may have one executor.
struct Known<'a> {
    liveness: &'a dyn Liveness,
    tokens: Mutex<BTreeMap<Token, bool>>,
}

impl Liveness for Known<'_> {
    fn is_alive(&self, token: Token) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens.entry(token).or_insert_with(|| self.liveness.is_alive(token))
    }
}

/// The runs that could go on and that nobody executes.
pub(super) fn due(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    thorough: bool,
) -> Result<Due, StoreError> {
    let known = Known { liveness, tokens: Mutex::default() };
    let mut candidates = BTreeSet::new();
    if thorough {
        each(rows, Table::OpenRuns, &[], &[0xff; 9], |key| {
            candidates.extend(keys::head_run(key));
            Ok(true)
        })?;
    } else {
        let until = keys::timer(now.plus_ms(1), RunNo(0), crate::history::OpId(0));
        each(rows, Table::Timers, &[], &until, |key| {
            candidates.insert(timer_run(key)?);
            Ok(true)
        })?;
        each(rows, Table::Queued, &[], &[0xff; 300], |key| {
            candidates.extend(keys::tail_run(key));
            Ok(true)
        })?;
    }
    let mut due = Due::default();
    for no in candidates {
        let run = row(rows, no)?;
        if is_due(rows, now, &known, &run)? {
            due.runs.push((no, run.id));
        }
    }
    due.next = next(rows, now, &known)?;
    Ok(due)
}

fn is_due(rows: &dyn Rows, now: Moment, liveness: &dyn Liveness, run: &RunRow) -> Result<bool, StoreError> {
    if !is_free(run, liveness) {
        return Ok(false);
    }
    if run.queue.as_ref().is_some_and(|place| place.admitted_at.is_none()) {
        return Ok(super::rules::queue_refusal(rows, now, liveness, run)?.is_none());
    }
    Ok(reading::status(rows, now, liveness, run)? == RunStatus::Parked)
}

/// Whether a run is open and nobody executes it.
fn is_free(run: &RunRow, liveness: &dyn Liveness) -> bool {
    run.status == StoredStatus::Open && !run.claim.is_some_and(|claim| liveness.is_alive(claim.token))
}

/// When the next timer of a run that nobody executes is due.
fn next(rows: &dyn Rows, now: Moment, liveness: &dyn Liveness) -> Result<Option<Moment>, StoreError> {
    let from = keys::timer(now.plus_ms(1), RunNo(0), crate::history::OpId(0));
    let mut next = None;
    each(rows, Table::Timers, &from, &[0xff; 21], |key| {
        let run = row(rows, timer_run(key)?)?;
        if is_free(&run, liveness) {
            // The key sorts by it, the row tells it.
            let waits: Vec<Pending> = pending(rows, run.no, usize::MAX)?;
            next = waits.iter().filter_map(Pending::wakes_at).filter(|at| *at > now).min();
        }
        Ok(next.is_none())
    })?;
    Ok(next)
}

fn timer_run(key: &[u8]) -> Result<RunNo, StoreError> {
    let rest = key.get(8..).and_then(keys::head_run);
    rest.ok_or_else(|| corrupt("a timer has a broken key".to_owned()))
}

/// Looks at the keys of a table in order, until `look` says that it has seen enough.
fn each(
    rows: &dyn Rows,
    table: Table,
    from: &[u8],
    until: &[u8],
    mut look: impl FnMut(&[u8]) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut from = from.to_vec();
    loop {
        let page = rows.range(table, &from, until, false, PAGE)?;
        for (key, _) in &page {
            if !look(key)? {
                return Ok(());
            }
        }
        let Some((last, _)) = page.last() else { return Ok(()) };
        // The next key that there can be.
        from = [last.as_slice(), &[0]].concat();
    }
}
