//! `token()`: a name to give out, by which an outside system says how something ended.

use super::ask::{Given, script};
use rhai::{Engine, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("token", |context: NativeCallContext<'_>| -> Given<String> {
        Ok(script(&context)?.host.token())
    });
}
