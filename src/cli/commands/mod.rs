//! The commands, one file each: its arguments and what it does with them.

pub(crate) mod answer;
pub(crate) mod cancel;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod once;
pub(crate) mod overview;
pub(crate) mod query;
pub(crate) mod reject;
pub(crate) mod resolve;
pub(crate) mod result;
pub(crate) mod resume;
pub(crate) mod retry;
pub(crate) mod rewind;
pub(crate) mod serve;
pub(crate) mod signal;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod terminate;
pub(crate) mod tick;
pub(crate) mod update;
pub(crate) mod upgrade;
pub(crate) mod wait;
pub(crate) mod why;
