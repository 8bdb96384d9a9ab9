//! The Rhai engine of a thread: one, locked down, shared by all runs that the thread executes.

use super::calls;
use super::closure::Closure;
use super::convert::to_dynamic;
use super::convert::{Refused, to_value};
use super::copy::copy_deeply;
use super::diagnostics::{thrown, unrecordable};
use super::handle::{Handle, Start};
use super::host::{Answered, Host};
use super::lens::Lens;
use super::meter::Meter;
use super::program::Script;
use super::raise::raise_at;
use super::sandbox;
use super::strand::{Context, Mode, Strand, is_put_down, look_at};
use super::time_value::{self, Time};
use crate::history::{CommandKind, Failure, Value, kind};
use rhai::{Array, Dynamic, Engine, EvalAltResult, EvalContext, Map, Position, Scope};
use std::rc::Rc;

/// So many lines are named of those that may hold a variable.
const MOST_LINES: usize = 4;

thread_local! {
    /// It keeps nothing of the scripts that it executes: what differs between them is in their strands.
    static OURS: Rc<Engine> = Rc::new(built(None));
}

/// The engine of this thread.
#[derive(Clone)]
pub struct Interpreter {
    engine: Rc<Engine>,
    lens: Option<Rc<Lens>>,
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new()
    }
}

impl Interpreter {
    /// The engine is built when the thread first asks for it: about 0.3 ms and 0.5 MB.
    pub fn new() -> Self {
        Self { engine: OURS.with(Rc::clone), lens: None }
    }

    /// The same for a replay that looks at the variables of its script, and the lens through which they are seen.
    pub fn looking() -> (Self, Rc<Lens>) {
        let lens = Rc::new(Lens::default());
        let engine = Rc::new(built(Some(Rc::clone(&lens))));
        (Self { engine, lens: Some(Rc::clone(&lens)) }, lens)
    }

    /// The lens, where it looks.
    pub fn lens(&self) -> Option<&Lens> {
        self.lens.as_deref()
    }

    /// That with an engine of its own words: the one of tests.
    pub(super) fn of(engine: Engine) -> Self {
        Self { engine: Rc::new(engine), lens: None }
    }

    pub(super) fn engine(&self) -> Rc<Engine> {
        Rc::clone(&self.engine)
    }

    /// The strand of a run's main body.
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn main(&self, script: &Rc<Script>, host: Rc<dyn Host>, meter: Meter) -> Result<Strand, String> {
        let inner = Rc::clone(script);
        Strand::new(self, Rc::clone(script), host, Mode::Script, meter, move |engine| {
            let mut scope = Scope::new();
            let result = engine.eval_ast_with_scope::<Dynamic>(&mut scope, &inner.main);
            let value = result.map_err(|error| thrown(&error, &inner))?;
            to_value(&value).map_err(|refused| unrecordable(&refused, &inner))
        })
    }

    /// A strand that calls a closure: a handler in [`Mode::Script`], a predicate or query in [`Mode::ReadOnly`].
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn call(
        &self,
        script: &Rc<Script>,
        host: Rc<dyn Host>,
        meter: Meter,
        mode: Mode,
        closure: &Closure,
        argument: Option<&Value>,
    ) -> Result<Strand, String> {
        let closure = if mode == Mode::ReadOnly { closure.read_only() } else { closure.clone() };
        let arguments: Vec<Dynamic> = argument.map(to_dynamic).into_iter().collect();
        let inner = Rc::clone(script);
        Strand::new(self, Rc::clone(script), host, mode, meter, move |engine| {
            let value = closure.call(engine, arguments).map_err(|error| thrown(&error, &inner))?;
            let value = to_value(&value).map_err(|refused| unrecordable(&refused, &inner));
            // Nobody looks at what a handler gives.
            if mode == Mode::Script { value.or(Ok(Value::Null)) } else { value }
        })
    }

    /// A strand that answers an update: its value is the answer.
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn answer(
        &self,
        script: &Rc<Script>,
        host: Rc<dyn Host>,
        meter: Meter,
        handler: &Closure,
        argument: &Value,
    ) -> Result<Strand, String> {
        let (closure, arguments) = (handler.clone(), vec![to_dynamic(argument)]);
        let inner = Rc::clone(script);
        Strand::new(self, Rc::clone(script), host, Mode::Script, meter, move |engine| {
            let value = closure.call(engine, arguments).map_err(|error| thrown(&error, &inner))?;
            to_value(&value).map_err(|refused| unrecordable(&refused, &inner))
        })
    }

    /// A strand that takes back an effect: its closure is called with what the script was given, if anything was.
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn undo(
        &self,
        script: &Rc<Script>,
        host: Rc<dyn Host>,
        meter: Meter,
        closure: Closure,
        result: Option<(CommandKind, &Value)>,
    ) -> Result<Strand, String> {
        let arguments: Vec<Dynamic> =
            result.map(|(kind, result)| super::calls::given(kind, result)).into_iter().collect();
        let inner = Rc::clone(script);
        Strand::new(self, Rc::clone(script), host, Mode::Script, meter, move |engine| {
            // Nobody looks at what it gives.
            closure.call(engine, arguments).map_err(|error| thrown(&error, &inner)).map(|_| Value::Null)
        })
    }

    /// A strand that a script starts: it leaves its value in its handle.
    ///
    /// # Errors
    /// A sentence where no stack can be had.
    pub fn begin(
        &self,
        script: &Rc<Script>,
        host: Rc<dyn Host>,
        meter: Meter,
        start: Start,
    ) -> Result<Strand, String> {
        let inner = Rc::clone(script);
        Strand::new(self, Rc::clone(script), host, Mode::Script, meter, move |engine| {
            let Start { handle, closure, argument } = start;
            let arguments = argument.into_iter().collect();
            let value = closure.call(engine, arguments).map_err(|error| thrown(&error, &inner))?;
            let value = copy_deeply(&value, 0).map_err(|_| unrecordable(&Refused::Held, &inner))?;
            if !is_put_down() {
                handle.leave(value);
            }
            Ok(Value::Null)
        })
    }
}

/// An engine with all that scripts may call, and the lens where one looks at their variables.
fn built(lens: Option<Rc<Lens>>) -> Engine {
    let mut engine = sandbox::engine();
    time_value::register(&mut engine);
    super::process_result::register(&mut engine);
    calls::register(&mut engine);
    super::cell::register(&mut engine);
    #[expect(deprecated, reason = "the engine marks it volatile; rhai is pinned to one version")]
    match lens {
        None => engine.on_var(|name, _index, context| variable(name, &context)),
        Some(lens) => engine.on_var(move |name, _index, context| {
            if name.starts_with(super::lens::NAME) {
                lens.look(name, &context);
                return Ok(Some(Dynamic::UNIT));
            }
            lens.read(&context);
            variable(name, &context)
        }),
    };
    engine
}

/// Answers `input` and `run` where the scope has no variable of that name; hands out copies of captured functions, so
/// that a call of one holds nothing; tells of a variable that a suspended call holds.
fn variable(
    name: &str,
    context: &EvalContext<'_, '_, '_, '_, '_, '_>,
) -> Result<Option<Dynamic>, Box<EvalAltResult>> {
    match context.scope().get(name) {
        Some(variable) if variable.is_shared() => {
            if variable.is_locked() {
                return Err(held(name));
            }
            look_at(variable);
            // A method of a handle may suspend: it is called on a copy, which is the same handle.
            let is_handle = variable.read_lock::<Handle>().is_some();
            Ok((is_handle || variable.is_fnptr()).then(|| variable.flatten_clone()))
        }
        Some(variable) => {
            look_at(variable);
            Ok(None)
        }
        None => Ok(Context::current().and_then(|caller| constant(name, &caller))),
    }
}

/// The value of `input` or `run`.
pub(super) fn constant(name: &str, caller: &Context) -> Option<Dynamic> {
    match name {
        "input" => Some(calls::params::input(caller)),
        "run" => Some(run_constant(caller.host.as_ref())),
        _ => None,
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
fn held(name: &str) -> Box<EvalAltResult> {
    let lines = Context::current().map(|context| context.host.blocked_lines()).unwrap_or_default();
    let mut words = lines.iter().map(u32::to_string).take(MOST_LINES).collect::<Vec<_>>().join(", ");
    if lines.len() > MOST_LINES {
        words.push_str(" …");
    }
    let by = match lines.len() {
        0 => "a call that has not returned yet".to_owned(),
        1 => format!("the call in line {words}, which has not returned yet"),
        _ => format!("one of the calls in lines {words}, which have not returned yet"),
    };
    let message = format!("variable '{name}' is held by {by}; take a copy of it before that call");
    raise_at(Position::NONE, Failure::new(kind::HELD, message).with("variable", name))
}

fn run_constant(host: &dyn Host) -> Dynamic {
    let facts = host.run_facts();
    let mut map = Map::new();
    map.insert("id".into(), (*facts.id).into());
    map.insert("generation".into(), i64::from(facts.generation).into());
    map.insert("started_at".into(), Dynamic::from(Time::utc(facts.started_at)));
    map.insert("cancelled".into(), facts.cancelled.into());
    map.insert("answers".into(), facts.answers.into_iter().map(answer).collect::<Array>().into());
    map.into()
}

/// An element of `run.answers`.
fn answer(answered: Answered) -> Dynamic {
    let Answered { question, choice, at } = answered;
    let mut map = Map::new();
    map.insert("question".into(), question.into());
    map.insert("choice".into(), choice.choice.into());
    map.insert("who".into(), choice.who.into());
    map.insert("note".into(), choice.note.into());
    map.insert("at".into(), Dynamic::from(Time::utc(at)));
    map.into()
}
