//! The flag that stops an execution: raised by signal handlers, seen by whoever drives scripts.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How urgently an execution is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    /// Not at all.
    Go,
    /// Park: start nothing new, end children, record what came back.
    Park,
    /// Do not wait for children.
    Now,
}

/// A flag that stops an execution, shared by its clones. Each request raises the level by one.
#[derive(Clone, Default)]
pub struct Stop(Arc<StopState>);

#[derive(Default)]
struct StopState {
    level: AtomicU8,
    wakers: Mutex<Vec<Box<dyn Fn() + Send>>>,
}

impl Stop {
    /// A flag that nobody has raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to park; the second time, not to wait for children.
    pub fn request(&self) {
        let _ = self
            .0
            .level
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |level| Some(level.saturating_add(1).min(2)));
        for waker in self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            waker();
        }
    }

    /// How urgent it is now.
    pub fn level(&self) -> StopLevel {
        match self.0.level.load(Ordering::SeqCst) {
            0 => StopLevel::Go,
            1 => StopLevel::Park,
            2.. => StopLevel::Now,
        }
    }

    /// Calls `waker` at each request from now on, and at once where one was made before.
    pub fn on_request(&self, waker: impl Fn() + Send + 'static) {
        if self.level() > StopLevel::Go {
            waker();
        }
        self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(waker));
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.level()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn each_request_is_more_urgent_and_wakes_the_sleeper() {
        let (stop, woken) = (Stop::new(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&woken);
        stop.on_request(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(stop.level(), StopLevel::Go);
        stop.clone().request();
        assert_eq!((stop.level(), woken.load(Ordering::SeqCst)), (StopLevel::Park, 1));
        stop.request();
        stop.request();
        assert_eq!((stop.level(), woken.load(Ordering::SeqCst)), (StopLevel::Now, 3));
        let late = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&late);
        stop.on_request(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(late.load(Ordering::SeqCst), 1, "a sleeper that comes late is woken at once");
    }
}
