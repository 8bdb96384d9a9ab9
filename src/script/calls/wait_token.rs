//! `wait_token(token, timeout or #{timeout, otherwise})`: waits until somebody resolves or rejects the token, however long.

use super::super::host::Ask;
use super::super::raise::{text_duration, type_word, value_of};
use super::ask::{Given, ask, script, wrong};
use super::options;
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("wait_token", |context: NativeCallContext<'_>, token: ImmutableString| {
        wait_token(&context, &token, &Dynamic::UNIT)
    });
    engine.register_fn(
        "wait_token",
        |context: NativeCallContext<'_>, token: ImmutableString, options: Dynamic| {
            wait_token(&context, &token, &options)
        },
    );
}

fn wait_token(context: &NativeCallContext<'_>, token: &str, given: &Dynamic) -> Given {
    const KNOWN: &[&str] = &["timeout", "otherwise"];
    let caller = script(context)?;
    let (mut timeout_ms, mut otherwise) = (None, None);
    if let Some(map) = given.read_lock::<Map>() {
        for (name, value) in map.iter() {
            match name.as_str() {
                "timeout" if value.is_unit() => {}
                "timeout" => timeout_ms = Some(text_duration(context, value)?),
                "otherwise" => otherwise = Some(value_of(context, value)?),
                other => return Err(wrong(context, options::unknown("option", other, KNOWN))),
            }
        }
    } else if given.is_fnptr() {
        return Err(wrong(
            context,
            format!("wait_token takes a time-out or options, not {}", type_word(given)),
        ));
    } else if !given.is_unit() {
        timeout_ms = Some(text_duration(context, given)?);
    }
    let token = token.to_owned();
    ask(context, &caller, Ask::WaitToken { token, timeout_ms, otherwise })
}
