//! `on_signal(name, |data| …)`: a handler; each signal of that name starts it as a strand.

use super::super::closure::Closure;
use super::ask::{Given, script, wrong};
use rhai::{Engine, FnPtr, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(
        "on_signal",
        |context: NativeCallContext<'_>, name: ImmutableString, handler: FnPtr| -> Given<()> {
            let caller = script(&context)?;
            if name.is_empty() {
                return Err(wrong(&context, "on_signal needs the name of a signal"));
            }
            caller.host.on_signal(name.to_string(), Closure::shared(&context, handler));
            Ok(())
        },
    );
}
