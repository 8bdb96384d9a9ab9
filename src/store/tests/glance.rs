//! A glance at a store that nobody owns.

use crate::store::conformance::{Living, new_run};
use crate::store::{Answer, RedbTables, Request, StoreError, Tables, glance};
use crate::timer::ManualClock;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

#[test]
fn whoever_looks_at_a_damaged_store_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("rights");
    let path = folder.path().join("store.redb");
    let clock = Arc::new(ManualClock::at(crate::history::Moment(1_000)));
    let tables = RedbTables::open(&path, clock.clone(), Arc::new(Living::default())).expect("opens");
    let started = tables.apply(vec![Request::Start(Box::new(new_run("its-id")))]);
    assert!(matches!(started.as_slice(), [Ok(Answer::Started { .. })]), "{started:?}");
    // As a kill leaves it: what was acknowledged is in the log.
    let killed = fs::read(&path).expect("reads");
    drop(tables);
    let place = killed.windows(6).position(|bytes| bytes == b"its-id").expect("in the log");
    let mut damaged = killed.clone();
    *damaged.get_mut(place).expect("a byte") ^= 1;
    for (bytes, is_damaged) in [(killed, false), (damaged, true)] {
        fs::write(&path, bytes).expect("writes");
        let refused = StoreError::Protocol { message: "it is only looked at".to_owned() };
        let store = glance(folder.path(), clock.clone(), refused).expect("opens").expect("is there");
        let damage = store.damage();
        assert_eq!(matches!(damage, Some(StoreError::Corrupt { .. })), is_damaged, "{damage:?}");
    }
}
