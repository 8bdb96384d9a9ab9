//! `wait_signal(name or [names], timeout or #{timeout, otherwise})`: waits for a signal, however long.

use super::super::host::Ask;
use super::super::raise::{text_duration, type_word, value_of};
use super::ask::{Given, ask, script, wrong};
use super::options;
use crate::history::Value;
use rhai::{Dynamic, Engine, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("wait_signal", |context: NativeCallContext<'_>, names: Dynamic| {
        wait_signal(&context, &names, &Dynamic::UNIT)
    });
    engine.register_fn("wait_signal", |context: NativeCallContext<'_>, names: Dynamic, options: Dynamic| {
        wait_signal(&context, &names, &options)
    });
}

fn wait_signal(context: &NativeCallContext<'_>, names: &Dynamic, given: &Dynamic) -> Given {
    let caller = script(context)?;
    let wait = wait(context, names, given)?;
    ask(context, &caller, wait)
}

/// The wait that is asked for.
pub(super) fn wait(context: &NativeCallContext<'_>, names: &Dynamic, given: &Dynamic) -> Given<Ask> {
    const KNOWN: &[&str] = &["timeout", "otherwise"];
    let listed = names.is_array();
    let names = options::texts("a signal's name", names).map_err(|error| wrong(context, error))?;
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err(wrong(
            context,
            format!("{} needs the name of a signal, or an array of names", context.fn_name()),
        ));
    }
    let (mut timeout_ms, mut otherwise) = (None, Value::Null);
    if let Some(map) = given.read_lock::<Map>() {
        for (name, value) in map.iter() {
            match name.as_str() {
                "timeout" if value.is_unit() => {}
                "timeout" => timeout_ms = Some(text_duration(context, value)?),
                "otherwise" => otherwise = value_of(context, value)?,
                other => return Err(wrong(context, options::unknown("option", other, KNOWN))),
            }
        }
    } else if given.is_fnptr() {
        return Err(wrong(
            context,
            format!("{} takes a time-out or options, not {}", context.fn_name(), type_word(given)),
        ));
    } else if !given.is_unit() {
        timeout_ms = Some(text_duration(context, given)?);
    }
    Ok(Ask::WaitSignal { names, listed, timeout_ms, otherwise })
}
