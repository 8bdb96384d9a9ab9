//! Histories: where the entries and log lines of a run's generations lie, and how they are read.

use super::codec::decode;
use super::reading::{corrupt, row};
use super::rows::{Rows, Table};
use super::rules::BLOB;
use super::{LogKey, LogLine, StoreError, keys};
use crate::history::{Checksum, Moment, Record, RunNo, RunRow, Seq};

/// The most bytes of entries in one answer.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// So many are read at a time: a small entry takes a hundred bytes, the largest that lies in its table 64 KiB.
const SLICE: usize = 256;

/// The last entry of a run's present generation, and its place.
pub(super) fn last_entry(
    rows: &(impl Rows + ?Sized),
    row: &RunRow,
) -> Result<Option<(Seq, Record)>, StoreError> {
    let no = row.history_no();
    let last = rows.range(Table::History, &keys::run(no), &keys::after_run(no), true, 1)?;
    let Some((key, value)) = last.into_iter().next() else { return Ok(None) };
    let seq = Seq(keys::tail_u32(&key).unwrap_or_default());
    Ok(Some((seq, whole_record(rows, value)?)))
}

/// The place of a run's next entry, and the checksum that it is chained to.
pub(super) fn tail(rows: &(impl Rows + ?Sized), row: &RunRow) -> Result<(Seq, Checksum), StoreError> {
    match last_entry(rows, row)? {
        None => Ok((Seq(0), Checksum::first(row.history_no()))),
        Some((seq, record)) => {
            let short = || corrupt(format!("entry {seq} of run number {} is cut short", row.no));
            let checksum = record.checksum().ok_or_else(short)?;
            Ok((seq.next(), checksum))
        }
    }
}

/// When a run's last entry was written, by the time that it carries.
pub(super) fn last_at(rows: &(impl Rows + ?Sized), row: &RunRow) -> Result<Option<Moment>, StoreError> {
    Ok(last_entry(rows, row)?.and_then(|(_, record)| record.at()))
}

/// One entry of a history.
pub(super) fn record(
    rows: &(impl Rows + ?Sized),
    history: RunNo,
    seq: Seq,
) -> Result<Option<Record>, StoreError> {
    rows.get(Table::History, &keys::entry(history, seq))?.map(|value| whole_record(rows, value)).transpose()
}

fn whole_record(rows: &(impl Rows + ?Sized), value: Vec<u8>) -> Result<Record, StoreError> {
    let bytes = match value.split_first() {
        Some((&BLOB, hash)) => {
            rows.get(Table::Blobs, hash)?.ok_or_else(|| corrupt("a large entry is missing".to_owned()))?
        }
        _ => value,
    };
    Ok(Record::from_bytes(bytes))
}

/// Entries of a run's present generation.
pub(super) fn records(
    rows: &dyn Rows,
    row: &RunRow,
    from: Seq,
    until: Seq,
) -> Result<Vec<Record>, StoreError> {
    page(rows, row.history_no(), from, until)
}

/// The place of a run's next entry, and the entries of its present generation where there are no more than so many, as far as they fit
/// an answer.
pub(super) fn short(rows: &dyn Rows, row: &RunRow, most: usize) -> Result<(Seq, Vec<Record>), StoreError> {
    let no = row.history_no();
    let all =
        rows.range(Table::History, &keys::run(no), &keys::after_run(no), false, most.saturating_add(1))?;
    if all.len() > most {
        return Ok((tail(rows, row)?.0, Vec::new()));
    }
    let last = all.last().map(|(key, _)| Seq(keys::tail_u32(key).unwrap_or_default()).next());
    let (mut records, mut bytes) = (Vec::with_capacity(all.len()), 0);
    for (_, value) in all {
        let record = whole_record(rows, value)?;
        bytes += record.as_bytes().len();
        if bytes > PAGE_BYTES {
            break;
        }
        records.push(record);
    }
    Ok((last.unwrap_or_default(), records))
}

/// Entries of the generation before it; none where there is none.
pub(super) fn past_records(
    rows: &dyn Rows,
    no: RunNo,
    from: Seq,
    until: Seq,
) -> Result<Vec<Record>, StoreError> {
    match row(rows, no)?.past {
        Some(past) => page(rows, past.history, from, until),
        None => Ok(Vec::new()),
    }
}

/// Entries of a branch that was set aside; none where there is none of that number.
pub(super) fn branch_records(
    rows: &dyn Rows,
    no: RunNo,
    number: u32,
    (from, until): (Seq, Seq),
) -> Result<Vec<Record>, StoreError> {
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    match row(rows, no)?.branches.get(place) {
        Some(branch) => page(rows, branch.history, from, until.min(branch.until)),
        None => Ok(Vec::new()),
    }
}

fn page(rows: &dyn Rows, history: RunNo, from: Seq, until: Seq) -> Result<Vec<Record>, StoreError> {
    let mut page = Vec::new();
    let mut bytes = 0;
    let mut next = from;
    loop {
        let (first, last) = (keys::entry(history, next), keys::entry(history, until));
        let slice = rows.range(Table::History, &first, &last, false, SLICE)?;
        let is_last = slice.len() < SLICE;
        for (key, value) in slice {
            let record = whole_record(rows, value)?;
            bytes += record.as_bytes().len();
            if bytes > PAGE_BYTES && !page.is_empty() {
                return Ok(page);
            }
            next = Seq(keys::tail_u32(&key).unwrap_or_default()).next();
            page.push(record);
        }
        if is_last {
            return Ok(page);
        }
    }
}

/// Log lines of a run's present generation.
pub(super) fn logs(
    rows: &dyn Rows,
    no: RunNo,
    after: Option<LogKey>,
    limit: u32,
) -> Result<Vec<(LogKey, LogLine)>, StoreError> {
    let no = row(rows, no)?.history_no();
    let from = match after {
        None => keys::run(no),
        Some(key) => [keys::log(no, key).as_slice(), &[0]].concat(),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    rows.range(Table::Logs, &from, &keys::after_run(no), false, limit)?
        .iter()
        .map(|(key, value)| {
            let place = keys::log_key(key).unwrap_or(LogKey { seq: Seq(0), line: 0 });
            Ok((place, decode(value, "a log line")?))
        })
        .collect()
}

/// The place of the last log line of a run's present generation.
pub(super) fn last_log(rows: &dyn Rows, row: &RunRow) -> Result<Option<LogKey>, StoreError> {
    let no = row.history_no();
    let last = rows.range(Table::Logs, &keys::run(no), &keys::after_run(no), true, 1)?;
    Ok(last.first().and_then(|(key, _)| keys::log_key(key)))
}
