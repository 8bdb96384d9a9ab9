//! `sleep(duration)` and `sleep_until(time)`: a durable timer; a waiting run needs no process.

use super::super::host::{Ask, Until};
use super::super::raise::{text_duration, type_word};
use super::super::time_value::Time;
use super::ask::{Given, ask, script, wrong};
use crate::history::Moment;
use crate::timer::parse_moment;
use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString, NativeCallContext};

/// Every overload that the engine's own packages have is replaced: one left open would block a thread, unrecorded.
pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("sleep", |context: NativeCallContext<'_>, seconds: INT| {
        sleep(&context, &seconds.into())
    });
    engine.register_fn("sleep", |context: NativeCallContext<'_>, seconds: FLOAT| {
        sleep(&context, &seconds.into())
    });
    engine.register_fn("sleep", |context: NativeCallContext<'_>, duration: ImmutableString| {
        sleep(&context, &duration.into())
    });
    engine
        .register_fn("sleep", |context: NativeCallContext<'_>, duration: Dynamic| sleep(&context, &duration));
    engine.register_fn("sleep_until", |context: NativeCallContext<'_>, time: Dynamic| {
        sleep_until(&context, &time)
    });
}

fn sleep(context: &NativeCallContext<'_>, duration: &Dynamic) -> Given {
    let caller = script(context)?;
    let ms = text_duration(context, duration)?;
    ask(context, &caller, Ask::Sleep(Until::After(ms)))
}

fn sleep_until(context: &NativeCallContext<'_>, time: &Dynamic) -> Given {
    let caller = script(context)?;
    let at = instant(context, time)?;
    ask(context, &caller, Ask::Sleep(Until::At(at)))
}

/// A time, or its text.
pub(super) fn instant(context: &NativeCallContext<'_>, time: &Dynamic) -> Given<Moment> {
    if let Some(time) = time.read_lock::<Time>() {
        Ok(time.at)
    } else if let Some(text) = time.read_lock::<ImmutableString>() {
        parse_moment(&text).ok_or_else(|| {
            wrong(
                context,
                format!("\"{}\" is no time; write for example \"2026-12-24T18:00:00+01:00\"", text.as_str()),
            )
        })
    } else {
        let message = format!("{} takes a time or its text, not {}", context.fn_name(), type_word(time));
        Err(wrong(context, message))
    }
}
