//! Simulations: the store, and what stands on it, in a world that can be crashed at every point.

mod store_faults;
mod store_sweep;
mod workload;
