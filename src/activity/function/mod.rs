//! Activities that are functions of the program which embeds durun: their registry, what they are told, one attempt of one.

mod activities;
mod attempt_error;
mod call;
mod context;
mod gate;
#[cfg(test)]
mod tests;

pub use activities::Activities;
pub use attempt_error::AttemptError;
pub(crate) use call::{FunctionCall, call_function};
pub use context::{Circumstance, Context};
