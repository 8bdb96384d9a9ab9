//! Rows of the log over those of the pages: whatever lies where, whoever reads sees one table.

use super::NOON;
use crate::history::RunNo;
use crate::store::keys;
use crate::store::redb::changes::Changes;
use crate::store::redb::crash::{CrashDisk, Fail, Faults};
use crate::store::redb::handle::Handle;
use crate::store::redb::known::Known;
use crate::store::redb::layout::{Whole, parts};
use crate::store::redb::log::Log;
use crate::store::redb::open::open_backend;
use crate::store::redb::opened::{Durably, Opened, generation};
use crate::store::rows::{Row, Rows, RowsMut, Table};
use crate::store::rules::NEXT_RUN;
use ::redb::Database;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const TABLE: Table = Table::Published;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8),
    /// So many behind the last that was put.
    Behind(u8),
    Remove(u8),
    Get(u8),
    Range(u8, u8, bool, usize),
}

/// What follows a transaction.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// Another transaction.
    Nothing,
    /// The rows come into the pages.
    LaidDown,
    /// Those that wait for it come there.
    LaidBeside,
    /// The file is closed and opened again.
    Reopened,
    /// It is opened again as a kill leaves it.
    Killed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (any::<u8>(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        2 => (1_u8..20).prop_map(Step::Behind),
        3 => any::<u8>().prop_map(Step::Remove),
        2 => any::<u8>().prop_map(Step::Get),
        2 => (any::<u8>(), any::<u8>(), any::<bool>(), 0_usize..9)
            .prop_map(|(from, until, backwards, limit)| Step::Range(from, until, backwards, limit)),
    ];
    prop::collection::vec(step, 0..30)
}

/// Steps; whether rows come into the pages meanwhile, and whether they are committed; and what follows.
type Transaction = (Vec<Step>, bool, bool, Next);

fn transactions() -> impl Strategy<Value = Vec<Transaction>> {
    let next = prop_oneof![
        4 => Just(Next::Nothing),
        1 => Just(Next::LaidDown),
        2 => Just(Next::LaidBeside),
        1 => Just(Next::Reopened),
        1 => Just(Next::Killed),
    ];
    prop::collection::vec((steps(), prop::bool::weighted(0.3), prop::bool::weighted(0.9), next), 1..16)
}

/// A value that fills a part of a page.
fn value(byte: u8) -> Vec<u8> {
    vec![byte; usize::from(byte) / 4]
}

/// Keys of several runs, eight rows each; the last ones are of their later generations.
fn key(byte: u8) -> Vec<u8> {
    let run = match u64::from(byte / 8) {
        run @ 0..24 => RunNo(run),
        run => RunNo(run - 24).of_generation(1),
    };
    [keys::run(run), vec![byte % 8]].concat()
}

fn byte(key: &[u8]) -> u8 {
    (0..=u8::MAX).find(|byte| self::key(*byte) == key).expect("one of ours")
}

/// Puts a row; a run has its number before it has any row.
fn put(rows: &mut impl RowsMut, byte: u8, value: &[u8]) {
    let run = u64::from(byte / 8 % 24);
    let next = rows.get(Table::Meta, NEXT_RUN.as_bytes()).expect("reads");
    let next = next.and_then(|next| next.first_chunk().copied()).map_or(0, u64::from_be_bytes);
    if run >= next {
        rows.put(Table::Meta, NEXT_RUN.as_bytes(), &(run + 1).to_be_bytes()).expect("puts");
    }
    rows.put(TABLE, &key(byte), value).expect("puts");
}

fn of_model(model: &Model, from: u8, until: u8, backwards: bool, limit: usize) -> Vec<Row> {
    let rows = model.iter().filter(|(key, _)| (from..until).contains(&byte(key)));
    let mut rows: Vec<Row> = rows.map(|(key, value)| (key.clone(), value.clone())).collect();
    if backwards {
        rows.reverse();
    }
    rows.truncate(limit);
    rows
}

fn play(rows: &mut impl RowsMut, model: &mut Model, step: &Step) {
    match *step {
        Step::Put(key, byte) => {
            put(rows, key, &value(byte));
            model.insert(self::key(key), value(byte));
        }
        Step::Behind(count) => {
            let last = model.last_key_value().map_or(0, |(key, _)| byte(key));
            for key in (last..=u8::MAX).skip(1).take(usize::from(count)) {
                put(rows, key, &value(key));
                model.insert(self::key(key), value(key));
            }
        }
        Step::Remove(key) => {
            rows.remove(TABLE, &self::key(key)).expect("removes");
            model.remove(&self::key(key));
        }
        Step::Get(key) => {
            let key = self::key(key);
            assert_eq!(rows.get(TABLE, &key).expect("reads").as_ref(), model.get(&key));
        }
        Step::Range(from, until, backwards, limit) => {
            let found = rows.range(TABLE, &key(from), &key(until), backwards, limit).expect("reads");
            assert_eq!(found, of_model(model, from, until, backwards, limit));
        }
    }
}

fn all(rows: &impl Rows) -> Vec<Row> {
    rows.range(TABLE, &[], &[0xff; 9], false, usize::MAX).expect("reads")
}

fn opened(disk: &CrashDisk) -> Opened {
    open_backend(disk.clone(), NOON).expect("opens")
}

/// Whether so many records of its log count, as is kept beside a file that is closed.
fn is_as_left(disk: &CrashDisk, records: u32) -> bool {
    let whole: Whole = Arc::new(CrashDisk::holding(disk.bytes()));
    let (pages, log) = parts(&whole).expect("a head");
    let database = Database::builder().create_with_backend(pages).expect("opens");
    let mut log = Log::new(log.expect("a log"), generation(&database, "it").expect("a generation"));
    !log.as_left(records).expect("reads").is_damaged
}

proptest! {
    #[test]
    fn who_reads_sees_one_table_whatever_lies_where(transactions in transactions()) {
        let mut disk = CrashDisk::default();
        let mut file = opened(&disk);
        let mut model = Model::new();
        let mut earlier = Vec::new();
        for (steps, lays_meanwhile, is_committed, next) in transactions {
            let before = model.clone();
            let mut rows = file.write(Known::default(), "it").expect("begins");
            for step in &steps {
                play(&mut rows, &mut model, step);
            }
            if lays_meanwhile {
                file.lay_frozen("it").expect("is on disk");
            }
            if is_committed {
                file.commit(rows, "it").expect("commits");
            } else {
                drop(rows);
                model = before;
            }
            match next {
                Next::Nothing => {}
                Next::LaidDown => file.lay_down(Changes::default(), Durably::Synced, "it").expect("is on disk"),
                Next::LaidBeside => file.lay_frozen("it").expect("is on disk"),
                Next::Reopened => {
                    earlier.clear();
                    let left = file.close().expect("closes").expect("was written");
                    prop_assert!(is_as_left(&disk, left), "{} records", left);
                    file = opened(&disk);
                }
                Next::Killed => {
                    earlier.clear();
                    disk = CrashDisk::holding(disk.bytes());
                    file = opened(&disk);
                }
            }
            let rows: Vec<Row> = model.clone().into_iter().collect();
            let reading = file.read("it").expect("reads");
            prop_assert_eq!(&all(&reading), &rows);
            for key in 0..=u8::MAX {
                let key = self::key(key);
                prop_assert_eq!(reading.get(TABLE, &key).expect("reads"), model.get(&key).cloned());
            }
            earlier.push((reading, rows));
            for (reading, rows) in &earlier {
                prop_assert_eq!(&all(reading), rows, "what it saw when it began");
            }
        }
    }
}

#[test]
fn what_was_carried_in_under_numbers_that_were_not_given_here_is_found_wherever_it_lies() {
    let disk = CrashDisk::default();
    let file = opened(&disk);
    for run in [RunNo(7), RunNo(3), RunNo(9)] {
        let mut rows = file.write(Known::default(), "it").expect("begins");
        rows.put(Table::Runs, &keys::run(run), b"row").expect("puts");
        rows.put(TABLE, &keys::run(run), b"it").expect("puts");
        file.commit(rows, "it").expect("commits");
        file.lay_down(Changes::default(), Durably::Synced, "it").expect("is on disk");
    }
    let mut rows = file.write(Known::default(), "it").expect("begins");
    rows.put(Table::Meta, b"something", b"else").expect("puts");
    file.commit(rows, "it").expect("commits");
    let reading = file.read("it").expect("reads");
    let found: Vec<Vec<u8>> = all(&reading).into_iter().map(|(key, _)| key).collect();
    assert_eq!(found, [3, 7, 9].map(|run| keys::run(RunNo(run))));
    for run in [RunNo(3), RunNo(7), RunNo(9)] {
        assert!(reading.get(TABLE, &keys::run(run)).expect("reads").is_some(), "run {run}");
        let rows = reading.range(TABLE, &keys::run(run), &keys::after_run(run), false, 2).expect("reads");
        assert_eq!(rows.len(), 1, "run {run}");
    }
}

/// Puts a row for good: again where the disk fails.
fn put_for_good(handle: &Handle, key: u8) {
    let put = |file: &Opened| {
        let mut rows = file.write(Known::default(), "it")?;
        rows.put(TABLE, &self::key(key), &value(key))?;
        file.commit(rows, "it").map(drop)
    };
    let is_put = |_| handle.with(put).inspect_err(|_| handle.give_up()).is_ok();
    assert!((0..9).any(is_put), "row {key}");
}

#[test]
fn what_is_written_behind_a_compaction_that_failed_is_there() {
    for at in 0.. {
        let disk = CrashDisk::default();
        let again = disk.clone();
        let handle = Handle::new("it".to_owned(), opened(&disk), Box::new(move || Ok(opened(&again))));
        (0..7).for_each(|key| put_for_good(&handle, key));
        let fail = Fail { at, calls: 1, kind: std::io::ErrorKind::Other };
        disk.record(Faults { fail: Some(fail), ..Faults::default() });
        if handle.compact().is_ok() && disk.calls() <= at {
            assert!(at > 8, "{at} calls");
            return;
        }
        (7..10).for_each(|key| put_for_good(&handle, key));
        let found = all(&opened(&CrashDisk::holding(disk.bytes())).read("it").expect("reads"));
        assert_eq!(found.len(), 10, "call {at} fails");
    }
}
