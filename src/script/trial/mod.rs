//! Tests of scripts: the language of `*_test.rhai`, in which a run is played on a stage where time and the world are the test's.
//!
//! The language asks a [`Stage`] for everything that a run is: it starts runs, lets time pass, says things to them and tells what
//! came of them. The stage asks the [`Cast`] what the world answers. Neither knows more of the other.

mod asserts;
mod cast;
mod clues;
mod empty;
mod given;
mod heard;
mod hindsight;
mod language;
mod mock;
mod played;
mod stage;
mod trials;

pub use clues::Fault;
pub use stage::{Call, Cast, Plan, Play, Played, Say, Spot, Stage, Trouble};
pub use trials::{Performed, TestCase, Trials};

/// The functions of tests, for "did you mean" and for the test that wants each written up.
pub fn words() -> impl Iterator<Item = &'static str> {
    language::WORDS.iter().copied()
}

/// The engine of tests, to look a file through without performing it.
pub(super) fn vocabulary() -> super::Interpreter {
    language::interpreter(&cast::World::new(std::rc::Rc::new(empty::Empty)))
}
