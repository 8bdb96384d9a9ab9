//! The store that processes share keeps every rule of the store, for its owner and for a client over the socket.

use durun::history::{Moment, Token};
use durun::store::conformance::{Call, conformance};
use durun::store::{Liveness, SharedStore, Store};
use durun::timer::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The checks' wall clock; a pause of the store does not move it.
struct Wall(Arc<dyn Clock>);

impl Clock for Wall {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }

    fn pause(&self, time: Duration) {
        SystemClock.pause(time);
    }
}

/// The locks of the checks' processes, held as long as the checks say that they live.
struct Locks {
    held: Mutex<BTreeMap<Token, File>>,
    liveness: Arc<dyn Liveness>,
}

impl Locks {
    fn hold(store: &Path, liveness: Arc<dyn Liveness>) -> Self {
        let held = [Token(1), Token(2)].map(|token| {
            let file = File::create(store.join("workers").join(format!("{token}.lock"))).expect("a file");
            file.try_lock().expect("nobody else has it");
            (token, file)
        });
        Self { held: Mutex::new(BTreeMap::from(held)), liveness }
    }

    fn follow(&self) {
        self.held.lock().expect("no panics").retain(|token, _| self.liveness.is_alive(*token));
    }
}

fn shared(through_a_client: bool) {
    let directory = tempfile::tempdir().expect("a directory");
    let count = std::cell::Cell::new(0);
    conformance(&|clock, liveness| -> Call {
        count.set(count.get() + 1);
        let place = directory.path().join(format!("store-{}", count.get()));
        let clock: Arc<dyn Clock> = Arc::new(Wall(clock));
        let owner = SharedStore::open(&place, Arc::clone(&clock)).expect("opens");
        let client = through_a_client.then(|| SharedStore::open(&place, clock).expect("opens"));
        let locks = Locks::hold(&place, liveness);
        Box::new(move |requests| {
            locks.follow();
            client.as_ref().unwrap_or(&owner).call(requests)
        })
    });
}

#[test]
fn the_owner_s_session_keeps_every_rule_of_the_store() {
    shared(false);
}

#[test]
fn a_client_s_session_keeps_every_rule_of_the_store() {
    shared(true);
}
