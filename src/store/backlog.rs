//! The answers that a connection's other end has not read yet: where they are many, no more of its calls are read.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most answers that wait to be written to one connection.
const MOST: usize = 32;

/// Counts them.
#[derive(Default)]
pub(super) struct Backlog {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: usize,
    closed: bool,
}

impl Backlog {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more is to be written.
    pub(super) fn grows(&self) {
        self.state().waiting += 1;
    }

    /// One was written.
    pub(super) fn shrinks(&self) {
        let mut state = self.state();
        state.waiting = state.waiting.saturating_sub(1);
        self.changed.notify_all();
    }

    /// Nothing more will be written.
    pub(super) fn closes(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Waits until there are few, or none will be written any more.
    pub(super) fn wait_for_room(&self) {
        let mut state = self.state();
        while state.waiting >= MOST && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn who_has_many_answers_waits_until_one_is_written_or_none_will_be() {
        let backlog = Arc::new(Backlog::default());
        (0..MOST).for_each(|_| backlog.grows());
        for end in [Backlog::shrinks, Backlog::closes] {
            let waiting = Arc::clone(&backlog);
            let thread = std::thread::spawn(move || waiting.wait_for_room());
            end(&backlog);
            thread.join().expect("it goes on");
            backlog.grows();
        }
        backlog.wait_for_room();
    }
}
