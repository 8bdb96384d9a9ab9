//! The store on a disk that is full or broken at every call: told clearly, nothing acknowledged lost, the rest done later.

use crate::workload::{DAWN, calls};
use durun::history::RunStatus;
use durun::store::conformance::Living;
use durun::store::crash::{CrashDisk, Fail, Faults};
use durun::store::{Answer, MemoryTables, RedbTables, Request, StoreError, Tables};
use durun::timer::ManualClock;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

const CALLS: usize = 25;

fn open(disk: &CrashDisk, clock: &ManualClock) -> RedbTables {
    RedbTables::with_backend(disk.clone(), Arc::new(clock.clone()), Arc::new(Living::default()))
        .expect("opens")
}

/// Sends each request again until it is acknowledged, as a client does; gives the errors on the way.
fn insist(tables: &RedbTables, call: &[Request]) -> Vec<StoreError> {
    let mut errors = Vec::new();
    for _ in 0..200 {
        let answers = tables.apply(call.to_vec());
        let mut refused =
            answers.into_iter().filter_map(Result::err).filter(|error| !was_done(error)).peekable();
        if refused.peek().is_none() {
            return errors;
        }
        errors.extend(refused);
    }
    panic!("never acknowledged: {errors:?}");
}

/// A termination sent again meets the run that it has ended.
fn was_done(error: &StoreError) -> bool {
    matches!(error, StoreError::Ended { status: RunStatus::Terminated, .. })
}

/// Does the workload while the disk fails; gives how many calls the disk was asked, and the errors told.
fn work(fail: Option<Fail>) -> (u64, Vec<StoreError>) {
    let clock = ManualClock::at(DAWN);
    let disk = CrashDisk::default();
    drop(open(&disk, &clock));
    let tables = open(&disk, &clock);
    let model = MemoryTables::new(Arc::new(clock.clone()), Arc::new(Living::default()));
    disk.record(Faults { fail, ..Faults::default() });
    let mut errors = Vec::new();
    for (call, number) in calls(7, CALLS).into_iter().zip(0..) {
        clock.advance(Duration::from_millis(10));
        errors.extend(insist(&tables, &call));
        assert!(model.apply(call).iter().all(Result::is_ok));
        if number % 3 == 0 {
            errors.extend(tables.lay_frozen().err());
        }
        let read = tables.digest();
        if read.is_ok() {
            assert_eq!(read, model.digest(), "{fail:?}");
        }
    }
    let asked = disk.calls();
    drop(tables);
    // Whatever the last failure left, a new process finds all that was acknowledged.
    disk.record(Faults::default());
    let again = open(&disk, &clock);
    assert_eq!(again.digest(), model.digest(), "{fail:?}");
    assert_eq!(again.audit(), Ok(Vec::new()), "{fail:?}");
    (asked, errors)
}

fn fails_at_each_call(kind: ErrorKind, calls: u64, told: fn(&StoreError) -> bool) {
    let (asked, none) = work(None);
    assert_eq!(none, []);
    assert!(asked > 150, "{asked}");
    let mut told_of = 0;
    for at in 0..asked {
        let (_, errors) = work(Some(Fail { at, calls, kind }));
        let wrong: Vec<&StoreError> = errors.iter().filter(|error| !told(error)).collect();
        assert!(wrong.is_empty(), "call {at} of the disk: {wrong:?}");
        told_of += u64::from(!errors.is_empty());
    }
    assert!(told_of * 10 > asked * 9, "{told_of} of {asked} failures were told");
}

#[test]
fn a_disk_that_is_full_once_loses_nothing() {
    fails_at_each_call(ErrorKind::StorageFull, 1, |error| matches!(error, StoreError::Full { .. }));
}

#[test]
fn a_disk_that_stays_full_for_a_while_loses_nothing() {
    fails_at_each_call(ErrorKind::StorageFull, 30, |error| matches!(error, StoreError::Full { .. }));
}

#[test]
fn a_disk_that_fails_loses_nothing() {
    fails_at_each_call(ErrorKind::Other, 1, |error| matches!(error, StoreError::Io { .. }));
}

#[test]
fn a_file_system_that_is_read_only_for_a_while_loses_nothing() {
    fails_at_each_call(ErrorKind::ReadOnlyFilesystem, 30, |error| matches!(error, StoreError::Io { .. }));
}

#[test]
fn what_was_acknowledged_before_the_disk_was_full_can_be_read_after_it() {
    let clock = ManualClock::at(DAWN);
    let disk = CrashDisk::default();
    let tables = open(&disk, &clock);
    let mut calls = calls(3, 2).into_iter();
    let first = calls.next().expect("a call");
    assert!(tables.apply(first).iter().all(Result::is_ok));
    let fail = Fail { at: 0, calls: 1, kind: ErrorKind::StorageFull };
    disk.record(Faults { fail: Some(fail), ..Faults::default() });
    let refused = tables.apply(calls.next().expect("a call"));
    assert!(refused.iter().all(|answer| matches!(answer, Err(StoreError::Full { .. }))), "{refused:?}");
    let found = tables.apply(vec![Request::Find { text: "run-1".to_owned() }]).pop();
    assert!(matches!(found, Some(Ok(Answer::Runs(rows))) if rows.len() == 1));
}
