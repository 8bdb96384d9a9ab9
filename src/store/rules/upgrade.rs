//! `Upgrade`: a run goes on under other texts, which whoever asks has replayed its history against.

use super::{Surroundings, put_row};
use crate::history::{ScriptHash, StoredStatus};
use crate::store::codec::encode;
use crate::store::reading::{first_start, refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, StoreError, Upgrade, keys};

pub(super) fn upgrade(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    new: &Upgrade,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, new.run)?;
    refuse_ended(&row)?;
    if new.epoch != row.epoch {
        return Err(StoreError::Fenced { epoch: new.epoch, current: row.epoch });
    }
    if let Some((hash, _)) = new.scripts.iter().find(|(hash, text)| ScriptHash::of(text) != *hash) {
        let message = format!("a text was given that has not the hash {hash}");
        return Err(StoreError::Protocol { message });
    }
    row.script.clone_from(&new.program.path);
    row.status = StoredStatus::Open;
    row.updated_at = around.now;
    for (hash, text) in &new.scripts {
        if rows.get(Table::Scripts, &hash.0)?.is_none() {
            rows.put(Table::Scripts, &hash.0, text.as_bytes())?;
        }
    }
    // The first, which a start is compared with, and that of the present generation.
    let generations: std::collections::BTreeSet<_> = [new.run, row.history_no()].into();
    for no in generations {
        let mut start = first_start(rows, no)?;
        start.program = new.program.clone();
        rows.put(Table::Starts, &keys::run(no), &encode(&start)?)?;
    }
    put_row(rows, &row)?;
    Ok(Answer::Done)
}
