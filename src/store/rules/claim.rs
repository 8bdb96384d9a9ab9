//! `Claim` and `Release`: one executor at a time, by token and epoch.

use super::append::row_of;
use super::{Surroundings, put_row};
use crate::history::{Claim, RunNo};
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::RowsMut;
use crate::store::{Answer, StoreError};
use std::sync::Arc;

pub(super) fn take(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    claim: Claim,
) -> Result<Answer, StoreError> {
    crate::store::carry::refuse(rows)?;
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
    let epoch = row.epoch;
    // Whoever has claimed it appends to it next.
    rows.know_row(&Arc::new(row));
    Ok(Answer::Claimed { epoch })
}

pub(super) fn release(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    epoch: u64,
) -> Result<Answer, StoreError> {
    let mut row = row_of(rows, run)?;
    if row.epoch == epoch && row.claim.is_some() {
        let row = Arc::make_mut(&mut row);
        row.claim = None;
        row.updated_at = around.now;
        put_row(rows, row)?;
    }
    Ok(Answer::Done)
}
