//! The store on disk: redb, one file, one fdatasync a commit.

mod fault;
mod open;
mod rows;
mod writer;

pub(super) use fault::of_io;
pub use open::open_file;
pub use writer::RedbTables;
