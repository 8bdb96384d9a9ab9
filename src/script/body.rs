//! The body of an activity or step: a function or closure of the script that touches the world through direct calls.

use super::closure::Closure;
use super::convert::{to_dynamic, to_value};
use super::diagnostics::{thrown, unrecordable};
use super::host::Host;
use super::interpreter::Interpreter;
use super::meter::Meter;
use super::program::Script;
use super::strand::{Mode, Strand};
use crate::history::Value;
use std::rc::Rc;

/// The operations that one attempt of a body may take between two requests.
const OPERATIONS: u64 = 50_000_000;

/// A body, ready to be started once for each attempt.
#[derive(Clone)]
pub struct Body {
    closure: Closure,
    input: Option<Value>,
    script: Rc<Script>,
}

impl Body {
    /// The body that calls a closure kept by copy, with the input where it is a function that takes one.
    pub(super) fn new(script: Rc<Script>, closure: Closure, input: Option<Value>) -> Self {
        Self { closure, input, script }
    }

    /// A strand for one attempt, with captures of its own. It asks only [`super::Ask::Direct`].
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn start(&self, interpreter: &Interpreter, host: Rc<dyn Host>) -> Result<Strand, String> {
        self.start_with(interpreter, host, self.input.clone())
    }

    /// The same with an input that is only known now: a probe gets the key of the effect that it looks for.
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn start_with(
        &self,
        interpreter: &Interpreter,
        host: Rc<dyn Host>,
        input: Option<Value>,
    ) -> Result<Strand, String> {
        let closure = self.closure.copy().map_err(|_| "a captured variable is held".to_owned())?;
        let script = Rc::clone(&self.script);
        let meter = Meter::new(OPERATIONS);
        Strand::new(interpreter, Rc::clone(&self.script), host, Mode::Body, meter, move |engine| {
            let arguments = input.as_ref().map(to_dynamic).into_iter().collect();
            let result = closure.call(engine, arguments).map_err(|error| thrown(&error, &script))?;
            to_value(&result).map_err(|refused| unrecordable(&refused, &script))
        })
    }
}
