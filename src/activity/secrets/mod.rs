//! Secrets: found where the executor keeps them, put in place at the last moment, masked in whatever comes back.

mod finding;
mod mask;
mod placing;

pub use finding::{SecretError, Variables};
pub use mask::Mask;
pub(super) use mask::Sieve;
pub use placing::{Form, Secrets};
