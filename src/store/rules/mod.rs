//! The rules of the store: what each request that writes does, the same over every backend.
//!
//! A request is checked whole before its first row is written, so a refused one leaves nothing behind.

mod append;
mod child;
mod claim;
mod end;
mod lock;
mod message;
mod once;
mod overlap;
mod prune;
mod queue;
mod restart;
mod retry;
mod rewind;
mod schedule;
mod signal;
mod start;
mod update;
mod upgrade;

pub(super) use end::outlives;
pub(super) use lock::{asked as asked_lock, asker as lock_asker};
pub(super) use message::{forget_old, is_set_aside, may_be_forgotten, remembered};
pub(super) use once::list as list_once;
pub(super) use queue::refusal as queue_refusal;
pub(super) use restart::sweep;
pub(super) use schedule::list as list_schedules;
pub(super) use start::{first_facts, raise_schema};

use super::codec::encode;
use super::rows::{RowsMut, Table};
use super::{Answer, Kept, Liveness, Request, StoreError, Upkeep, keys};
use crate::history::{Moment, RunRow};

/// How often the ids of old resends are forgotten, in milliseconds.
pub(super) const FORGET_EVERY_MS: i64 = 3_600_000;
/// The schema of a store that this version reads and writes.
pub const SCHEMA: u32 = 3;
/// The keys of the facts of the store.
pub(super) const SCHEMA_KEY: &str = "schema";
pub(super) const STORE_ID: &str = "store_id";
pub(super) const NEXT_RUN: &str = "next_run";
const FORGOT_AT: &str = "forgot_at";
/// Records above this size lie in a table of their own, in bytes.
pub(super) const BLOB_BYTES: usize = 64 * 1024;
/// The format byte of a history value that names a blob.
pub(super) const BLOB: u8 = 2;

/// What the rules need besides the rows.
pub(super) struct Surroundings<'a> {
    pub(super) now: Moment,
    pub(super) liveness: &'a dyn Liveness,
}

/// Does a request that writes.
pub(super) fn write(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    request: &Request,
) -> Result<Answer, StoreError> {
    match request {
        Request::Start(new) => start::start(rows, around, new),
        Request::Claim { run, claim } => claim::take(rows, around, *run, *claim),
        Request::Release { run, epoch } => claim::release(rows, around, *run, *epoch),
        Request::Upgrade(new) => upgrade::upgrade(rows, around, new),
        Request::Rewind(new) => rewind::rewind(rows, around, new),
        Request::Upkeep(what) => keep(rows, around.now, what).map(|kept| Answer::Kept(Box::new(kept))),
        Request::Append(append) => append::append_to(rows, around, append),
        Request::Deliver(message) | Request::Post(message) => message::deliver(rows, around, message),
        Request::Signal(new) => signal::signal(rows, around, new),
        Request::RefuseUpdate(refused) => update::refuse(rows, around, refused),
        Request::Terminate { run, reason } => end::terminate(rows, around, *run, reason),
        Request::RetryNow { run } => retry::now(rows, around, *run),
        Request::TakeOnce { key, run, op, epoch } => once::take(rows, around, key, (*run, *op, *epoch)),
        Request::ForgetOnce { key } => once::forget(rows, around, key),
        Request::Admit { run, epoch } => queue::admit(rows, around, *run, *epoch),
        Request::Schedule(change) => schedule::change(rows, around, change),
        Request::Awake { waker } => super::wakers::awake(rows, around.now, around.liveness, *waker),
        Request::Watch { .. }
        | Request::Attend
        | Request::Due { .. }
        | Request::Find { .. }
        | Request::List(_)
        | Request::View { .. }
        | Request::Snapshot { .. }
        | Request::History { .. }
        | Request::Past { .. }
        | Request::Branch { .. }
        | Request::Script { .. }
        | Request::Logs { .. }
        | Request::Recall { .. }
        | Request::UpdateAnswer { .. }
        | Request::ListOnce { .. }
        | Request::Schedules
        | Request::Published { .. } => {
            Err(StoreError::Protocol { message: "a reading request among those that write".to_owned() })
        }
    }
}

/// Whether a request writes.
pub(super) fn writes(request: &Request) -> bool {
    match request {
        Request::Upkeep(what) => what.writes(),
        Request::Start(_)
        | Request::Claim { .. }
        | Request::Release { .. }
        | Request::Append(_)
        | Request::Upgrade(_)
        | Request::Rewind(_)
        | Request::Deliver(_)
        | Request::Post(_)
        | Request::Signal(_)
        | Request::RefuseUpdate(_)
        | Request::Terminate { .. }
        | Request::RetryNow { .. }
        | Request::TakeOnce { .. }
        | Request::Admit { .. }
        | Request::Awake { .. }
        | Request::Schedule(_)
        | Request::ForgetOnce { .. } => true,
        Request::Watch { .. }
        | Request::Attend
        | Request::Due { .. }
        | Request::Find { .. }
        | Request::List(_)
        | Request::View { .. }
        | Request::Snapshot { .. }
        | Request::History { .. }
        | Request::Past { .. }
        | Request::Branch { .. }
        | Request::Script { .. }
        | Request::Logs { .. }
        | Request::Recall { .. }
        | Request::UpdateAnswer { .. }
        | Request::ListOnce { .. }
        | Request::Schedules
        | Request::Published { .. } => false,
    }
}

fn put_row(rows: &mut dyn RowsMut, row: &RunRow) -> Result<(), StoreError> {
    rows.put(Table::Runs, &keys::run(row.no), &encode(row)?)
}

/// Does what a store needs for itself and what writes.
fn keep(rows: &mut dyn RowsMut, now: Moment, what: &Upkeep) -> Result<Kept, StoreError> {
    match what {
        Upkeep::Prune { runs, before } => prune::prune(rows, runs, *before),
        Upkeep::Sweep { texts_after_ms } => prune::sweep(rows, now, *texts_after_ms),
        // Whoever has a file does it behind the call.
        Upkeep::Compact => Ok(Kept::Done),
        Upkeep::Import(carried) => super::carry::import(rows, carried),
        Upkeep::Audit | Upkeep::Wakers | Upkeep::Ended { .. } | Upkeep::Newest(_) | Upkeep::Export { .. } => {
            Err(StoreError::Protocol { message: "a reading request among those that write".to_owned() })
        }
    }
}
