//! `start_activity`, `timer`, `timer_until`, `start_wait_signal`: commands that are started and not waited for; each gives a handle.

use super::super::handle::Handle;
use super::super::host::{Ask, Until};
use super::super::raise::{line_of, text_duration};
use super::activity::effect;
use super::ask::{Given, script, tell};
use super::sleep::instant;
use super::wait_signal::wait;
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("start_activity", |context: NativeCallContext<'_>, name: ImmutableString| {
        start_activity(&context, &name, &Dynamic::UNIT, &Map::new())
    });
    engine.register_fn(
        "start_activity",
        |context: NativeCallContext<'_>, name: ImmutableString, input: Dynamic| {
            start_activity(&context, &name, &input, &Map::new())
        },
    );
    engine.register_fn(
        "start_activity",
        |context: NativeCallContext<'_>, name: ImmutableString, input: Dynamic, options: Map| {
            start_activity(&context, &name, &input, &options)
        },
    );
    // What a script calls where it keeps no handle.
    engine.register_fn(
        "durun_forget_start_activity",
        |context: NativeCallContext<'_>, name: ImmutableString| {
            start_activity(&context, &name, &Dynamic::UNIT, &Map::new()).map(drop)
        },
    );
    engine.register_fn(
        "durun_forget_start_activity",
        |context: NativeCallContext<'_>, name: ImmutableString, input: Dynamic| {
            start_activity(&context, &name, &input, &Map::new()).map(drop)
        },
    );
    engine.register_fn(
        "durun_forget_start_activity",
        |context: NativeCallContext<'_>, name: ImmutableString, input: Dynamic, options: Map| {
            start_activity(&context, &name, &input, &options).map(drop)
        },
    );
    engine.register_fn("timer", |context: NativeCallContext<'_>, duration: Dynamic| {
        let ms = text_duration(&context, &duration)?;
        start(&context, Ask::Sleep(Until::After(ms)), None)
    });
    engine.register_fn("timer_until", |context: NativeCallContext<'_>, time: Dynamic| {
        start(&context, Ask::Sleep(Until::At(instant(&context, &time)?)), None)
    });
    engine.register_fn("start_wait_signal", |context: NativeCallContext<'_>, names: Dynamic| {
        start(&context, wait(&context, &names, &Dynamic::UNIT)?, None)
    });
    engine.register_fn(
        "start_wait_signal",
        |context: NativeCallContext<'_>, names: Dynamic, options: Dynamic| {
            start(&context, wait(&context, &names, &options)?, None)
        },
    );
}

fn start_activity(
    context: &NativeCallContext<'_>,
    name: &str,
    input: &Dynamic,
    options: &Map,
) -> Given<Handle> {
    let caller = script(context)?;
    let effect = effect(context, &caller, name, input, options)?;
    start(context, Ask::Effect(Box::new(effect)), Some(name))
}

fn start(context: &NativeCallContext<'_>, command: Ask, name: Option<&str>) -> Given<Handle> {
    let caller = script(context)?;
    let handle = Handle::new(line_of(context.call_position()), name.map(str::to_owned));
    tell(context, &caller, Ask::Started { ask: Box::new(command), handle: handle.clone() })?;
    Ok(handle)
}
