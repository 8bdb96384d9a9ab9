//! Few, slow, real: processes of durun, killed and started again.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod children;
mod completion;
mod configured;
mod copies;
mod deploy;
mod endings;
mod exec;
mod fanout;
mod four_processes;
mod generations;
mod hooks;
mod hostile;
mod http;
mod interrupts;
mod invoices;
mod kill_storm;
mod locks;
mod messages;
mod order_paths;
mod processes;
mod promises;
mod queues;
mod samples;
mod schedules;
mod scopes;
mod secrets;
mod security;
mod service;
mod soak;
mod strands;
mod two_terminals;
mod unattended;
mod undo;
mod updates;
mod world;
