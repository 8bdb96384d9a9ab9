//! Data into what is shown: tables, stories, JSON documents, the live display. Nothing here writes.

mod crowd;
pub(crate) mod difference;
pub(crate) mod display;
pub(crate) mod entry_json;
pub(crate) mod foot;
pub(crate) mod junit;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod log_line;
pub(crate) mod marks;
pub(crate) mod overview;
pub(crate) mod paint;
pub(crate) mod rewinds;
pub(crate) mod run_json;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod status;
pub(crate) mod story;
pub(crate) mod table;
mod tree;
pub(crate) mod trials;
pub(crate) mod unblock;
pub(crate) mod variables;
pub(crate) mod verdicts;
pub(crate) mod waits;
pub(crate) mod when;
pub(crate) mod why;
