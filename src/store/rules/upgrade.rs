//! `Upgrade`: a run goes on under other texts, which whoever asks has replayed its history against.

use super::append::put_asked;
use super::{Surroundings, put_row};
use crate::history::{Edit, Moment, Program, RunRow, ScriptHash, Seq, StoredStatus};
use crate::store::histories::tail;
use crate::store::reading::{first_start, refuse_ended, row};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, StoreError, Upgrade, starts};

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
    check(&new.scripts)?;
    row.status = StoredStatus::Open;
    row.updated_at = around.now;
    let (next, _) = tail(rows, &row)?;
    put_program(rows, &mut row, (&new.program, &new.scripts), (around.now, next))?;
    let mut began_with = first_start(rows, row.history_no())?;
    began_with.patches.clone_from(&new.patches);
    starts::put(rows, row.history_no(), &began_with)?;
    put_asked(rows, new.run, &new.asked, |_| true)?;
    put_row(rows, &row)?;
    Ok(Answer::Done)
}

/// Refuses a text that has not its hash.
pub(super) fn check(scripts: &[(ScriptHash, String)]) -> Result<(), StoreError> {
    match scripts.iter().find(|(hash, text)| ScriptHash::of(text) != *hash) {
        Some((hash, _)) => {
            let message = format!("a text was given that has not the hash {hash}");
            Err(StoreError::Protocol { message })
        }
        None => Ok(()),
    }
}

/// The run's program from now on, before a certain entry; its row is the caller's to write.
pub(super) fn put_program(
    rows: &mut dyn RowsMut,
    row: &mut RunRow,
    (program, scripts): (&Program, &[(ScriptHash, String)]),
    (now, before): (Moment, Seq),
) -> Result<(), StoreError> {
    let known = first_start(rows, row.history_no())?.program;
    Edit::note(&mut row.edits, (now, row.generation, before), &known, program);
    row.script.clone_from(&program.path);
    for (hash, text) in scripts {
        if rows.get(Table::Scripts, &hash.0)?.is_none() {
            rows.put(Table::Scripts, &hash.0, text.as_bytes())?;
        }
    }
    // The first, which a start is compared with, and that of the present generation.
    let generations: std::collections::BTreeSet<_> = [row.no, row.history_no()].into();
    for no in generations {
        let mut start = first_start(rows, no)?;
        start.program = program.clone();
        starts::put(rows, no, &start)?;
    }
    Ok(())
}
