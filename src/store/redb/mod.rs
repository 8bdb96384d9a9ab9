//! The store on disk: redb, one file, one fdatasync a commit.

mod fault;
mod open;
mod rows;
mod writer;

pub use open::open_file;
pub use writer::RedbTables;
