//! A file of tests: which it declares, and what one of them comes to on a stage.

use super::super::program::Script;
use super::super::source::{Source, SyntaxError};
use super::cast::World;
use super::clues::{Fault, fault};
use super::language::interpreter;
use super::stage::Stage;
use crate::history::Value;
use rhai::{Dynamic, Scope};
use std::rc::Rc;

/// A test that a file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// Its name.
    pub name: String,
    /// The line that declares it, from 1.
    pub line: u32,
}

/// A file of tests.
#[derive(Debug, Clone)]
pub struct Trials {
    source: Source,
}

/// What one performance of a test came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Performed {
    /// That it held, or why not.
    pub outcome: Result<(), Fault>,
    /// What it printed.
    pub printed: Vec<String>,
    /// Which mock answered which call with what, a line each.
    pub answered: Vec<String>,
    /// Why runs ended badly, and which mocks are spelt like what was called and stood in for nothing: a line each.
    pub clues: Vec<String>,
    /// How many assertions held.
    pub held: u32,
    /// How its runs stand at its end, in order: status, result and error.
    pub ends: Vec<Value>,
}

impl Trials {
    /// The tests of a text that was gathered with its imports.
    pub fn new(source: Source) -> Self {
        Self { source }
    }

    /// Its text with those that it imports.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The tests that it declares, in order.
    ///
    /// # Errors
    /// [`SyntaxError`] where it is no script; the inner [`Fault`] where an error left it.
    pub fn cases(&self, stage: Rc<dyn Stage>) -> Result<Result<Vec<TestCase>, Fault>, SyntaxError> {
        let world = World::new(stage);
        let (_kept, outcome) = self.declare(&world)?;
        let case = |test: &super::cast::Declared| TestCase { name: test.name.clone(), line: test.line };
        Ok(outcome.map(|()| world.tests.borrow().iter().map(case).collect()))
    }

    /// Performs one of them, from the file's beginning.
    ///
    /// # Errors
    /// [`SyntaxError`] where it is no script.
    pub fn perform(&self, nth: usize, stage: Rc<dyn Stage>) -> Result<Performed, SyntaxError> {
        let world = World::new(stage);
        let (kept, mut outcome) = self.declare(&world)?;
        let test = world.tests.borrow().get(nth).cloned();
        if let (Ok(()), Some(test), Some(script)) = (&outcome, test, world.script.get()) {
            world.performs.set(true);
            if let Err(error) = test.body.call(&kept.engine(), Vec::new()) {
                let mut left = world.fault.take().unwrap_or_else(|| fault(&error, script));
                // That it stands in the test is known.
                left.calls.retain(|call| call.line != test.line);
                outcome = Err(left);
            }
        }
        let ends = (0..world.runs.get()).filter_map(|run| world.stage.look(run).ok()).map(|seen| {
            let field = |name: &str| seen.fields.get(name).cloned().unwrap_or_default();
            Value::from([
                ("status", Value::from(seen.status.as_str())),
                ("result", field("result")),
                ("error", field("error")),
            ])
        });
        let ends = ends.collect();
        let clues = world.bad_ends().into_iter().chain(world.misspelt()).collect();
        let answered = super::heard::lines(&world.heard.take());
        Ok(Performed {
            outcome,
            printed: world.printed.take(),
            answered,
            clues,
            held: world.held.get(),
            ends,
        })
    }

    /// Evaluates the file: its tests are declared, and the mocks of all of them.
    fn declare(
        &self,
        world: &Rc<World>,
    ) -> Result<(super::super::interpreter::Interpreter, Result<(), Fault>), SyntaxError> {
        let interpreter = interpreter(world);
        let script = Script::compile(&interpreter, self.source.clone())?;
        drop(world.script.set(Rc::clone(&script)));
        let mut scope = Scope::new();
        let outcome = interpreter.engine().eval_ast_with_scope::<Dynamic>(&mut scope, &script.main);
        let outcome = outcome.map(drop).map_err(|error| fault(&error, &script));
        Ok((interpreter, outcome))
    }
}
