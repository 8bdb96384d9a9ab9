//! How much memory this process has taken: what lets a stretch be stopped before a script takes all there is.
//!
//! The engine's own size limits count a value deeply, again at each change, which makes ordinary collecting quadratic; a counting
//! allocator costs next to nothing and sees everything. Each thread counts for itself and tells the process now and then: one
//! number that all threads change at each allocation would pass from processor to processor some hundred times a step.

#[cfg(feature = "allocator")]
use {
    mimalloc::MiMalloc,
    std::alloc::{GlobalAlloc, Layout},
    std::cell::Cell,
    std::sync::atomic::{AtomicIsize, Ordering},
};

#[cfg(feature = "allocator")]
#[global_allocator]
static ALLOCATOR: Counting<MiMalloc> = Counting(MiMalloc);

/// How much more a script may hold at the end of a stretch than at its beginning, in bytes: 64 MiB. One operation can make four times as
/// much of what there is for a moment (a text that is appended to itself), and it is looked after each.
pub(super) const STRETCH_BYTES: isize = 64 * 1024 * 1024;

/// How much a thread takes or gives back before it tells the process, in bytes: 64 KiB.
#[cfg(feature = "allocator")]
const UNTOLD: usize = 64 * 1024;

/// The bytes that are allocated now, but for 64 KiB of each thread.
#[cfg(feature = "allocator")]
pub fn allocated() -> usize {
    usize::try_from(TOLD.load(Ordering::Relaxed)).unwrap_or(0)
}

/// The bytes that this thread has taken and not given back; less than nothing where it gave back what others took.
#[cfg(feature = "allocator")]
pub(super) fn taken() -> isize {
    COUNT.try_with(|count| count.taken.get()).unwrap_or(0)
}

/// Nobody counts where a program that has durun inside keeps its own allocator: no bound is ever reached.
#[cfg(not(feature = "allocator"))]
pub fn allocated() -> usize {
    0
}

/// As above.
#[cfg(not(feature = "allocator"))]
pub(super) fn taken() -> isize {
    0
}

/// What all threads have told.
#[cfg(feature = "allocator")]
static TOLD: AtomicIsize = AtomicIsize::new(0);

/// What a thread has taken, and what the process was told of it; the rest is told when the thread ends.
#[cfg(feature = "allocator")]
struct Count {
    taken: Cell<isize>,
    told: Cell<isize>,
}

#[cfg(feature = "allocator")]
thread_local! {
    static COUNT: Count = const { Count { taken: Cell::new(0), told: Cell::new(0) } };
}

#[cfg(feature = "allocator")]
impl Drop for Count {
    fn drop(&mut self) {
        self.tell();
    }
}

#[cfg(feature = "allocator")]
impl Count {
    #[cold]
    #[inline(never)]
    fn tell(&self) {
        let taken = self.taken.get();
        TOLD.fetch_add(taken.wrapping_sub(self.told.replace(taken)), Ordering::Relaxed);
    }
}

#[cfg(feature = "allocator")]
#[inline]
fn count(bytes: isize) {
    let counted = COUNT.try_with(|count| {
        let taken = count.taken.get().wrapping_add(bytes);
        count.taken.set(taken);
        if taken.wrapping_sub(count.told.get()).unsigned_abs() >= UNTOLD {
            count.tell();
        }
    });
    // A thread that ends has no count of its own any more.
    if counted.is_err() {
        TOLD.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// An allocator that counts what it hands out.
#[cfg(feature = "allocator")]
struct Counting<A>(A);

#[cfg(feature = "allocator")]
#[expect(unsafe_code, reason = "an allocator is an unsafe trait; each call is handed on as it came")]
// SAFETY: all is done by the allocator inside, with the very arguments; counting allocates nothing and does not unwind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of the allocator inside.
        let memory = unsafe { self.0.alloc(layout) };
        if !memory.is_null() {
            count(signed(layout.size()));
        }
        memory
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let memory = unsafe { self.0.alloc_zeroed(layout) };
        if !memory.is_null() {
            count(signed(layout.size()));
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { self.0.dealloc(memory, layout) };
        count(-signed(layout.size()));
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let moved = unsafe { self.0.realloc(memory, layout, size) };
        if !moved.is_null() {
            count(signed(size) - signed(layout.size()));
        }
        moved
    }
}

/// No allocation is larger than the half of the addresses.
#[cfg(feature = "allocator")]
const fn signed(size: usize) -> isize {
    size.cast_signed()
}
