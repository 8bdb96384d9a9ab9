//! The bell: rung when something may have changed, so that whoever waits looks again.

use crate::history::RunNo;
use crate::store::{Answer, Event, EventSink, Request, SharedStore, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rings for those who wait for a run, or for all.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<Rung>,
    woken: Condvar,
}

#[derive(Default)]
struct Rung {
    /// How often for all.
    all: u64,
    /// How often for a run since somebody waits for it, and how many do.
    runs: BTreeMap<RunNo, (u64, usize)>,
}

impl Bell {
    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings for those who wait for the run.
    pub(super) fn ring(&self, run: RunNo) {
        if let Some((count, _)) = self.rung().runs.get_mut(&run) {
            *count = count.wrapping_add(1);
            self.woken.notify_all();
        }
    }

    /// Rings for all.
    pub(super) fn ring_all(&self) {
        let mut rung = self.rung();
        rung.all = rung.all.wrapping_add(1);
        self.woken.notify_all();
    }

    /// From now on no ringing for the run is missed.
    pub(super) fn listen(&self, run: RunNo) -> Ear<'_> {
        self.rung().runs.entry(run).or_default().1 += 1;
        Ear { bell: self, run }
    }
}

/// Somebody who waits for a run.
pub(super) struct Ear<'a> {
    bell: &'a Bell,
    run: RunNo,
}

impl Ear<'_> {
    fn of(&self, rung: &Rung) -> u64 {
        let (own, _) = rung.runs.get(&self.run).copied().unwrap_or_default();
        rung.all.wrapping_add(own)
    }

    /// How often it has rung.
    pub(super) fn count(&self) -> u64 {
        self.of(&self.bell.rung())
    }

    /// Blocks until it has rung since it had rung so often, at most so long.
    pub(super) fn wait(&self, since: u64, most: Duration) {
        let rung = self.bell.rung();
        // Whoever is woken looks for himself.
        drop(self.bell.woken.wait_timeout_while(rung, most, |rung| self.of(rung) == since));
    }
}

impl Drop for Ear<'_> {
    fn drop(&mut self) {
        let mut rung = self.bell.rung();
        if let Some((_, listeners)) = rung.runs.get_mut(&self.run) {
            *listeners -= 1;
            if *listeners == 0 {
                rung.runs.remove(&self.run);
            }
        }
    }
}

/// A store whose events ring the bell on their way.
pub(super) struct Tapped {
    store: SharedStore,
    bell: Arc<Bell>,
}

impl Tapped {
    pub(super) fn new(store: SharedStore, bell: Arc<Bell>) -> Self {
        let tapped = Self { store, bell };
        tapped.set_events(Arc::new(|_| ()));
        tapped
    }
}

impl Store for Tapped {
    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        self.store.call(requests)
    }

    fn set_events(&self, sink: EventSink) {
        let bell = Arc::clone(&self.bell);
        self.store.set_events(Arc::new(move |event| {
            match &event {
                Event::Changed { run } | Event::Message { run, .. } | Event::RetryNow { run } => {
                    bell.ring(*run);
                }
                Event::Work { .. } => {}
            }
            sink(event);
        }));
    }

    fn damage(&self) -> Option<StoreError> {
        self.store.damage()
    }

    fn owner(&self) -> Option<u32> {
        self.store.owner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_wait_for_the_run_hear_it() {
        let bell = Bell::default();
        let (one, other) = (bell.listen(RunNo(1)), bell.listen(RunNo(2)));
        let before = (one.count(), other.count());
        bell.ring(RunNo(1));
        bell.ring(RunNo(3));
        assert_eq!((one.count(), other.count()), (before.0 + 1, before.1));
        // What rang before the wait ends it at once.
        one.wait(before.0, Duration::from_mins(10));
        bell.ring_all();
        other.wait(before.1, Duration::from_mins(10));
        drop((one, other));
        assert!(bell.rung().runs.is_empty(), "nobody listens any more");
    }
}
