//! Tests of the store on disk.

mod batches;
mod files;
mod killed;
mod layers;

use super::RedbTables;
use super::crash::CrashDisk;
use super::layout::{Pages, Whole, parts};
use crate::history::Moment;
use crate::store::conformance::{Living, conformance, new_run};
use crate::store::{Answer, Request, StoreError, Tables};
use crate::timer::ManualClock;
use redb::StorageBackend;
use std::sync::Arc;

const NOON: Moment = Moment(1_795_435_200_000);

fn clock() -> ManualClock {
    ManualClock::at(NOON)
}

fn on(disk: &CrashDisk) -> RedbTables {
    RedbTables::with_backend(disk.clone(), Arc::new(clock()), Arc::new(Living::default())).expect("opens")
}

/// What redb sees of these bytes.
fn pages(bytes: impl StorageBackend) -> Pages {
    let whole: Whole = Arc::new(bytes);
    parts(&whole).expect("a head").0
}

fn start(id: &str) -> Request {
    Request::Start(Box::new(new_run(id)))
}

fn ask(tables: &RedbTables, request: Request) -> Result<Answer, StoreError> {
    tables.apply(vec![request]).pop().expect("an answer")
}

#[test]
fn tables_in_a_file_keep_every_rule_of_the_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let count = std::cell::Cell::new(0);
    conformance(&|clock, liveness| {
        count.set(count.get() + 1);
        let path = directory.path().join(format!("store-{}.redb", count.get()));
        let tables = RedbTables::open(&path, clock, liveness).expect("opens");
        Box::new(move |requests| tables.apply(requests))
    });
}

#[test]
fn tables_on_a_backend_keep_every_rule_though_they_are_opened_anew_for_each_call() {
    conformance(&|clock, liveness| {
        let disk = CrashDisk::default();
        Box::new(move |requests| {
            let tables = RedbTables::with_backend(disk.clone(), clock.clone(), liveness.clone());
            tables.expect("opens").apply(requests)
        })
    });
}
