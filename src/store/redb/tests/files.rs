//! Tests of the file: made whole, for its owner only; what is no store is told and left alone.

use super::{NOON, ask, clock, on, pages, start};
use crate::history::RunNo;
use crate::store::conformance::Living;
use crate::store::redb::crash::CrashDisk;
use crate::store::redb::fault;
use crate::store::redb::left::{self, Left};
use crate::store::redb::rows::definition;
use crate::store::rows::Table;
use crate::store::{Answer, RedbTables, Request, StoreError, Tables};
use crate::timer::{Clock, SystemClock};
use redb::Database;
use redb::backends::FileBackend;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

fn open(path: &Path) -> Result<RedbTables, StoreError> {
    RedbTables::open(path, Arc::new(clock()), Arc::new(Living::default()))
}

/// A store of one run in a closed file.
fn closed(path: &Path) {
    let tables = open(path).expect("makes");
    assert!(ask(&tables, start("a")).is_ok());
    tables.close().expect("closes");
}

fn refused(path: &Path) -> StoreError {
    open(path).err().expect("refuses")
}

#[test]
fn a_store_is_for_its_owner_only_and_leaves_no_half_made_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("deep/er/store.redb");
    closed(&path);
    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("a parent")), 0o700);
    let kept = path.with_extension("closed");
    assert_eq!(mode(&kept), 0o600);
    let names = fs::read_dir(path.parent().expect("a parent")).expect("lists");
    let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    assert_eq!(names, [kept, path]);
}

#[test]
fn what_was_written_is_there_when_the_file_is_opened_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    closed(&path);
    fs::write(path.with_extension("redb.new"), b"left by a crash").expect("writes");
    let tables = open(&path).expect("opens");
    assert!(matches!(ask(&tables, Request::View { run: RunNo(1) }), Ok(Answer::View(_))));
    let id = tables.store_id().expect("has an id");
    drop(tables);
    let again = open(&path).expect("opens");
    assert_eq!((again.store_id(), id.len()), (Ok(id), 16));
}

#[test]
fn a_file_that_is_no_store_is_told_by_name_and_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let whole = directory.path().join("whole.redb");
    closed(&whole);
    let bytes = fs::read(&whole).expect("reads");
    let mut others = vec![Vec::new(), vec![0; bytes.len()], b"#!/bin/sh\nrm -rf /\n".to_vec()];
    for kept in [1, 100, 319, 4096, 5000, bytes.len() / 2, bytes.len() - 1] {
        others.push(bytes.iter().take(kept).copied().collect());
    }
    for (number, other) in others.into_iter().enumerate() {
        let path = directory.path().join(format!("{number}.redb"));
        fs::write(&path, &other).expect("writes");
        match refused(&path) {
            StoreError::Corrupt { path: named, .. } => assert_eq!(named, path.display().to_string()),
            error => panic!("{} bytes: {error:?}", other.len()),
        }
        assert_eq!(fs::read(&path).expect("reads"), other, "left alone");
    }
}

#[test]
fn a_database_of_another_program_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("foreign.redb");
    Database::create(&path).expect("makes").close().expect("closes");
    assert!(
        matches!(refused(&path), StoreError::Corrupt { what, .. } if what.contains("not one of durun's"))
    );
}

#[test]
fn a_store_of_a_later_version_is_told_with_both_schemas() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    closed(&path);
    let file = fs::File::options().read(true).write(true).open(&path).expect("opens");
    let file = pages(FileBackend::new(file).expect("opens"));
    let database = Database::builder().create_with_backend(file).expect("opens");
    let writing = database.begin_write().expect("begins");
    let mut meta = writing.open_table(definition(Table::Meta)).expect("opens");
    meta.insert("schema".as_bytes(), 7_u64.to_be_bytes().as_slice()).expect("writes");
    drop(meta);
    writing.commit().expect("commits");
    database.close().expect("closes");
    assert_eq!(refused(&path), StoreError::Newer { found: 7, known: 3 });
}

#[test]
fn a_file_that_another_has_open_is_tried_for_five_seconds() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    let first = open(&path).expect("opens");
    let clock = clock();
    let second = RedbTables::open(&path, Arc::new(clock.clone()), Arc::new(Living::default()));
    assert!(matches!(second.err(), Some(StoreError::Busy { .. })));
    let waited = clock.now().since_ms(NOON);
    assert!((5_000..5_100).contains(&waited), "{waited} ms");
    drop(first);
    assert!(open(&path).is_ok());
}

#[test]
fn the_system_s_refusals_are_told_in_the_store_s_words() {
    let told = |kind: io::ErrorKind| fault::of_io(&io::Error::from(kind), "f");
    assert!(matches!(told(io::ErrorKind::PermissionDenied), StoreError::Permission { .. }));
    assert!(matches!(told(io::ErrorKind::ReadOnlyFilesystem), StoreError::Io { .. }));
    assert!(matches!(told(io::ErrorKind::StorageFull), StoreError::Full { .. }));
    assert!(matches!(told(io::ErrorKind::QuotaExceeded), StoreError::Full { .. }));
    assert!(matches!(told(io::ErrorKind::UnexpectedEof), StoreError::Corrupt { .. }));
    assert!(matches!(told(io::ErrorKind::NotFound), StoreError::Io { .. }));
}

#[test]
fn a_file_that_was_lost_while_open_is_not_replaced_by_an_empty_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    closed(&path);
    fs::remove_file(&path).expect("removes");
    let lost = crate::store::redb::open::open_existing(&path, &clock());
    assert!(matches!(lost.err(), Some(StoreError::Io { .. })));
    assert!(!path.exists());
}

/// How much repair an opening of these bytes needs.
fn repairs(bytes: Vec<u8>) -> u32 {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    Database::builder()
        .set_repair_callback(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .create_with_backend(pages(CrashDisk::holding(bytes)))
        .expect("opens");
    count.load(Ordering::Relaxed)
}

#[test]
fn after_an_idle_commit_a_kill_leaves_nothing_to_repair() {
    let disk = CrashDisk::default();
    let tables = on(&disk);
    // More than the log has room for.
    let starts = (0..400).map(|number| start(&format!("run-{number}"))).collect();
    assert!(tables.apply(starts).iter().all(Result::is_ok));
    assert!(repairs(disk.bytes()) > 0, "a commit into the pages leaves a repair");
    tables.settle().expect("settles");
    assert_eq!(repairs(disk.bytes()), 0);
    let settled = disk.bytes();
    tables.settle().expect("settles");
    assert_eq!(disk.bytes(), settled, "nothing was written since");
}

#[test]
fn a_large_file_is_settled_by_itself_when_it_is_quiet() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    let tables = RedbTables::open(&path, Arc::new(SystemClock), Arc::new(Living::default())).expect("opens");
    for number in 0..12 {
        let text = format!("{number}{}", "x".repeat(1_000_000));
        let new = crate::store::conformance::new_run(&format!("r{number}"));
        let scripts = vec![(crate::history::ScriptHash::of(&text), text)];
        let new = crate::store::NewRun { scripts, ..new };
        assert!(ask(&tables, Request::Start(Box::new(new))).is_ok());
    }
    let settled = (0..500).any(|_| {
        SystemClock.pause(Duration::from_millis(20));
        repairs(fs::read(&path).expect("reads")) == 0
    });
    assert!(settled, "ten seconds of quiet");
}

#[test]
fn an_audit_finds_a_page_that_opening_a_large_file_does_not_look_at() {
    use crate::store::{Answer, Kept, NewRun, Upkeep};
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    let audit = || {
        let tables = open(&path).expect("opens");
        assert_eq!(crate::store::Tables::damage(&tables), None);
        match ask(&tables, Request::Upkeep(Box::new(Upkeep::Audit))) {
            Ok(Answer::Kept(kept)) => *kept,
            other => panic!("{other:?}"),
        }
    };
    let tables = open(&path).expect("opens");
    for number in 0..18 {
        let text = format!("{number}{}", "x".repeat(1_000_000));
        let scripts = vec![(crate::history::ScriptHash::of(&text), text)];
        let new = crate::store::conformance::new_run(&format!("r{number}"));
        assert!(ask(&tables, Request::Start(Box::new(NewRun { scripts, ..new }))).is_ok());
    }
    tables.close().expect("closes");
    assert_eq!(audit(), Kept::Wrong(Vec::new()));
    let mut bytes = fs::read(&path).expect("reads");
    assert!(bytes.len() > 16 * 1024 * 1024, "large");
    let place = bytes.windows(4096).position(|page| page == [b'x'; 4096]).expect("a text");
    *bytes.get_mut(place).expect("there") = b'y';
    fs::write(&path, &bytes).expect("writes");
    let Kept::Wrong(wrong) = audit() else { panic!("no audit") };
    assert!(wrong.iter().any(|what| what.contains("store.redb: ")), "{wrong:?}");
    let mut names: Vec<_> = fs::read_dir(directory.path()).expect("lists").flatten().collect();
    names.retain(|entry| entry.path() != path && entry.path() != path.with_extension("closed"));
    assert!(names.is_empty(), "no copy is left: {names:?}");
}

#[test]
fn a_file_that_is_as_it_was_left_is_verified_once_a_day() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    closed(&path);
    let day = 24 * 60 * 60 * 1000;
    let known = |after_ms: i64| {
        let at = left::left(&path).map(|left| left.verified_at);
        at.filter(|at| left::is_good(*at, NOON.plus_ms(after_ms)))
    };
    assert_eq!([known(0), known(day - 1), known(day), known(-1)], [Some(NOON), Some(NOON), None, None]);
    let kept = path.with_extension("closed");
    let text = fs::read_to_string(&kept).expect("reads");
    for other in ["", "1 2 3 log 4 5", &text.replace('-', "0"), &text.replace(' ', "")] {
        fs::write(&kept, other).expect("writes");
        assert_eq!(known(0), None, "{other:?}");
    }
    fs::write(&kept, &text).expect("writes");
    assert_eq!(known(0), Some(NOON));
    // Written by somebody else within the same tick of the system.
    let file = fs::File::options().write(true).open(&path).expect("opens");
    let tick = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000);
    file.set_modified(tick).expect("sets");
    left::leave(&path, Left { verified_at: NOON, records: 7 }).expect("writes");
    assert_eq!(left::left(&path), Some(Left { verified_at: NOON, records: 7 }));
    file.set_modified(tick).expect("sets");
    assert_eq!(known(0), None);
}

#[test]
fn who_only_reads_a_file_that_is_as_it_was_left_writes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    closed(&path);
    let there = || {
        let modified = fs::metadata(&path).expect("is there").modified().expect("a time");
        let kept = fs::read(path.with_extension("closed")).expect("reads");
        (fs::read(&path).expect("reads"), modified, kept)
    };
    let is_run = |tables: &RedbTables, run| {
        matches!(ask(tables, Request::View { run: RunNo(run) }), Ok(Answer::View(_)))
    };
    let before = there();
    let tables = open(&path).expect("opens");
    assert!(is_run(&tables, 1));
    assert!(there() == before, "while it is open");
    tables.close().expect("closes");
    assert!(there() == before, "when it was closed");
    // The first change: what a kill leaves of it holds all.
    let tables = open(&path).expect("opens");
    assert!(is_run(&tables, 1));
    assert!(ask(&tables, start("b")).is_ok());
    let (killed, ..) = there();
    tables.close().expect("closes");
    fs::write(&path, killed).expect("writes");
    let tables = open(&path).expect("opens");
    assert!(is_run(&tables, 1) && is_run(&tables, 2) && tables.damage().is_none());
    tables.close().expect("closes");
    assert!(there().2 != before.2, "what was written is left anew");
}

#[test]
fn a_file_that_was_touched_since_it_was_closed_is_verified_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.redb");
    closed(&path);
    let mut bytes = fs::read(&path).expect("reads");
    bytes.iter_mut().skip(4096).step_by(512).for_each(|byte| *byte ^= 1);
    fs::write(&path, &bytes).expect("writes");
    let is_told = match open(&path) {
        Ok(tables) => tables.damage().is_some(),
        Err(error) => matches!(error, StoreError::Corrupt { .. }),
    };
    assert!(is_told);
}
