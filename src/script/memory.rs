//! How much memory this process has taken: what lets a stretch be stopped before a script takes all there is.
//!
//! The engine's own size limits count a value deeply, again at each change, which makes ordinary collecting quadratic; a counting
//! allocator costs next to nothing and sees everything.

use cap::Cap;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: Cap<MiMalloc> = Cap::new(MiMalloc, usize::MAX);

/// How much more the process may take while a stretch goes on, in bytes: 256 MiB.
pub(super) const STRETCH_BYTES: usize = 256 * 1024 * 1024;

/// The bytes that are allocated now.
pub fn allocated() -> usize {
    ALLOCATOR.allocated()
}
