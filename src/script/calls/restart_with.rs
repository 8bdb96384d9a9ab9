//! `restart_with(input)`: this history ends here, and the next one of the run begins with another input.

use super::super::host::Ask;
use super::super::raise::value_of;
use super::ask::{Given, ask, script};
use rhai::{Dynamic, Engine, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("restart_with", |context: NativeCallContext<'_>, input: Dynamic| -> Given {
        let caller = script(&context)?;
        let input = value_of(&context, &input)?;
        ask(&context, &caller, Ask::Restart(input))
    });
}
