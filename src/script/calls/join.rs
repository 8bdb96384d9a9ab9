//! What handles can do: `h.join()`, `h.done()`, `h.cancel()`, `join_all([h…])`, `select([h…])`.

use super::super::convert::to_dynamic;
use super::super::handle::Handle;
use super::super::host::{Ask, Asked};
use super::super::raise::{line_of, raise, remember, type_word};
use super::ask::{Given, caller, script, tell, wrong};
use crate::history::{Failure, kind};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Handle>("handle");
    engine.register_fn("to_string", |handle: &mut Handle| handle.to_string());
    engine.register_fn("to_debug", |handle: &mut Handle| handle.to_string());
    for name in ["+", "+="] {
        engine.register_fn(
            name,
            |context: NativeCallContext<'_>, _: &mut ImmutableString, _: Handle| -> Given {
                Err(unjoined(&context))
            },
        );
    }
    engine.register_fn("+", |context: NativeCallContext<'_>, _: Handle, _: ImmutableString| -> Given {
        Err(unjoined(&context))
    });
    engine.register_fn("join", |context: NativeCallContext<'_>, handle: &mut Handle| join(&context, handle));
    engine.register_fn("done", |context: NativeCallContext<'_>, handle: &mut Handle| -> Given<bool> {
        caller(&context)?;
        Ok(handle.ended().is_some())
    });
    engine.register_fn("cancel", |context: NativeCallContext<'_>, handle: &mut Handle| -> Given<()> {
        let caller = script(&context)?;
        tell(&context, &caller, Ask::Cancel(handle.clone()))?;
        Ok(())
    });
    engine.register_fn("join_all", |context: NativeCallContext<'_>, handles: Array| {
        join_all(&context, &handles)
    });
    engine.register_fn("select", |context: NativeCallContext<'_>, handles: Array| select(&context, &handles));
}

/// A handle that is added to a text.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
fn unjoined(context: &NativeCallContext<'_>) -> Box<EvalAltResult> {
    raise(context, Failure::new(kind::FAULT, "a handle is no text: its value is what .join() gives"))
}

pub(super) fn join(context: &NativeCallContext<'_>, handle: &Handle) -> Given {
    let caller = script(context)?;
    tell(context, &caller, Ask::JoinAll(vec![handle.clone()]))?;
    value(context, handle)
}

fn join_all(context: &NativeCallContext<'_>, handles: &Array) -> Given<Array> {
    let caller = script(context)?;
    let handles = all(context, handles)?;
    if let Err(failure) =
        caller.ask(Asked { ask: Ask::JoinAll(handles.clone()), line: line_of(context.call_position()) })
    {
        return Err(raise_with_data(context, failure));
    }
    handles.iter().map(|handle| value(context, handle)).collect()
}

fn select(context: &NativeCallContext<'_>, handles: &Array) -> Given<Map> {
    let caller = script(context)?;
    let handles = all(context, handles)?;
    if handles.is_empty() {
        return Err(wrong(context, "select needs at least one handle: of nothing, nothing ever ends"));
    }
    let index = caller
        .ask(Asked { ask: Ask::Select(handles.clone()), line: line_of(context.call_position()) })
        .map_err(|failure| raise_with_data(context, failure))?;
    let index = index.as_int().unwrap_or_default();
    let selected = usize::try_from(index).ok().and_then(|index| handles.get(index));
    let value = selected.map(|handle| value(context, handle)).transpose()?;
    let mut answer = Map::new();
    answer.insert("index".into(), index.into());
    answer.insert("value".into(), value.unwrap_or(Dynamic::UNIT));
    Ok(answer)
}

/// The failure as its map also where a script threw something else, so that what is said beside it is not lost.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn raise_with_data(context: &NativeCallContext<'_>, mut failure: Failure) -> Box<EvalAltResult> {
    let has_index = failure.data.contains_key("index") || failure.data.contains_key("item");
    if failure.kind == kind::THROWN && has_index {
        remember(context, &mut failure);
        failure.line = failure.line.or(line_of(context.call_position()));
        let map = to_dynamic(&failure.to_value());
        return Box::new(EvalAltResult::ErrorRuntime(map, context.call_position()));
    }
    raise(context, failure)
}

fn value(context: &NativeCallContext<'_>, handle: &Handle) -> Given {
    handle.value().map_err(|_| {
        raise(context, Failure::new(kind::HELD, "the value is held by a call that has not returned yet"))
    })
}

fn all(context: &NativeCallContext<'_>, handles: &Array) -> Given<Vec<Handle>> {
    handles
        .iter()
        .map(|handle| {
            handle.read_lock::<Handle>().map(|handle| handle.clone()).ok_or_else(|| {
                let message = format!(
                    "{} takes an array of handles, of strand, start_activity, start_child or timer; one is {}",
                    context.fn_name(),
                    type_word(handle)
                );
                wrong(context, message)
            })
        })
        .collect()
}
