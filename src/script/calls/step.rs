//! `step(name, options?, || …)`: a closure of the script as recorded work.

use super::super::body::Body;
use super::super::closure::Closure;
use super::super::host::{Ask, Effect};
use super::super::raise::raise;
use super::ask::{Given, ask, script};
use super::options;
use crate::history::{CommandKind, CommandLabel, Failure, RetryPolicy, Value, kind};
use rhai::{Engine, FnPtr, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("step", |context: NativeCallContext<'_>, name: ImmutableString, work: FnPtr| {
        step(&context, &name, &Map::new(), work)
    });
    engine.register_fn(
        "step",
        |context: NativeCallContext<'_>, name: ImmutableString, options: Map, work: FnPtr| {
            step(&context, &name, &options, work)
        },
    );
}

fn step(context: &NativeCallContext<'_>, name: &str, map: &Map, work: FnPtr) -> Given {
    let caller = script(context)?;
    let options = options::read(context, &caller, map, &[], RetryPolicy::endless())?;
    let closure = Closure::copied(context, work).map_err(|_| {
        raise(
            context,
            Failure::new(kind::HELD, "a variable that the step captures is held by a suspended call"),
        )
    })?;
    let effect = Effect {
        label: CommandLabel { kind: CommandKind::Step, name: name.to_owned() },
        input: Value::Null,
        options: options.effect,
        body: Some(Body::new(std::rc::Rc::clone(&caller.script), closure, None)),
        probe: options.probe,
        undo: options.undo,
    };
    ask(context, &caller, Ask::Effect(Box::new(effect)))
}
