//! `wait_until(|| bool, timeout?)`: waits until the predicate is true; false where the time-out came first.

use super::super::closure::Closure;
use super::super::host::Ask;
use super::super::raise::text_duration;
use super::ask::{Given, ask, script};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("wait_until", |context: NativeCallContext<'_>, predicate: FnPtr| {
        wait_until(&context, predicate, &Dynamic::UNIT)
    });
    engine.register_fn("wait_until", |context: NativeCallContext<'_>, predicate: FnPtr, timeout: Dynamic| {
        wait_until(&context, predicate, &timeout)
    });
}

fn wait_until(context: &NativeCallContext<'_>, predicate: FnPtr, timeout: &Dynamic) -> Given {
    let caller = script(context)?;
    let timeout_ms = if timeout.is_unit() { None } else { Some(text_duration(context, timeout)?) };
    let predicate = Closure::shared(context, predicate);
    ask(context, &caller, Ask::WaitUntil { predicate, timeout_ms })
}
