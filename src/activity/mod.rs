//! Activities touch the world: attempts, what they come to, and when they are tried again.

mod idempotency;
mod outcome;
mod retry;

pub use idempotency::idempotency_key;
pub use outcome::{Done, Failed};
pub use retry::{Decision, decide};
