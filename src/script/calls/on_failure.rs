//! `on_failure(|err| …)`: what is done once when the run is about to have failed, after its undos.

use super::super::closure::Closure;
use super::ask::{Given, script};
use rhai::{Engine, FnPtr, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("on_failure", |context: NativeCallContext<'_>, handler: FnPtr| -> Given<()> {
        let caller = script(&context)?;
        caller.host.on_failure(Closure::shared(&context, handler));
        Ok(())
    });
}
