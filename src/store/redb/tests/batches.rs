//! Tests of the writer: many calls in one commit, and nobody harmed by another's damage or panic.

use super::{ask, clock, on, pages, start};
use crate::history::{Claim, RunNo, Token};
use crate::store::conformance::{new_run, signal};
use crate::store::redb::crash::{CrashDisk, Faults};
use crate::store::redb::rows::definition;
use crate::store::rows::Table;
use crate::store::{Answer, Liveness, NewRun, RedbTables, Request, StoreError, Tables};
use redb::Database;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// Holds whoever asks, and so the writer's turn, until it is let go.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    entered: AtomicBool,
}

impl Liveness for Gate {
    fn is_alive(&self, _: Token) -> bool {
        self.entered.store(true, Ordering::Release);
        let open = self.open.lock().expect("no panics");
        drop(self.changed.wait_while(open, |open| !*open).expect("no panics"));
        true
    }
}

const ALICE: Claim = Claim { token: Token(1), pid: 1 };
const BOB: Claim = Claim { token: Token(2), pid: 2 };

#[test]
fn calls_that_wait_for_the_writer_are_committed_together() {
    let disk = CrashDisk::default();
    let gate = Arc::new(Gate::default());
    let tables = RedbTables::with_backend(disk.clone(), Arc::new(clock()), Arc::<Gate>::clone(&gate));
    let tables = tables.expect("opens");
    let held = NewRun { claim: Some(ALICE), ..new_run("held") };
    assert!(ask(&tables, Request::Start(Box::new(held))).is_ok());
    assert!(ask(&tables, start("alone")).is_ok());
    let mut before = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&tables, Request::Claim { run: RunNo(1), claim: BOB }));
        while !gate.entered.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let waiting: Vec<_> = (0..20)
            .map(|number| {
                let tables = &tables;
                let request = Request::Deliver(Box::new(signal(RunNo(2), &format!("s{number}"))));
                scope.spawn(move || ask(tables, request))
            })
            .collect();
        while tables.queued() < 20 {
            std::thread::yield_now();
        }
        before = disk.spent().syncs;
        *gate.open.lock().expect("no panics") = true;
        gate.changed.notify_all();
        for thread in waiting {
            assert!(matches!(thread.join().expect("no panics"), Ok(Answer::Delivered { .. })));
        }
    });
    let syncs = disk.spent().syncs - before;
    assert!((2..=6).contains(&syncs), "{syncs} syncs for the commit that is held and that of the twenty");
}

#[test]
fn a_call_that_changes_nothing_writes_nothing() {
    let disk = CrashDisk::default();
    let tables = on(&disk);
    assert!(ask(&tables, start("a")).is_ok());
    disk.record(Faults::default());
    assert!(ask(&tables, start("a")).is_ok());
    assert!(ask(&tables, Request::Terminate { run: RunNo(9), reason: String::new() }).is_err());
    assert_eq!(disk.calls(), 0);
}

#[test]
fn damage_in_one_run_is_no_other_run_s_trouble() {
    let disk = CrashDisk::default();
    let tables = on(&disk);
    for id in ["damaged", "sound"] {
        assert!(ask(&tables, start(id)).is_ok());
    }
    tables.settle().expect("into the pages");
    tables.close().expect("closes");
    let database = Database::builder().create_with_backend(pages(disk.clone())).expect("opens");
    let writing = database.begin_write().expect("begins");
    let mut runs = writing.open_table(definition(Table::Runs)).expect("opens");
    runs.insert(1_u64.to_be_bytes().as_slice(), [1, 2, 3].as_slice()).expect("writes");
    drop(runs);
    writing.commit().expect("commits");
    database.close().expect("closes");
    let tables = on(&disk);
    let answers = tables.apply(vec![
        Request::Deliver(Box::new(signal(RunNo(2), "before"))),
        Request::Deliver(Box::new(signal(RunNo(1), "x"))),
        Request::Deliver(Box::new(signal(RunNo(2), "after"))),
    ]);
    assert!(
        matches!(
            answers.as_slice(),
            [Ok(Answer::Delivered { .. }), Err(StoreError::Corrupt { .. }), Ok(Answer::Delivered { .. })]
        ),
        "{answers:?}"
    );
    let wrong = tables.audit().expect("audits");
    assert!(wrong.iter().any(|what| what.contains("a run's row")), "{wrong:?}");
}

/// Panics once, in the middle of a transaction.
struct Panics(AtomicBool);

impl Liveness for Panics {
    fn is_alive(&self, _: Token) -> bool {
        assert!(self.0.swap(true, Ordering::Relaxed), "as planned");
        true
    }
}

#[test]
fn a_panic_in_the_middle_of_a_transaction_leaves_nothing_and_stops_nobody() {
    let disk = CrashDisk::default();
    let panics = Arc::new(Panics(AtomicBool::new(false)));
    let tables = RedbTables::with_backend(disk, Arc::new(clock()), panics).expect("opens");
    let held = NewRun { claim: Some(ALICE), ..new_run("held") };
    assert!(ask(&tables, Request::Start(Box::new(held))).is_ok());
    let before = tables.digest();
    let answers = tables.apply(vec![start("with-it"), Request::Claim { run: RunNo(1), claim: BOB }]);
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert_eq!(tables.digest(), before);
    assert!(ask(&tables, start("after-it")).is_ok());
}
