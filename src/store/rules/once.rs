//! `once`: the first completed result under a key serves every later call of the store; one call at a time may seek it.

use super::Surroundings;
use crate::history::{Fact, Moment, OpId, RunId, RunNo, StoredStatus, Value};
use crate::store::codec::{decode, encode};
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{Rows, RowsMut, Table};
use crate::store::{Answer, Once, OnceChange, OnceRow, StoreError};
use serde::{Deserialize, Serialize};

/// How long a result is kept: 400 days.
pub(in crate::store) const KEEP_MS: i64 = 400 * 86_400_000;
/// How many keys one listing gives.
const MOST_LISTED: usize = 10_000;

/// What is stored under a key.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    run: RunNo,
    id: RunId,
    op: OpId,
    epoch: u64,
    at: Moment,
    /// Whether there is a result; else the command seeks it.
    done: bool,
    #[serde(default)]
    result: Value,
}

/// The call of a command under a key: it may seek the result, or has to wait, or there it is.
pub(super) fn take(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    key: &str,
    (run, op, epoch): (RunNo, OpId, u64),
) -> Result<Answer, StoreError> {
    let own = row(rows, run)?;
    if own.epoch != epoch {
        return Err(StoreError::Fenced { epoch, current: own.epoch });
    }
    refuse_ended(&own)?;
    if let Some(stored) = stored(rows, key, around.now)? {
        if stored.done {
            let once = Once::Done { run: stored.id, at: stored.at, result: stored.result };
            return Ok(Answer::Once(Box::new(once)));
        }
        if (stored.run, stored.op) != (run, op) && is_sought(rows, around, &stored)? {
            return Ok(Answer::Once(Box::new(Once::Sought { run: stored.id, since: stored.at })));
        }
    }
    let stored = Stored { run, id: own.id, op, epoch, at: around.now, done: false, result: Value::Null };
    rows.put(Table::Once, key.as_bytes(), &encode(&stored)?)?;
    Ok(Answer::Once(Box::new(Once::Taken)))
}

/// Whether the command that took the key still seeks its result: its run is executed under the claim under which it
/// took it. One that was put down or killed takes it again when it goes on.
fn is_sought(rows: &dyn RowsMut, around: &Surroundings<'_>, stored: &Stored) -> Result<bool, StoreError> {
    let holder = match row(rows, stored.run) {
        Ok(holder) => holder,
        Err(StoreError::NoRun { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_open = match holder.status {
        StoredStatus::Open | StoredStatus::Stuck(_) => true,
        StoredStatus::Ended(_) => false,
    };
    let is_executed = holder.claim.is_some_and(|claim| around.liveness.is_alive(claim.token));
    Ok(is_open && is_executed && holder.epoch == stored.epoch)
}

/// What an append says of keys, in the transaction of the entry that decides it.
pub(super) fn change(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    facts: &[Fact],
    change: &OnceChange,
) -> Result<(), StoreError> {
    let (OnceChange::Completed { key, op } | OnceChange::Released { key, op }) = change;
    let stored = stored(rows, key, around.now)?;
    let Some(mut stored) = stored.filter(|stored| (stored.run, stored.op) == (run, *op) && !stored.done)
    else {
        return Ok(());
    };
    match change {
        OnceChange::Released { .. } => rows.remove(Table::Once, key.as_bytes()),
        OnceChange::Completed { .. } => {
            let Some(result) = facts.iter().find_map(|fact| result_of(fact, *op)) else {
                return Ok(());
            };
            (stored.done, stored.result, stored.at) = (true, result, around.now);
            rows.put(Table::Once, key.as_bytes(), &encode(&stored)?)
        }
    }
}

/// The result of a command, where the fact is its completion.
fn result_of(fact: &Fact, op: OpId) -> Option<Value> {
    match fact {
        Fact::ActivityCompleted(done) if done.op == op => Some(done.result.clone()),
        Fact::ActivityCompleted(_)
        | Fact::RunBegan { .. }
        | Fact::ActivityFailed(_)
        | Fact::TimerFired(_)
        | Fact::SignalReceived(_)
        | Fact::TokenResolved(_)
        | Fact::QuestionAnswered(_)
        | Fact::UpdateAccepted(_)
        | Fact::UpdateCompleted(_)
        | Fact::LockGranted(_)
        | Fact::ChildEnded(_)
        | Fact::CancelRequested(_)
        | Fact::RunEnded(_)
        | Fact::RunRestarted(_)
        | Fact::Unknown { .. } => None,
    }
}

/// Forgets a result: the next call under the key executes again. One that is sought stays.
pub(super) fn forget(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    key: &str,
) -> Result<Answer, StoreError> {
    match stored(rows, key, around.now)? {
        Some(stored) if !stored.done && is_sought(rows, around, &stored)? => {
            Ok(Answer::Once(Box::new(Once::Sought { run: stored.id, since: stored.at })))
        }
        Some(stored) => {
            rows.remove(Table::Once, key.as_bytes())?;
            Ok(Answer::Once(Box::new(Once::Done { run: stored.id, at: stored.at, result: stored.result })))
        }
        None => Ok(Answer::Once(Box::new(Once::Taken))),
    }
}

/// The keys that begin with a text, in order, at most 10,000.
pub(in crate::store) fn list(rows: &dyn Rows, now: Moment, prefix: &str) -> Result<Vec<OnceRow>, StoreError> {
    let mut until = prefix.as_bytes().to_vec();
    until.push(0xff);
    let mut listed = Vec::new();
    for (key, value) in rows.range(Table::Once, prefix.as_bytes(), &until, false, MOST_LISTED)? {
        let key = String::from_utf8_lossy(&key).into_owned();
        let stored: Stored = decode(&value, format_args!("the result under the key \"{key}\""))?;
        if !is_old(&stored, now) {
            let result = stored.done.then_some(stored.result);
            listed.push(OnceRow { key, run: stored.id, op: stored.op, at: stored.at, result });
        }
    }
    Ok(listed)
}

fn stored(rows: &dyn RowsMut, key: &str, now: Moment) -> Result<Option<Stored>, StoreError> {
    let bytes = rows.get(Table::Once, key.as_bytes())?;
    let stored: Option<Stored> =
        bytes.map(|bytes| decode(&bytes, format_args!("the result under the key \"{key}\""))).transpose()?;
    Ok(stored.filter(|stored| !is_old(stored, now)))
}

fn is_old(stored: &Stored, now: Moment) -> bool {
    now.since_ms(stored.at) > KEEP_MS
}
