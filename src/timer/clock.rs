//! The one door through which time enters: the system's clock, or one that a test moves by hand.

use crate::history::Moment;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What time it is.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump in either direction.
    fn now(&self) -> Moment;
    /// Time since some fixed instant; never decreases.
    fn monotonic(&self) -> Duration;
    /// Blocks the thread; for back-offs of a few milliseconds.
    fn pause(&self, time: Duration);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        match since {
            Ok(after) => Moment(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Moment(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn monotonic(&self) -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The processor time that this thread has taken; others that are busy do not count.
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// A clock that stands still until it is moved. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<Mutex<(Moment, Duration)>>);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn at(now: Moment) -> Self {
        Self(Arc::new(Mutex::new((now, Duration::ZERO))))
    }

    /// Lets time pass, on both clocks.
    pub fn advance(&self, time: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = state.0.plus_ms(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        state.1 += time;
    }

    /// Sets the wall clock, forward or back; the monotonic one stays.
    pub fn set(&self, now: Moment) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn pause(&self, time: Duration) {
        self.advance(time);
    }
}
