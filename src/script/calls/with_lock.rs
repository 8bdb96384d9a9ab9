//! `with_lock(name, || …)`: the closure runs while no other run of the store holds the lock of that name.

use super::super::host::{Ask, Asked};
use super::super::raise::{duration_ms, line_of};
use super::ask::{Given, ask, script, wrong};
use super::options;
use crate::history::OpId;
use rhai::{Engine, FnPtr, ImmutableString, Map, NativeCallContext};

/// The longest name in bytes: what the store takes as a key.
const NAME_BYTES: usize = 256;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("with_lock", |context: NativeCallContext<'_>, name: ImmutableString, work: FnPtr| {
        with_lock(&context, &name, &Map::new(), &work)
    });
    engine.register_fn(
        "with_lock",
        |context: NativeCallContext<'_>, name: ImmutableString, options: Map, work: FnPtr| {
            with_lock(&context, &name, &options, &work)
        },
    );
}

fn with_lock(context: &NativeCallContext<'_>, name: &str, map: &Map, work: &FnPtr) -> Given {
    let caller = script(context)?;
    let mut timeout_ms = None;
    for (option, value) in map {
        match option.as_str() {
            "timeout" => timeout_ms = Some(duration_ms(value).map_err(|error| wrong(context, error))?),
            other => return Err(wrong(context, options::unknown("option", other, &["timeout"]))),
        }
    }
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(wrong(context, format!("the name of a lock has from 1 to {NAME_BYTES} bytes")));
    }
    let op = ask(context, &caller, Ask::Lock { name: name.to_owned(), timeout_ms })?;
    let op = OpId(op.as_int().ok().and_then(|op| u32::try_from(op).ok()).unwrap_or_default());
    let result = work.call_raw(context, None, []);
    let threw = result.is_err();
    // Letting go never fails and is never interrupted.
    drop(caller.ask(Asked { ask: Ask::Unlock { op, threw }, line: line_of(context.call_position()) }));
    result
}
