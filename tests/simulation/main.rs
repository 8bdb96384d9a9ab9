//! Simulations: the store, and what stands on it, in a world that can be crashed at every point.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

#[cfg(feature = "allocator")]
mod allocated;
mod at_most_once;
mod authored_sweep;
mod beside;
mod counted;
mod damage;
mod engine_sweep;
mod family_sweep;
mod family_world;
mod hostile;
mod instructions;
mod peers;
mod sample_world;
mod seeded;
mod store_faults;
mod store_shared;
mod store_sweep;
mod witness;
mod workload;
