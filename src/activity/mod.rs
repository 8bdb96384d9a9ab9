//! Activities touch the world: processes, what they come to, and when they are tried again.

mod attempt;
mod child;
mod idempotency;
mod job;
mod launcher;
mod outcome;
mod process;
mod registry;
mod retry;

pub use attempt::judge;
pub use child::{end_leftover, note_path};
pub use idempotency::idempotency_key;
pub use job::{Circumstances, process_of};
pub use launcher::Launcher;
pub use outcome::{Done, Failed};
pub use process::{GRACE, Halt, ProcessEnd, ProcessOutput, ProcessSpec, STDERR_BYTES, STDOUT_BYTES, run};
pub use registry::find_activity;
pub use retry::{Decision, decide};

#[cfg(test)]
mod tests;
