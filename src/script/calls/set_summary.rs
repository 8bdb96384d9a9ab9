//! `set_summary(text)`: what the run is about, shown by `status` and `list`.

use super::ask::{Given, script};
use rhai::{Engine, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("set_summary", |context: NativeCallContext<'_>, text: ImmutableString| -> Given<()> {
        script(&context)?.host.set_summary(text.to_string());
        Ok(())
    });
}
