//! `Claim` and `Release`: one executor at a time, by token and epoch.

use super::{Surroundings, put_row};
use crate::history::{Claim, RunNo};
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::RowsMut;
use crate::store::{Answer, StoreError};

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
    Ok(Answer::Claimed { epoch: row.epoch })
}

pub(super) fn release(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    epoch: u64,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, run)?;
    if row.epoch == epoch && row.claim.is_some() {
        row.claim = None;
        row.updated_at = around.now;
        put_row(rows, &row)?;
    }
    Ok(Answer::Done)
}
