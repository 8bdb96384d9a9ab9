//! Rhai, locked down: a script's text, its strands, its host calls. The one room that knows Rhai.
//!
//! A strand runs script code until a host call needs something from outside; then it suspends and hands out an
//! [`Ask`]. Nothing here touches the outside, and nothing here knows what answers.

mod body;
mod bounded;
mod calls;
mod cell;
mod check;
mod closure;
mod convert;
mod copy;
mod declared;
mod definitions;
mod diagnostics;
mod foreign;
mod guess;
mod handle;
mod host;
mod interpreter;
mod lens;
mod looking;
mod looks;
mod memory;
mod meter;
mod params;
mod process_result;
mod program;
mod raise;
mod reference;
mod rewrite;
mod rewrite_looks;
mod sandbox;
mod secrets;
mod sight;
mod sorting;
mod source;
mod strand;
mod time_value;
mod trial;
mod unknown;

pub use body::Body;
pub use calls::names;
pub(crate) use calls::question::in_shell;
pub use check::{Backing, Finding, Named, Need, Rule, check, needs};
pub use closure::{Closure, HeldCapture};
pub use declared::Declared;
pub use definitions::{host_definitions, host_signatures, language_definitions};
pub use handle::{Group, Handle, Start, Target};
pub use host::{
    Answered, Ask, Asked, ChildRun, Defaults, Dispatch, Effect, Host, Input, Level, Notice, Question,
    RunFacts, Said, StartChild, Thrown, Until,
};
pub use interpreter::Interpreter;
pub use lens::{Frame, Lens};
pub use memory::allocated;
pub use meter::{Limit, Meter};
pub use params::{BadInput, Param, Params, type_of};
pub use process_result::is_misread;
pub use program::Script;
pub use sandbox::{CALL_DEPTH, EXPRESSION_DEPTH, FUNCTION_EXPRESSION_DEPTH};
pub use sight::Sight;
pub use source::{Source, SourceError, SyntaxError};
pub use strand::{Mode, Reply, Rest, STACK_BYTES, Strand};
pub use trial::{
    Call, Cast, Fault, Performed, Plan, Play, Played, Say, Spot, Stage, TestCase, Trials, Trouble,
    words as trial_words,
};

#[cfg(test)]
mod tests;
