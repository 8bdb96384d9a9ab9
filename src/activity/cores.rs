//! Core dumps: a picture of this process's memory would show secrets, so none is made; what it starts keeps what it was allowed.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::OnceLock;

/// What was allowed before it was forbidden.
static BEFORE: OnceLock<Rlimit> = OnceLock::new();

/// From now on a crash of this process leaves no picture of its memory. Where the system refuses, nothing changes.
pub fn forbid_core_dumps() {
    let before = BEFORE.get_or_init(|| getrlimit(Resource::Core));
    let _refused = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
}

/// Gives a child, between fork and exec, what its parent was allowed. It makes one system call and reads what was there before the fork.
pub(super) fn allow_again() {
    if let Some(before) = BEFORE.get() {
        let _refused = setrlimit(Resource::Core, *before);
    }
}
