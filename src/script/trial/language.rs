//! The functions of tests: what the world answers, when something happens, and the runs that are played.

use super::super::calls::unknown;
use super::super::closure::Closure;
use super::super::convert::to_value;
use super::super::interpreter::Interpreter;
use super::super::raise::{duration_ms, line_of, raise, text_duration, type_word, value_of};
use super::super::time_value::Time;
use super::super::{cell, process_result, sandbox, time_value};
use super::cast::{Declared, When, World};
use super::clues::{raised, troubled};
use super::mock::{Answer, Mock};
use super::stage::Plan;
use super::{asserts, played};
use crate::history::{Failure, Value, kind};
use crate::timer::parse_moment;
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Map, Module, ModuleResolver,
    NativeCallContext, Position, Scope, Shared,
};
use std::cell::Cell;
use std::rc::{Rc, Weak};

/// The words of tests, each written up in the guide.
pub(super) const WORDS: &[&str] = &[
    "test",
    "run",
    "mock",
    "answers",
    "fails",
    "takes",
    "never",
    "deliver",
    "at",
    "advance",
    "now",
    "time",
    "assert",
    "assert_eq",
    "assert_ne",
    "assert_throws",
    "fail",
    "calls",
    "play",
    "signal",
    "update",
    "query",
    "answer",
    "resolve",
    "reject",
    "cancel",
];

/// The options of `fails`.
const OF_FAILS: &[&str] = &["type", "data", "exit_code", "stderr", "status", "permanent"];
/// The operations that a test file may take: some seconds.
const OPERATIONS: u64 = 200_000_000;

pub(super) type Scripted<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// The engine of one performance.
pub(super) fn interpreter(world: &Rc<World>) -> Interpreter {
    let mut engine = sandbox::engine();
    time_value::register(&mut engine);
    process_result::register(&mut engine);
    cell::register(&mut engine);
    let left = Cell::new(OPERATIONS);
    engine.on_progress(move |_| {
        left.set(left.get().saturating_sub(1));
        (left.get() == 0).then(|| "the test computes without end".into())
    });
    let lines = Rc::clone(world);
    engine.on_print(move |text| lines.printed.borrow_mut().push(text.to_owned()));
    let lines = Rc::clone(world);
    engine.on_debug(move |text, _, _| lines.printed.borrow_mut().push(text.to_owned()));
    engine.set_module_resolver(Beside(Rc::downgrade(world)));
    declarations(&mut engine, world);
    mocks(&mut engine, world);
    moments(&mut engine, world);
    runs(&mut engine, world);
    asserts::register(&mut engine, world);
    played::register(&mut engine, world);
    let interpreter = Interpreter::of(engine);
    // The world outlives no performance, and the engine is kept by whoever performs.
    drop(world.engine.set(Rc::downgrade(&interpreter.engine())));
    interpreter
}

/// Resolves imports from the texts beside the test.
struct Beside(Weak<World>);

impl ModuleResolver for Beside {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Scripted<Shared<Module>> {
        let not_found = || Box::new(EvalAltResult::ErrorModuleNotFound(path.to_owned(), position));
        let world = self.0.upgrade().ok_or_else(not_found)?;
        let script = world.script.get().ok_or_else(not_found)?;
        let ast = script.modules.get(path).ok_or_else(not_found)?;
        let module = Module::eval_ast_as_new(Scope::new(), ast, engine)
            .map_err(|error| Box::new(EvalAltResult::ErrorInModule(path.to_owned(), error, position)))?;
        Ok(Shared::new(module))
    }
}

fn declarations(engine: &mut Engine, world: &Rc<World>) {
    let world = Rc::clone(world);
    engine.register_fn(
        "test",
        move |context: NativeCallContext<'_>, name: &str, body: FnPtr| -> Scripted<()> {
            let line = line_of(context.call_position()).unwrap_or(0);
            if world.performs.get() {
                return Err(raised(&context, "D1403", "a test cannot stand inside another"));
            }
            if name.trim().is_empty() {
                return Err(raised(&context, "D1403", "a test needs a name"));
            }
            if let Some(other) = world.tests.borrow().iter().find(|other| other.name == name) {
                let message = format!("there is a test \"{name}\" already, in line {}", other.line);
                return Err(raised(&context, "D1403", message));
            }
            let body = Closure::shared(&context, body);
            world.tests.borrow_mut().push(Declared { name: name.to_owned(), line, body });
            Ok(())
        },
    );
    engine.register_fn("fail", |context: NativeCallContext<'_>, message: &str| -> Scripted {
        Err(raise(&context, Failure::new(kind::FAILURE, message)))
    });
    engine.register_fn("fail", |context: NativeCallContext<'_>, message: &str, options: Map| -> Scripted {
        Err(raise(&context, failure(&context, kind::FAILURE, message, &options, &["type", "data", "cause"])?))
    });
}

/// A failure with the fields that are given.
fn failure(
    context: &NativeCallContext<'_>,
    kind: &str,
    message: &str,
    options: &Map,
    known: &[&str],
) -> Scripted<Failure> {
    let mut failure = Failure::new(kind, message);
    for (name, value) in options {
        if !known.contains(&name.as_str()) {
            return Err(raised(context, "D1403", unknown("option", name, known)));
        }
        failure = failure.with(name, value_of(context, value)?);
    }
    Ok(failure)
}

fn mocks(engine: &mut Engine, world: &Rc<World>) {
    let world = Rc::clone(world);
    engine.register_fn(
        "mock",
        move |context: NativeCallContext<'_>, name: &str, answer: Dynamic| -> Scripted<()> {
            let answer =
                Answer::of(&context, &answer).map_err(|message| raised(&context, "D1403", message))?;
            let line = line_of(context.call_position());
            world.mocks.borrow_mut().push(Mock { pattern: name.to_owned(), answer, line });
            Ok(())
        },
    );
    engine.register_type_with_name::<Answer>("answer");
    engine.register_fn("answers", |context: NativeCallContext<'_>, answers: Array| -> Scripted<Answer> {
        if answers.is_empty() {
            return Err(raised(&context, "D1403", "answers takes at least one: answers([1, 2])"));
        }
        let answers: Result<Vec<Answer>, String> =
            answers.iter().map(|answer| Answer::of(&context, answer)).collect();
        answers.map(Answer::Each).map_err(|message| raised(&context, "D1403", message))
    });
    engine.register_fn("fails", |message: &str| Answer::Fails(Failure::new(kind::ACTIVITY, message), false));
    engine.register_fn(
        "fails",
        |context: NativeCallContext<'_>, message: &str, options: Map| -> Scripted<Answer> {
            let mut rest = options;
            let permanent = match rest.remove("permanent") {
                None => false,
                Some(flag) => {
                    flag.as_bool().map_err(|_| raised(&context, "D1403", "permanent: is true or false"))?
                }
            };
            let failure = failure(&context, kind::ACTIVITY, message, &rest, OF_FAILS)?;
            Ok(Answer::Fails(failure, permanent))
        },
    );
    engine.register_fn(
        "takes",
        |context: NativeCallContext<'_>, time: Dynamic, answer: Dynamic| -> Scripted<Answer> {
            let ms = text_duration(&context, &time)?;
            let answer =
                Answer::of(&context, &answer).map_err(|message| raised(&context, "D1403", message))?;
            Ok(Answer::After(ms, Box::new(answer)))
        },
    );
    engine.register_fn("never", || Answer::Never);
}

/// When something happens: a duration, a time, or the text of one.
pub(super) fn when(context: &NativeCallContext<'_>, given: &Dynamic) -> Scripted<When> {
    if let Some(time) = given.read_lock::<Time>() {
        return Ok(When::At(time.at));
    }
    let text = given.read_lock::<ImmutableString>().map(|text| text.to_string());
    if let Some(at) = text.as_deref().and_then(parse_moment) {
        return Ok(When::At(at));
    }
    duration_ms(given).map(When::After).map_err(|message| raised(context, "D1403", message))
}

fn moments(engine: &mut Engine, world: &Rc<World>) {
    let here = Rc::clone(world);
    engine.register_fn(
        "at",
        move |context: NativeCallContext<'_>, moment: Dynamic, body: FnPtr| -> Scripted<()> {
            let moment = when(&context, &moment)?;
            here.schedule(moment, Closure::shared(&context, body));
            Ok(())
        },
    );
    for with_payload in [false, true] {
        let here = Rc::clone(world);
        let deliver =
            move |context: &NativeCallContext<'_>, name: &str, moment: &Dynamic, payload: &Dynamic| {
                let moment = when(context, moment)?;
                here.deliver(moment, name, &value_of(context, payload)?);
                Ok(())
            };
        if with_payload {
            engine.register_fn(
                "deliver",
                move |context: NativeCallContext<'_>,
                      name: &str,
                      moment: Dynamic,
                      payload: Dynamic|
                      -> Scripted<()> { deliver(&context, name, &moment, &payload) },
            );
        } else {
            engine.register_fn(
                "deliver",
                move |context: NativeCallContext<'_>, name: &str, moment: Dynamic| -> Scripted<()> {
                    deliver(&context, name, &moment, &Dynamic::UNIT)
                },
            );
        }
    }
    let here = Rc::clone(world);
    engine.register_fn("advance", move |context: NativeCallContext<'_>, time: Dynamic| -> Scripted<()> {
        let ms = text_duration(&context, &time)?;
        if here.playing.get().is_some() {
            return Err(raised(&context, "D1403", "time passes by itself while a run is played"));
        }
        here.stage.pass(ms);
        Ok(())
    });
    let here = Rc::clone(world);
    engine.register_fn("now", move || Time::utc(here.stage.now()));
    engine.register_fn("time", |context: NativeCallContext<'_>, text: &str| -> Scripted<Time> {
        let wrong = || format!("\"{text}\" is no time; write for example \"2026-03-01T12:00:00Z\"");
        parse_moment(text).map(Time::utc).ok_or_else(|| raised(&context, "D1403", wrong()))
    });
}

fn runs(engine: &mut Engine, world: &Rc<World>) {
    let here = Rc::clone(world);
    engine.register_fn("run", move |context: NativeCallContext<'_>| {
        begin(&context, &here, None, None, &Map::new())
    });
    let here = Rc::clone(world);
    engine.register_fn("run", move |context: NativeCallContext<'_>, given: Dynamic| {
        match given.read_lock::<ImmutableString>() {
            Some(script) => begin(&context, &here, Some(script.as_str()), None, &Map::new()),
            None => begin(&context, &here, None, Some(&given), &Map::new()),
        }
    });
    let here = Rc::clone(world);
    engine.register_fn("run", move |context: NativeCallContext<'_>, first: Dynamic, second: Dynamic| match (
        first.read_lock::<ImmutableString>(),
        second.read_lock::<Map>(),
    ) {
        (Some(script), _) => begin(&context, &here, Some(script.as_str()), Some(&second), &Map::new()),
        (None, Some(options)) => begin(&context, &here, None, Some(&first), &options),
        (None, None) => {
            Err(raised(&context, "D1403", "options are a map: run(input, #{ stop_at: \"30 days\" })"))
        }
    });
    let here = Rc::clone(world);
    engine.register_fn(
        "run",
        move |context: NativeCallContext<'_>, script: ImmutableString, input: Dynamic, options: Map| {
            begin(&context, &here, Some(script.as_str()), Some(&input), &options)
        },
    );
}

/// Plays a run.
fn begin(
    context: &NativeCallContext<'_>,
    world: &Rc<World>,
    script: Option<&str>,
    input: Option<&Dynamic>,
    options: &Map,
) -> Scripted<played::Handle> {
    if !world.performs.get() {
        return Err(raised(context, "D1403", "a run is played inside a test: test(\"…\", || { run(…) })"));
    }
    if world.playing.get().is_some() {
        return Err(raised(context, "D1403", "another run is played now; one is played after the other"));
    }
    let input =
        input.map_or(Ok(Value::Map(std::collections::BTreeMap::new())), |input| value_of(context, input))?;
    let mut plan = Plan { script: script.map(str::to_owned), input, ..Plan::default() };
    let until = options_of(context, &mut plan, options)?;
    let run = world.stage.begin(&plan).map_err(|trouble| troubled(context, trouble))?;
    world.runs.set(world.runs.get() + 1);
    world.run_begins();
    let until = until.map(|when| world.moment(when));
    world.play_on(context, run, until)?;
    Ok(played::Handle { run })
}

fn options_of(context: &NativeCallContext<'_>, plan: &mut Plan, options: &Map) -> Scripted<Option<When>> {
    const KNOWN: &[&str] = &["id", "timeout", "env", "at", "stop_at"];
    let mut until = None;
    for (name, value) in options {
        match name.as_str() {
            "id" => plan.id = Some(value.to_string()),
            "timeout" => plan.timeout_ms = Some(text_duration(context, value)?),
            "stop_at" => until = Some(when(context, value)?),
            "at" => match when(context, value)? {
                When::At(at) => plan.at = Some(at),
                When::After(_) => {
                    return Err(raised(context, "D1403", "at: is a time, such as \"2026-03-01T12:00:00Z\""));
                }
            },
            "env" => {
                let Ok(Value::Map(map)) = to_value(value) else {
                    return Err(raised(context, "D1403", format!("env: is a map, not {}", type_word(value))));
                };
                let text = |value: Value| value.as_text().map_or_else(|| value.to_string(), str::to_owned);
                plan.environment = map.into_iter().map(|(name, value)| (name, text(value))).collect();
            }
            _ => return Err(raised(context, "D1403", unknown("option", name, KNOWN))),
        }
    }
    Ok(until)
}
