//! `Upkeep::Export` and `Upkeep::Import`: all rows of one run, carried into a store that is only looked at.

use super::codec::decode;
use super::reading::{meta_u64, row, start};
use super::rows::{Row, Rows, RowsMut, Table};
use super::rules::BLOB;
use super::{CarriedRow, Kept, Place, StoreError, keys};
use crate::history::{Message, OpId, Pending, RunNo};

/// The most bytes in one answer.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Stands in `meta` of a store that is only looked at.
const LOOKED_AT: &[u8] = b"looked_at";
/// The tables that a row may be of.
const CARRIED: [Table; 14] = [
    Table::Runs,
    Table::Starts,
    Table::Recipes,
    Table::RunIds,
    Table::OpenRuns,
    Table::History,
    Table::Pending,
    Table::Timers,
    Table::Inbox,
    Table::Dedupe,
    Table::Scripts,
    Table::Blobs,
    Table::Logs,
    Table::Published,
];

type Piece = (Table, Vec<u8>, Vec<u8>);

/// Some of a run's rows, and where the next ones are.
pub(super) fn export(rows: &dyn Rows, run: RunNo, place: Option<Place>) -> Result<Kept, StoreError> {
    let pieces = pieces(rows, run)?;
    let Place { piece, after } = place.unwrap_or(Place { piece: 0, after: Vec::new() });
    let (mut number, mut after) = (usize::try_from(piece).unwrap_or(usize::MAX), after);
    let (mut page, mut bytes) = (Vec::new(), 0);
    while let Some((table, from, until)) = pieces.get(number) {
        let begin = if after.is_empty() { from.clone() } else { [after.as_slice(), &[0]].concat() };
        let slice = rows.range(*table, &begin, until, false, 64)?;
        let Some((last, _)) = slice.last() else {
            (number, after) = (number + 1, Vec::new());
            continue;
        };
        after.clone_from(last);
        for row in slice {
            for carried in with_others(rows, run, *table, row)? {
                bytes += carried.key.len() + carried.value.len();
                page.push(carried);
            }
        }
        if bytes > PAGE_BYTES {
            let piece = u32::try_from(number).unwrap_or(u32::MAX);
            return Ok(Kept::Rows(page, Some(Place { piece, after })));
        }
    }
    Ok(Kept::Rows(page, None))
}

/// Where the rows of a run lie.
fn pieces(rows: &dyn Rows, no: RunNo) -> Result<Vec<Piece>, StoreError> {
    let run = row(rows, no)?;
    let one = |table, key: &[u8]| (table, key.to_vec(), [key, &[0]].concat());
    let all = |table, no| (table, keys::run(no), keys::after_run(no));
    let past = run.past.map(|past| past.history);
    let branches = run.branches.iter().map(|branch| branch.history);
    let histories: std::collections::BTreeSet<RunNo> =
        [no, run.history_no()].into_iter().chain(past).chain(branches).collect();
    let mut pieces = vec![
        one(Table::Runs, &keys::run(no)),
        one(Table::RunIds, run.id.as_str().as_bytes()),
        one(Table::OpenRuns, &keys::run(no)),
        all(Table::Published, no),
        all(Table::Pending, no),
        all(Table::Inbox, no),
    ];
    for history in histories {
        pieces.extend([Table::Starts, Table::History, Table::Logs].map(|table| all(table, history)));
    }
    let mut programs = vec![start(rows, &run)?.program];
    programs.push(super::reading::first_start(rows, no)?.program);
    for program in programs {
        pieces.push(one(Table::Scripts, &program.main.0));
        pieces.extend(program.modules.values().map(|hash| one(Table::Scripts, &hash.0)));
    }
    Ok(pieces)
}

/// A row, with the rows of other tables that it needs.
fn with_others(
    rows: &dyn Rows,
    run: RunNo,
    table: Table,
    (key, value): Row,
) -> Result<Vec<CarriedRow>, StoreError> {
    let carried = |table: Table, key: Vec<u8>, value: Vec<u8>| CarriedRow {
        table: table.name().to_owned(),
        key,
        value,
    };
    let mut all = Vec::new();
    if let (Table::History, Some((&BLOB, hash))) = (table, value.split_first())
        && let Some(blob) = rows.get(Table::Blobs, hash)?
    {
        all.push(carried(Table::Blobs, hash.to_vec(), blob));
    }
    if table == Table::Starts
        && let Some(id) = super::starts::recipe_id(&value)?
        && let Some(recipe) = rows.get(Table::Recipes, &id)?
    {
        all.push(carried(Table::Recipes, id.to_vec(), recipe));
    }
    if table == Table::Inbox {
        let message: Message = decode(&value, "a message")?;
        if let Some(known) = rows.get(Table::Dedupe, &message.id.0)? {
            all.push(carried(Table::Dedupe, message.id.0.to_vec(), known));
        }
    }
    if table == Table::Pending {
        let pending: Pending = decode(&value, "a pending row")?;
        let op = keys::tail_u32(&key).map_or(pending.op, OpId);
        all.extend(
            pending
                .wakes_at()
                .map(|at| carried(Table::Timers, keys::timer(at, run, op).to_vec(), Vec::new())),
        );
    }
    all.push(carried(table, key, value));
    Ok(all)
}

/// Takes rows into a store that is empty, or took others before.
pub(super) fn import(rows: &mut dyn RowsMut, carried: &[CarriedRow]) -> Result<Kept, StoreError> {
    if !is_looked_at(rows)? && meta_u64(rows, super::rules::NEXT_RUN)? > 1 {
        let message = "this store executes runs; an exported run is imported into one of its own".to_owned();
        return Err(StoreError::LookedAt { message });
    }
    let mut checked = Vec::new();
    for row in carried {
        let Some(table) = CARRIED.into_iter().find(|table| table.name() == row.table) else {
            return Err(StoreError::Protocol { message: format!("rows of {} are not carried", row.table) });
        };
        if table == Table::Runs && rows.get(table, &row.key)?.is_some_and(|there| there != row.value) {
            let message = "another run of that number was imported into this store before".to_owned();
            return Err(StoreError::LookedAt { message });
        }
        checked.push((table, row));
    }
    rows.put(Table::Meta, LOOKED_AT, &[1])?;
    for (table, row) in checked {
        rows.put(table, &row.key, &row.value)?;
    }
    Ok(Kept::Done)
}

/// Whether the store is only looked at.
pub(super) fn is_looked_at(rows: &(impl Rows + ?Sized)) -> Result<bool, StoreError> {
    Ok(rows.get(Table::Meta, LOOKED_AT)?.is_some())
}

/// Refuses whatever would let an imported run go on: its effects are another store's.
pub(super) fn refuse(rows: &(impl Rows + ?Sized)) -> Result<(), StoreError> {
    if is_looked_at(rows)? {
        let message =
            "this store holds imported runs: they are looked at, replayed and queried, never executed"
                .to_owned();
        return Err(StoreError::LookedAt { message });
    }
    Ok(())
}
