//! The command line as its users meet it: the real program, a home of its own, every word that it says expected.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod answer;
mod bad_input;
mod cancel;
mod damage;
mod exec;
mod explain;
mod harness;
mod history;
mod limits;
mod list;
mod locks;
mod logs;
mod once;
mod overlap;
mod overview;
mod query;
mod queues;
mod reference;
mod resolve;
mod result;
mod retry;
mod signal;
mod signal_start;
mod start;
mod status;
mod store;
mod terminate;
mod tick;
mod tick_install;
mod undo;
mod update;
mod upgrade;
mod usage;
mod wait;
mod why;
