//! Locking what threads of a process share: it stays usable where one of them panicked while it had it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the mutex and holds it.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
