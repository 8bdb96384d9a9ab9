//! The gate of a command: in this process one attempt of it at a time, however long one that was left behind goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The gates that somebody is at. Of the process, as a function that was left behind outlives its store.
static GATES: Mutex<BTreeMap<String, Arc<Mutex<()>>>> = Mutex::new(BTreeMap::new());

/// Does it when no other attempt of the command is under way.
pub(super) fn alone<T>(command: &str, attempt: impl FnOnce() -> T) -> T {
    let gate = {
        let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(command.to_owned()).or_default())
    };
    let result = {
        let _inside = gate.lock().unwrap_or_else(PoisonError::into_inner);
        attempt()
    };
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    // The table's own and ours: nobody else waits.
    if Arc::strong_count(&gate) == 2 {
        gates.remove(command);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn attempts_of_a_command_follow_one_another_and_no_gate_is_left() {
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        alone("the gate of this test", || {
                            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            std::thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        assert!(!GATES.lock().expect("gates").contains_key("the gate of this test"));
    }
}
