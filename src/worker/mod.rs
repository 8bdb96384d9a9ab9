//! The worker drives runs in one process: it joins the core, the store, activities and the clock.
//!
//! One loop over one closed enum of inputs. Each round it chooses the next input of every run that is blocked, commits
//! all of them in one call, and only then delivers them; so a lone step costs one commit, and many runs share one.
#![warn(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

mod advance;
mod attempt;
mod attempts;
mod beginning;
mod bodies;
mod body_host;
mod children;
mod dispatches;
mod effects;
mod eviction;
mod executing;
mod generation;
mod hooks;
mod inbox;
mod intent;
mod key;
mod lazy;
mod limits;
mod locks;
mod notices;
mod once;
mod ops;
mod outcome;
mod pipeline;
mod polls;
mod processes;
mod progress;
mod queue;
mod reasking;
mod recovery;
mod rounds;
mod runs;
mod secret_names;
mod shelf;
mod shutdown;
mod slots;
mod supply;
mod updates;
mod waiting;
#[expect(clippy::module_inception, reason = "the room's noun is its main file's noun")]
mod worker;

pub use children::Programs;
pub use effects::{Effects, Job, JobDone, JobKey, News, Ready};
pub use hooks::{Hook, telling_program, telling_texts};
pub use pipeline::Committing;
pub use processes::Processes;
pub use progress::{CutOff, Observer, Progress};
pub use recovery::{LoadError, compile_program, load_history};
pub use slots::Quota;
pub use supply::{Supply, Wish};
pub use worker::{Finished, Input, Settings, Worker, WorkerError};

#[cfg(test)]
mod tests;
