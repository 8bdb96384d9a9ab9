//! What `durun.toml` says: activities, limits, secrets, whom to tell.
//!
//! A file is read by [`parse()`], found for a script by [`Configs`], which remembers it while it stays as it is. Nothing
//! here reads the environment or starts anything.

mod activity;
mod configs;
mod error;
mod item;
mod parse;
mod place;
mod rules;
mod size;
#[cfg(test)]
mod tests;

pub use activity::{ActivityConfig, Call, RetryConfig, Setting};
pub use configs::Configs;
pub use error::ConfigError;
pub use parse::parse;
pub use place::FILE_NAME;
pub use rules::{Config, Limits, Notice, Notify, Retention, SecretSource, Stated};
