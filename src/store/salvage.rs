//! Salvage: how far the runs of a damaged store may go, and what of one run's rows is as it was written.

use super::codec::decode;
use super::reading::meta_u64;
use super::rows::{Rows, Table};
use super::rules::{BLOB, NEXT_RUN};
use super::{CarriedRow, LogLine, StoreError, Witness, keys, starts};
use crate::history::{
    Checksum, Fact, Message, Pending, Record, RunEnd, RunNo, RunRow, ScriptHash, Seq, StoredStatus, Value,
};
use std::collections::{BTreeMap, BTreeSet};

/// What of a run is as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Salvaged {
    /// Its row.
    pub run: RunRow,
    /// All that a replay needs, and what else is whole.
    pub rows: Vec<CarriedRow>,
    /// What is left out: log lines and published values that are damaged, a sentence each.
    pub left_out: Vec<String>,
}

/// The newest run that one part of the store knows of.
pub(super) fn newest(rows: &dyn Rows, witness: Witness) -> Result<RunNo, StoreError> {
    let last = |table| -> Result<RunNo, StoreError> {
        let last = rows.range(table, &[], &[0xff; 40], true, 1)?;
        Ok(last.first().and_then(|(key, _)| keys::head_run(key)).unwrap_or(RunNo(0)))
    };
    match witness {
        Witness::Facts => Ok(RunNo(meta_u64(rows, NEXT_RUN)?.saturating_sub(1))),
        Witness::Rows => last(Table::Runs),
        Witness::Starts => last(Table::Starts),
    }
}

/// The rows of one run, by table.
struct Sorted<'r> {
    by_table: BTreeMap<Table, BTreeMap<&'r [u8], &'r [u8]>>,
}

impl<'r> Sorted<'r> {
    fn of(rows: &'r [CarriedRow]) -> Self {
        let mut by_table: BTreeMap<Table, BTreeMap<&[u8], &[u8]>> = BTreeMap::new();
        for row in rows {
            if let Some(table) = Table::ALL.into_iter().find(|table| table.name() == row.table) {
                by_table.entry(table).or_default().insert(&row.key, &row.value);
            }
        }
        Self { by_table }
    }

    fn get(&self, table: Table, key: &[u8]) -> Option<&'r [u8]> {
        self.by_table.get(&table)?.get(key).copied()
    }

    fn all(&self, table: Table) -> impl Iterator<Item = (&'r [u8], &'r [u8])> {
        self.by_table.get(&table).into_iter().flatten().map(|(key, value)| (*key, *value))
    }
}

/// Verifies all rows of a run.
///
/// # Errors
/// What is damaged or missing of what a replay needs, a sentence each.
pub fn examine(no: RunNo, rows: Vec<CarriedRow>) -> Result<Salvaged, Vec<String>> {
    let sorted = Sorted::of(&rows);
    let bytes =
        sorted.get(Table::Runs, &keys::run(no)).ok_or_else(|| vec!["its row is missing".to_owned()])?;
    let run: RunRow = decode(bytes, "its row").map_err(|error| vec![what(error)])?;
    let mut wrong = Vec::new();
    if run.no != no {
        wrong.push("its row lies under another number".to_owned());
    }
    if sorted.get(Table::RunIds, run.id.as_str().as_bytes()).and_then(keys::head_run) != Some(no) {
        wrong.push(format!("the id {} does not lead to it", run.id));
    }
    examine_programs(&sorted, &mut wrong);
    for (_, value) in sorted.all(Table::Pending) {
        wrong.extend(decode::<Pending>(value, "a pending row").err().map(what));
    }
    for (_, value) in sorted.all(Table::Inbox) {
        wrong.extend(decode::<Message>(value, "a message").err().map(what));
    }
    examine_histories(&sorted, &run, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let (rows, left_out) = without_damaged_lines(rows);
    Ok(Salvaged { run, rows, left_out })
}

/// What is damaged, without the word that something is.
fn what(error: StoreError) -> String {
    match error {
        StoreError::Corrupt { what, .. } => what,
        other => other.to_string(),
    }
}

/// What each generation was started with, and the texts of its scripts.
fn examine_programs(sorted: &Sorted<'_>, wrong: &mut Vec<String>) {
    let mut hashes = BTreeSet::new();
    let mut starts = 0;
    for (_, value) in sorted.all(Table::Starts) {
        starts += 1;
        let recipe = |id: &starts::RecipeId| Ok(sorted.get(Table::Recipes, id).map(<[u8]>::to_vec));
        match starts::whole(value, recipe) {
            Ok(start) => {
                hashes.insert(start.program.main);
                hashes.extend(start.program.modules.into_values());
            }
            Err(error) => wrong.push(what(error)),
        }
    }
    if starts == 0 {
        wrong.push("what it was started with is missing".to_owned());
    }
    for hash in hashes {
        let text = sorted.get(Table::Scripts, &hash.0).and_then(|bytes| std::str::from_utf8(bytes).ok());
        if text.is_none_or(|text| ScriptHash::of(text) != hash) {
            wrong.push(format!("the text of script {hash} is missing or damaged"));
        }
    }
}

/// Every entry of every history, by its chain.
fn examine_histories(sorted: &Sorted<'_>, run: &RunRow, wrong: &mut Vec<String>) {
    let no = run.history_no();
    let last = follow(sorted, no, (Seq(0), Checksum::first(no)), None, wrong);
    let is_told = |last: &Option<Fact>| matches!(last, Some(Fact::RunEnded(_)));
    if let StoredStatus::Ended(end) = &run.status
        && !matches!(end, RunEnd::Terminated { .. })
        && !is_told(&last)
        && wrong.is_empty()
    {
        wrong.push("the end of its history is missing".to_owned());
    }
    if let Some(past) = run.past {
        follow(sorted, past.history, (Seq(0), Checksum::first(past.history)), Some(past.entries), wrong);
    }
    for branch in &run.branches {
        follow(sorted, branch.history, (branch.from, branch.chained_to), Some(branch.until), wrong);
    }
}

/// Follows a chain; gives its last fact.
fn follow(
    sorted: &Sorted<'_>,
    no: RunNo,
    (mut seq, mut before): (Seq, Checksum),
    until: Option<Seq>,
    wrong: &mut Vec<String>,
) -> Option<Fact> {
    let (first, end) = (keys::run(no), keys::after_run(no));
    let is_of = |key: &[u8]| (first.as_slice()..end.as_slice()).contains(&key);
    let count = sorted.all(Table::History).filter(|(key, _)| is_of(key)).count();
    let mut last = None;
    for _ in 0..count {
        let opened =
            entry(sorted, no, seq).and_then(|record| record.open(before).map_err(|error| error.to_string()));
        match opened {
            Ok((entry, after)) => (before, last) = (after, Some(entry.fact)),
            Err(error) => {
                wrong.push(format!("entry {seq}: {error}"));
                return None;
            }
        }
        seq = seq.next();
    }
    if until.is_some_and(|until| until != seq) {
        wrong.push(format!("a history that was set aside ends at entry {seq}"));
    }
    last
}

fn entry(sorted: &Sorted<'_>, no: RunNo, seq: Seq) -> Result<Record, String> {
    let value = sorted.get(Table::History, &keys::entry(no, seq)).ok_or("it is missing")?;
    let bytes = match value.split_first() {
        Some((&BLOB, hash)) => sorted.get(Table::Blobs, hash).ok_or("what it holds is missing")?,
        _ => value,
    };
    Ok(Record::from_bytes(bytes.to_vec()))
}

/// Without log lines and published values that are damaged: nothing but a reader needs them.
fn without_damaged_lines(mut rows: Vec<CarriedRow>) -> (Vec<CarriedRow>, Vec<String>) {
    let mut left_out = Vec::new();
    rows.retain(|row| {
        let error = if row.table == Table::Logs.name() {
            decode::<LogLine>(&row.value, "a log line").err()
        } else if row.table == Table::Published.name() {
            decode::<Value>(&row.value, "a published value").err()
        } else {
            None
        };
        let is_whole = error.is_none();
        left_out.extend(error.map(what));
        is_whole
    });
    (rows, left_out)
}
