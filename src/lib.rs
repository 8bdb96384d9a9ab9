//! durun makes scripts durable.
//!
//! A **script** is executed as a **run**. What a script asks of the world (an activity, a timer, a
//! signal) is a **command**; what came back is an **entry** in the run's **history**. **Replay** walks
//! the history beside the script and serves recorded outcomes, so that the script stands again where
//! it stood. The **store** keeps histories. **Activities** touch the world. The **worker** joins them.
//! The **client** asks; the **cli** speaks.

pub mod activity;
pub mod cli;
pub mod client;
pub mod config;
pub mod history;
pub mod run;
pub mod script;
pub mod store;
pub mod timer;
pub mod worker;

pub use activity::{Activities, AttemptError, Context};
pub use history::Value;
