//! What is done beside the requests: rows that wait for it come into the pages; and the idle commit, which writes the allocator's state when
//! nothing was asked for a while, so that the next opening after a kill has no repair to do.
//!
//! Only the last commit before a kill needs that one, so it is made when a burst of requests is over. Its price is that of two
//! ordinary commits; below 8 MiB a repair takes less than ten milliseconds, and there is nothing to gain.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long without a request until the idle commit is made.
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
    /// How large the file is, where anything was committed since the last idle commit.
    unsettled: Option<u64>,
    /// Rows wait to come into the pages.
    frozen: bool,
    closed: bool,
    last_write: Duration,
    last_idle: Option<Duration>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Rows come into the pages.
    LayFrozen,
    /// The idle commit.
    Settle,
}

/// A commit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wrote {
    /// When, by the monotonic clock.
    pub(super) at: Duration,
    /// How large the file is since.
    pub(super) file_bytes: u64,
    /// Whether rows wait to come into the pages.
    pub(super) has_frozen: bool,
}

impl Idle {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was committed.
    pub(super) fn wrote(&self, Wrote { at, file_bytes, has_frozen }: Wrote) {
        let mut state = self.state();
        let wants = state.wants();
        state.unsettled = Some(file_bytes);
        let is_new = has_frozen && !state.frozen;
        // Whoever looked before they were frozen may say so after whoever froze them.
        state.frozen |= has_frozen;
        state.last_write = at;
        // In the middle of a burst the waiting thread need not hear of each commit.
        if is_new || (state.wants() && !wants) {
            self.changed.notify_one();
        }
    }

    /// Whether anything will be wanted: only then is a thread worth having.
    pub(super) fn is_wanted(&self) -> bool {
        self.state().wants()
    }

    /// Whether anything was committed since the last idle commit; from now on nothing was.
    pub(super) fn take_dirty(&self) -> bool {
        self.state().unsettled.take().is_some()
    }

    /// Nothing is to be made any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Waits until there is something to do; nothing where the store is closed.
    pub(super) fn wait(&self, monotonic: impl Fn() -> Duration) -> Option<Due> {
        let mut state = self.state();
        while !state.closed {
            if std::mem::take(&mut state.frozen) {
                return Some(Due::LayFrozen);
            }
            if !state.wants() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let now = monotonic();
            match state.pause(now) {
                Duration::ZERO => {
                    state.last_idle = Some(now);
                    return Some(Due::Settle);
                }
                pause => {
                    let waited = self.changed.wait_timeout(state, pause);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
        None
    }
}

impl State {
    fn wants(&self) -> bool {
        self.frozen || self.unsettled.is_some_and(|file_bytes| file_bytes >= SMALL_FILE)
    }

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
        let wrote = Wrote { at: Duration::ZERO, file_bytes: SMALL_FILE - 1, has_frozen: false };
        idle.wrote(wrote);
        assert!(!idle.is_wanted());
        idle.wrote(Wrote { file_bytes: SMALL_FILE, ..wrote });
        assert!(idle.is_wanted());
        assert_eq!(idle.wait(|| QUIET), Some(Due::Settle), "quiet for long enough");
        assert!(idle.take_dirty());
        assert!(!idle.is_wanted());
        idle.close();
        assert_eq!(idle.wait(|| QUIET), None);
    }

    #[test]
    fn rows_that_wait_are_laid_down_at_once_whatever_the_size_of_the_file() {
        let idle = Idle::default();
        let wrote = Wrote { at: Duration::ZERO, file_bytes: 0, has_frozen: true };
        idle.wrote(wrote);
        idle.wrote(Wrote { has_frozen: false, ..wrote });
        assert!(idle.is_wanted());
        assert_eq!(idle.wait(|| Duration::ZERO), Some(Due::LayFrozen));
        assert!(!idle.is_wanted(), "once");
    }
}
