//! The deterministic core: history in, commands out, no I/O.
//!
//! A [`Run`] cannot tell live from replayed: it is given entries and gives commands. One entry is delivered and the script
//! runs to its next block before the next is looked at; so the order of entries decides everything.
#![warn(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

mod ahead;
mod cancelling;
mod chance;
mod children;
mod command;
mod condition;
mod delivery;
mod dispatching;
mod ending;
mod failing;
mod issue;
mod joining;
mod locking;
mod look;
mod mailbox;
mod next_input;
mod nondeterminism;
mod query;
mod question;
mod replay;
mod restarting;
#[expect(clippy::module_inception, reason = "the room's noun is its main file's noun")]
mod run;
mod strands;
mod token;
mod trail;
mod undoing;
mod updating;
mod world;

pub use command::{Command, Stretch, Work};
pub use look::{LookError, Standpoint, look, whose};
pub use next_input::{Arrived, NextInput, next_input};
pub use query::{QueryError, Seen, query};
pub use question::QUESTION;
pub use replay::{ReplayError, Replayed, replay, replay_whole, timers};
pub use run::{Charter, GRACE_MS, Run, STRETCH_OPERATIONS, Stepped};
pub use strands::MOST_STRANDS;
pub use token::has_token;
pub use trail::{Onward, Trail};
pub use undoing::Undoing;
pub use updating::Judged;

#[cfg(test)]
mod tests;
