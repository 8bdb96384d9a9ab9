//! Rows of the log over those of the pages: whatever lies where, whoever reads sees one table.

use super::NOON;
use crate::store::redb::changes::Changes;
use crate::store::redb::crash::CrashDisk;
use crate::store::redb::known::Known;
use crate::store::redb::open::open_backend;
use crate::store::redb::opened::{Durably, Opened};
use crate::store::rows::{Row, Rows, RowsMut, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

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

fn transactions() -> impl Strategy<Value = Vec<(Vec<Step>, bool, Next)>> {
    let next = prop_oneof![
        4 => Just(Next::Nothing),
        1 => Just(Next::LaidDown),
        1 => Just(Next::Reopened),
        1 => Just(Next::Killed),
    ];
    prop::collection::vec((steps(), prop::bool::weighted(0.9), next), 1..8)
}

/// A value that fills a part of a page.
fn value(byte: u8) -> Vec<u8> {
    vec![byte; usize::from(byte) / 4]
}

fn of_model(model: &Model, from: u8, until: u8, backwards: bool, limit: usize) -> Vec<Row> {
    let rows = model.iter().filter(|(key, _)| (from..until).contains(&key[0]));
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
            rows.put(TABLE, &[key], &value(byte)).expect("puts");
            model.insert(vec![key], value(byte));
        }
        Step::Behind(count) => {
            let last = model.last_key_value().map_or(0, |(key, _)| key[0]);
            for key in (last..=u8::MAX).skip(1).take(usize::from(count)) {
                rows.put(TABLE, &[key], &value(key)).expect("puts");
                model.insert(vec![key], value(key));
            }
        }
        Step::Remove(key) => {
            rows.remove(TABLE, &[key]).expect("removes");
            model.remove([key].as_slice());
        }
        Step::Get(key) => {
            assert_eq!(rows.get(TABLE, &[key]).expect("reads").as_ref(), model.get([key].as_slice()));
        }
        Step::Range(from, until, backwards, limit) => {
            let found = rows.range(TABLE, &[from], &[until], backwards, limit).expect("reads");
            assert_eq!(found, of_model(model, from, until, backwards, limit));
        }
    }
}

fn all(rows: &impl Rows) -> Vec<Row> {
    rows.range(TABLE, &[], &[0xff, 0xff], false, usize::MAX).expect("reads")
}

fn opened(disk: &CrashDisk) -> Opened {
    open_backend(disk.clone(), NOON).expect("opens")
}

proptest! {
    #[test]
    fn who_reads_sees_one_table_whatever_lies_where(transactions in transactions()) {
        let mut disk = CrashDisk::default();
        let mut file = opened(&disk);
        let mut model = Model::new();
        let mut earlier = Vec::new();
        for (steps, is_committed, next) in transactions {
            let before = model.clone();
            let mut rows = file.write(Known::default(), "it").expect("begins");
            for step in &steps {
                play(&mut rows, &mut model, step);
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
                Next::Reopened => {
                    earlier.clear();
                    file.close().expect("closes");
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
                prop_assert_eq!(reading.get(TABLE, &[key]).expect("reads"), model.get([key].as_slice()).cloned());
            }
            earlier.push((reading, rows));
            for (reading, rows) in &earlier {
                prop_assert_eq!(&all(reading), rows, "what it saw when it began");
            }
        }
    }
}
