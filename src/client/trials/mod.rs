//! Tests of scripts: the worker, the core and the store that execute runs, with a clock that the test moves and a world that it plays.

mod answers;
mod deaths;
mod drama;
mod effects;
mod look;
mod perform;
mod theatre;

pub use perform::{Ending, TestFile, Tested, load_tests, perform};
