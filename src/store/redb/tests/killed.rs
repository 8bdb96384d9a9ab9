//! A store whose owner was killed: what is in its log counts, and a log that is damaged is told.

use super::{ask, clock, start};
use crate::history::RunNo;
use crate::store::conformance::{Living, new_run};
use crate::store::redb::layout::{self, Whole};
use crate::store::redb::verify::copy_of;
use crate::store::{Answer, NewRun, RedbTables, Request, RunFilter, StoreError, Tables};
use redb::backends::FileBackend;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn open(path: &Path) -> RedbTables {
    RedbTables::open(path, Arc::new(clock()), Arc::new(Living::default())).expect("opens")
}

/// A start whose script has so many bytes.
fn large(id: &str, bytes: usize) -> Request {
    let text = format!("{id}{}", "x".repeat(bytes));
    let scripts = vec![(crate::history::ScriptHash::of(&text), text)];
    Request::Start(Box::new(NewRun { scripts, ..new_run(id) }))
}

/// A place, and the bytes that a kill leaves of a store where these were asked for, one after the other.
fn killed(requests: Vec<Request>) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let tables = open(&path);
    for request in requests {
        assert!(ask(&tables, request).is_ok());
    }
    let bytes = fs::read(&path).expect("reads");
    tables.settle().expect("into the pages");
    drop(tables);
    (folder, path, bytes)
}

fn runs(tables: &RedbTables) -> usize {
    match ask(tables, Request::List(RunFilter::default())) {
        Ok(Answer::Views(views)) => views.len(),
        other => panic!("{other:?}"),
    }
}

/// The first byte of what the log's first record holds.
fn in_the_first_record(bytes: &[u8]) -> usize {
    let whole: Whole = Arc::new(copy_of(bytes).expect("a copy"));
    let log = layout::parts(&whole).expect("a head").1.expect("a log");
    usize::try_from(log.from).expect("small") + 40
}

#[test]
fn what_a_killed_owner_acknowledged_is_there_whoever_opens_or_looks() {
    let (_folder, path, bytes) = killed((0..30).map(|number| start(&format!("run-{number}"))).collect());
    fs::write(&path, &bytes).expect("writes");
    let looking = RedbTables::look_at(&path, Arc::new(clock()), Arc::new(Living::default()));
    assert_eq!(runs(&looking.expect("opens")), 30);
    assert!(fs::read(&path).expect("reads") == bytes, "a look changes nothing");
    let opened = open(&path);
    assert_eq!((runs(&opened), opened.damage()), (30, None));
    assert!(ask(&opened, start("another")).is_ok());
    opened.close().expect("closes");
    assert_eq!(runs(&open(&path)), 31);
}

#[test]
fn a_store_whose_log_is_damaged_is_read_and_not_written() {
    let small = (0..5).map(|number| start(&format!("run-{number}")));
    // Verified when it is opened, and too large for that.
    for (size, before) in [("small", 0), ("large", 18)] {
        let large = (0..before).map(|number| large(&format!("large-{number}"), 1_000_000));
        let (_folder, path, mut bytes) = killed(large.chain(small.clone()).collect());
        assert_eq!(bytes.len() > 16 * 1024 * 1024, before > 0, "{size}");
        let place = in_the_first_record(&bytes);
        *bytes.get_mut(place).expect("a log") ^= 1;
        fs::write(&path, &bytes).expect("writes");
        let looking = RedbTables::look_at(&path, Arc::new(clock()), Arc::new(Living::default()));
        for (who, tables) in [("looks", looking.expect("opens")), ("opens", open(&path))] {
            let who = format!("{size}, who {who}");
            let damage = tables.damage().unwrap_or_else(|| panic!("{who} is not told"));
            assert!(
                matches!(&damage, StoreError::Corrupt { what, .. } if what.contains("its log has acknowledged")),
                "{who}: {damage:?}"
            );
            assert_eq!(runs(&tables), before + 4, "{who}: all but what the damaged record held");
            let missing = ask(&tables, Request::View { run: RunNo(99) });
            assert!(matches!(missing, Err(StoreError::Corrupt { .. })), "{who}: {missing:?}");
            assert!(matches!(ask(&tables, start("another")), Err(StoreError::Corrupt { .. })), "{who}");
        }
        // redb repairs what it opens, and only a small file is looked at before that.
        let is_left_alone = fs::read(&path).expect("reads") == bytes;
        assert!(is_left_alone || before > 0, "{size}: the file was changed");
    }
}

#[test]
fn damage_of_a_commit_that_went_into_the_pages_is_not_taken_for_one_that_was_cut_off() {
    let (_folder, path, bytes) = killed(vec![start("first"), large("last", 200_000)]);
    let pages = bytes.len() - usize::try_from(layout::LOG_END).expect("small");
    let mut told = 0;
    for flip in 0..300 {
        let mut bytes = bytes.clone();
        let place = bytes.len() - 1 - flip * 7919 * 67 % pages;
        *bytes.get_mut(place).expect("a byte") ^= 1;
        fs::write(&path, &bytes).expect("writes");
        let tables = open(&path);
        told += usize::from(tables.damage().is_some());
        assert!(tables.damage().is_some() || runs(&tables) == 2, "byte {place}");
    }
    assert!(told > 5, "{told} told");
}

#[test]
fn a_key_that_is_another_is_told_and_nobody_reads_in_a_circle() {
    let (_folder, path, _) = killed((0..6).map(|number| start(&format!("run-{number}"))).collect());
    let bytes = fs::read(&path).expect("as it was closed");
    let mut told = 0;
    for (place, _) in bytes.windows(8).enumerate().filter(|(_, key)| **key == 4_u64.to_be_bytes()) {
        let mut bytes = bytes.clone();
        *bytes.get_mut(place + 7).expect("a byte") ^= 0x20;
        fs::write(&path, &bytes).expect("writes");
        let tables = match RedbTables::open(&path, Arc::new(clock()), Arc::new(Living::default())) {
            Err(StoreError::Corrupt { .. }) => continue,
            opened => opened.expect("opens"),
        };
        told += usize::from(tables.damage().is_some());
        let due = ask(&tables, Request::Due { thorough: true });
        assert!(tables.damage().is_some() || matches!(due, Ok(Answer::Due(_))), "byte {place}: {due:?}");
    }
    assert!(told > 3, "{told} told");
}

#[test]
fn a_store_of_a_version_without_a_log_goes_on_without_one() {
    let (_folder, path, _) = killed(vec![start("before")]);
    let whole: Whole = Arc::new(copy_of(&fs::read(&path).expect("reads")).expect("a copy"));
    let log = layout::parts(&whole).expect("a head").1.expect("a log");
    // As that version wrote it: redb's pages, and nothing before them.
    let pages = fs::read(&path).expect("reads").split_off(usize::try_from(log.end).expect("small"));
    fs::write(&path, pages).expect("writes");
    let tables = open(&path);
    assert!(ask(&tables, start("since")).is_ok());
    let kept = fs::read(&path).expect("reads");
    drop(tables);
    fs::write(&path, kept).expect("as a kill leaves it");
    let tables = open(&path);
    assert_eq!((runs(&tables), tables.damage()), (2, None));
    drop(tables);
    let file = fs::File::open(&path).expect("opens");
    let whole: Whole = Arc::new(FileBackend::new(file).expect("a file"));
    assert!(layout::parts(&whole).expect("none").1.is_none());
}
