//! The idle commit: writes the allocator's state when nothing was asked for a while, so that the next opening after a
//! kill has no repair to do.
//!
//! Only the last commit before a kill needs it, so it is made when a burst of requests is over. Its price is that of two
//! ordinary commits; below 8 MiB a repair takes less than ten milliseconds, and there is nothing to gain.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long without a request until it is made.
const QUIET: Duration = Duration::from_millis(50);
/// At most one in this time.
const PACE: Duration = Duration::from_secs(1);
/// The size of the file in bytes from which it is made.
pub(super) const SMALL_FILE: u64 = 8 * 1024 * 1024;

/// What is known of the commits since the last idle one.
#[derive(Default)]
pub(super) struct Idle {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    dirty: bool,
    large: bool,
    closed: bool,
    last_write: Duration,
    last_idle: Option<Duration>,
}

impl Idle {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was committed at this time of the monotonic clock, to a file of that size.
    pub(super) fn wrote(&self, now: Duration, file_bytes: u64) {
        let mut state = self.state();
        let waking = !(state.dirty && state.large);
        state.dirty = true;
        state.large = file_bytes >= SMALL_FILE;
        state.last_write = now;
        // In the middle of a burst the waiting thread need not hear of each commit.
        if waking && state.large {
            self.changed.notify_one();
        }
    }

    /// Whether an idle commit will be wanted: only then is a thread worth having.
    pub(super) fn is_wanted(&self) -> bool {
        let state = self.state();
        state.dirty && state.large
    }

    /// Whether anything was committed since the last idle commit; from now on nothing was.
    pub(super) fn take_dirty(&self) -> bool {
        std::mem::take(&mut self.state().dirty)
    }

    /// Nothing is to be made any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Waits until an idle commit is to be made; false where the store is closed.
    pub(super) fn wait(&self, monotonic: impl Fn() -> Duration) -> bool {
        let mut state = self.state();
        while !state.closed {
            if !(state.dirty && state.large) {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let now = monotonic();
            match state.pause(now) {
                Duration::ZERO => {
                    state.last_idle = Some(now);
                    return true;
                }
                pause => {
                    let waited = self.changed.wait_timeout(state, pause);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
        false
    }
}

impl State {
    /// How long until the idle commit may be made.
    fn pause(&self, now: Duration) -> Duration {
        let paced = self.last_idle.map_or(Duration::ZERO, |last| last + PACE);
        (self.last_write + QUIET).max(paced).saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_commit_waits_for_fifty_milliseconds_of_quiet_and_a_second_since_the_last() {
        let ms = Duration::from_millis;
        let mut state = State { last_write: ms(100), ..State::default() };
        assert_eq!(state.pause(ms(100)), ms(50));
        assert_eq!(state.pause(ms(150)), Duration::ZERO);
        state.last_idle = Some(ms(150));
        assert_eq!(state.pause(ms(200)), ms(950));
        state.last_write = ms(1140);
        assert_eq!(state.pause(ms(1150)), ms(40));
    }

    #[test]
    fn a_small_file_wants_none_and_a_closed_store_waits_for_none() {
        let idle = Idle::default();
        idle.wrote(Duration::ZERO, SMALL_FILE - 1);
        assert!(!idle.is_wanted());
        idle.wrote(Duration::ZERO, SMALL_FILE);
        assert!(idle.is_wanted());
        assert!(idle.wait(|| QUIET), "quiet for long enough");
        assert!(idle.take_dirty());
        assert!(!idle.is_wanted());
        idle.close();
        assert!(!idle.wait(|| QUIET));
    }
}
