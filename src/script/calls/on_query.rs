//! `on_query(name, |args| …)`: an answer computed from the script's variables when somebody asks.

use super::super::closure::Closure;
use super::ask::{Given, script, wrong};
use rhai::{Engine, FnPtr, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(
        "on_query",
        |context: NativeCallContext<'_>, name: ImmutableString, handler: FnPtr| -> Given<()> {
            let caller = script(&context)?;
            if name.is_empty() {
                return Err(wrong(&context, "on_query needs the name of a query"));
            }
            caller.host.on_query(name.to_string(), Closure::shared(&context, handler));
            Ok(())
        },
    );
}
