//! How much memory this process has taken: what lets a stretch be stopped before a script takes all there is.
//!
//! The engine's own size limits count a value deeply, again at each change, which makes ordinary collecting quadratic; a counting
//! allocator costs next to nothing and sees everything.

#[cfg(feature = "allocator")]
use {cap::Cap, mimalloc::MiMalloc};

#[cfg(feature = "allocator")]
#[global_allocator]
static ALLOCATOR: Cap<MiMalloc> = Cap::new(MiMalloc, usize::MAX);

/// How much more the process may take while a stretch goes on, in bytes: 256 MiB.
pub(super) const STRETCH_BYTES: usize = 256 * 1024 * 1024;

/// The bytes that are allocated now.
#[cfg(feature = "allocator")]
pub fn allocated() -> usize {
    ALLOCATOR.allocated()
}

/// Nobody counts where a program that has durun inside keeps its own allocator: no bound is ever reached.
#[cfg(not(feature = "allocator"))]
pub fn allocated() -> usize {
    0
}
