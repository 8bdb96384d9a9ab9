//! `publish(key, value)`: a value that others read without replay.

use super::super::raise::value_of;
use super::ask::{Given, script, wrong};
use rhai::{Dynamic, Engine, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(
        "publish",
        |context: NativeCallContext<'_>, key: ImmutableString, value: Dynamic| -> Given<()> {
            let caller = script(&context)?;
            if key.is_empty() {
                return Err(wrong(&context, "publish needs a key"));
            }
            caller.host.publish(key.to_string(), value_of(&context, &value)?);
            Ok(())
        },
    );
}
