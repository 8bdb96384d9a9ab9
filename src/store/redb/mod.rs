//! The store on disk: redb with a log in front of it, one file, one fdatasync a commit.

mod behind;
mod changes;
#[doc(hidden)]
pub mod crash;
mod fault;
mod guard;
mod handle;
mod head;
mod held;
mod idle;
mod kept;
mod known;
mod layer;
mod layout;
mod left;
mod log;
mod open;
mod opened;
mod overlay;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub(crate) use fault::of_io;
pub use guard::panics_are_told;
pub use tables::RedbTables;
