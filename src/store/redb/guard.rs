//! The guard around redb: on damaged bytes it can panic, and that is told as damage.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is where a panic would be told as damage: then nobody has to be shown the panic itself.
pub fn panics_are_told() -> bool {
    DEPTH.get() > 0
}

/// What the work gives; nothing where it panicked.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_nothing_and_only_inside_is_inside() {
        assert!(!panics_are_told());
        assert_eq!(guarded(|| guarded(panics_are_told)), Some(Some(true)));
        assert_eq!(guarded(|| assert!(!panics_are_told(), "inside")), None);
        assert!(!panics_are_told());
    }
}
