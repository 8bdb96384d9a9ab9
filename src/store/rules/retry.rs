//! `RetryNow`: what waits for another attempt is due at once; its count of attempts stays.

use super::Surroundings;
use super::append::put_pending;
use crate::history::{Pending, RunNo};
use crate::store::codec::decode;
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, StoreError};

pub(super) fn now(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
) -> Result<Answer, StoreError> {
    refuse_ended(&row(rows, run)?)?;
    let mut due = Vec::new();
    for (_, bytes) in super::end::all_of_run(rows, Table::Pending, run)? {
        let mut pending: Pending = decode(&bytes, "a pending row")?;
        if pending.next_try.is_some_and(|at| at > around.now) {
            pending.next_try = Some(around.now);
            due.push(pending);
        }
    }
    for pending in due {
        put_pending(rows, run, &pending)?;
    }
    Ok(Answer::Done)
}
