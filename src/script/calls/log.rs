//! `log(level?, message, #{…})`: a line of the run's log, once and not on replay.

use super::super::host::{Level, Said};
use super::super::raise::value_of;
use super::super::strand::Mode;
use super::ask::{Given, caller, wrong};
use crate::history::Value;
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

/// The levels by the words that a script writes.
pub(in super::super) const LEVELS: &[(&str, Level)] =
    &[("debug", Level::Debug), ("info", Level::Info), ("warn", Level::Warn), ("error", Level::Error)];

/// What is said of a level that there is not.
pub(in super::super) fn no_level(word: &str) -> String {
    format!("there is no log level \"{word}\"; there are debug, info, warn and error")
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("log", |context: NativeCallContext<'_>, message: Dynamic| {
        log(&context, "info", &message, None)
    });
    // The engine's own of that name, the logarithm, would take a lone float and say nothing.
    engine.register_fn("log", |context: NativeCallContext<'_>, message: rhai::FLOAT| {
        log(&context, "info", &message.into(), None)
    });
    engine.register_fn("log", |context: NativeCallContext<'_>, message: Dynamic, fields: Map| {
        log(&context, "info", &message, Some(fields))
    });
    engine.register_fn("log", |context: NativeCallContext<'_>, level: ImmutableString, message: Dynamic| {
        log(&context, &level, &message, None)
    });
    engine.register_fn(
        "log",
        |context: NativeCallContext<'_>, level: ImmutableString, message: Dynamic, fields: Map| {
            log(&context, &level, &message, Some(fields))
        },
    );
}

fn log(context: &NativeCallContext<'_>, level: &str, message: &Dynamic, fields: Option<Map>) -> Given<()> {
    let caller = caller(context)?;
    let Some((_, level)) = LEVELS.iter().find(|(word, _)| *word == level) else {
        return Err(wrong(context, no_level(level)));
    };
    let fields = fields.map_or(Ok(Value::Null), |fields| value_of(context, &fields.into()))?;
    if caller.mode != Mode::ReadOnly {
        caller.host.log(Said { level: *level, text: text_of(context, message), fields });
    }
    Ok(())
}

/// A value as `print` shows it: what is no type of the engine's own (a time, the result of a process) knows how, also inside a
/// map or array.
fn text_of(context: &NativeCallContext<'_>, message: &Dynamic) -> String {
    let shown = context.call_native_fn::<ImmutableString>("to_string", (message.clone(),));
    shown.map_or_else(|_| message.to_string(), Into::into)
}
