//! The command line: words in, words and exit codes out. The only room that prints and reads the environment.
//!
//! stdout carries the result and nothing else; everything else goes to stderr, and nothing does on success where
//! stderr is no terminal. Whatever came from outside is shown with its control characters escaped.

mod aim;
mod args;
mod build_facts;
mod codes;
mod commands;
mod completion;
mod conclusion;
mod context;
mod crashes;
mod crontab;
mod detach;
mod environment;
mod error;
mod escape;
mod exec_end;
mod execution;
mod exit;
mod failed_item;
mod foreign_syntax;
mod forewarning;
mod input;
mod installing;
mod interrupt;
mod invocation;
mod local_zone;
mod looks;
mod manual;
mod onlooker;
mod opening;
mod other_words;
mod overlap_options;
mod pager;
mod patience;
mod place;
mod queues;
mod readiness;
mod render;
mod report;
mod report_check;
mod report_client;
mod report_end;
mod report_input;
mod report_mend;
mod report_program;
mod report_reply;
mod report_schedule;
mod report_store;
mod report_struggle;
mod report_test;
mod report_typed;
mod report_update;
mod start_help;
mod start_options;
mod store_place;
mod suspension;
#[cfg(test)]
mod tests;
mod units;
mod unstarted;
mod untold;
mod watching;
mod way_on;

#[doc(hidden)]
pub use input::typed_input;
pub use invocation::main;
