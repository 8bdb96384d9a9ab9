//! The library: durun inside another program, which opens a store, gives functions as activities and asks of runs.
//!
//! All that a program needs is named at the root of the crate. Nothing here prints; what a run needs of the environment is
//! read once, when the store is opened.

mod bell;
mod builder;
mod durun;
mod entry;
mod error;
mod info;
mod inner;
mod run;
mod start;
#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use durun::Durun;
pub use entry::Entry;
pub use error::Error;
pub use info::RunInfo;
pub use run::Run;
pub use start::Start;
