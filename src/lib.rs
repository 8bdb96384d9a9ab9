//! durun makes scripts durable.
//!
//! A **script** is executed as a **run**. What a script asks of the world (an activity, a timer, a
//! signal) is a **command**; what came back is an **entry** in the run's **history**. **Replay** walks
//! the history beside the script and serves recorded outcomes, so that the script stands again where
//! it stood. The **store** keeps histories. **Activities** touch the world. The **worker** joins them.
//! The **client** asks; the **cli** speaks.
//!
//! # The library
//!
//! A program opens a store ([`Durun`]), gives functions of its own as activities ([`Activities`]), starts scripts ([`Start`])
//! and asks their runs ([`Run`]). Killed at any moment, it goes on with them when it opens the store again: local variables,
//! loops and timers are where they were, and no step that is recorded is done again.
//!
//! ```
//! use durun::{Activities, AttemptError, Durun, Start, Value};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let place = tempfile::tempdir()?;
//! # let directory = place.path();
//! let activities = Activities::new().with("charge", |context, amount| {
//!     let amount = amount.as_int().ok_or_else(|| AttemptError::permanent("no amount"))?;
//!     Ok(format!("{amount} under the key {}", context.key()))
//! });
//! let durun = Durun::builder(directory).activities(activities).open()?;
//!
//! let script = r#"
//!     let receipt = activity("charge", input, #{ timeout: "30s", retry: 5 });
//!     let approved = wait_signal("approve");
//!     `${receipt}, approved by ${approved}`
//! "#;
//! // The same id with the same script and input is the same run: a start can be repeated after a crash.
//! let run = durun.start(Start::text("order.rhai", script).input(20).id("order-1001"))?;
//! run.signal("approve", "Ada")?;
//! let result = run.result()?;
//! assert!(result.as_text().is_some_and(|text| text.ends_with(", approved by Ada")));
//! # Ok(())
//! # }
//! ```
//!
//! Durations are [`std::time::Duration`], to the millisecond; instants are [`Moment`], milliseconds since 1970 in UTC; what is
//! recorded is at most 1 MiB ([`Value`]). Calls block; see [`Durun`] for async programs. The script's side, the promises and
//! the command line are in the documentation of the program: `docs/README.md` in the repository, of which
//! `docs/guides/library.md` is about the library.
//!
//! A program that depends on this crate wants `default-features = false`: the feature `cli` is the program `durun`. The feature
//! `allocator` sets a global allocator that counts; without it no script is stopped for the memory that it takes.
//!
//! What is not named on this page belongs to the program `durun`, and changes without notice.

#[doc(hidden)]
pub mod activity;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod client;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod embed;
#[doc(hidden)]
pub mod history;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod script;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod timer;
#[doc(hidden)]
pub mod worker;

pub use activity::{Activities, AttemptError, Context};
pub use embed::{Builder, Durun, Entry, Error, Run, RunInfo, Start};
pub use history::{Failure, Moment, RunEnd, RunId, RunStatus, Stuck, Value, ValueError, kind};
pub use timer::{Clock, ManualClock, SystemClock};

/// The guide's program is a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/guides/library.md")]
struct Guide;
