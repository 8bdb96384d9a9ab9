//! `signal_run(id, name, data)`: a signal to another run; a crash does not repeat it.

use super::super::host::{Ask, Dispatch};
use super::super::raise::value_of;
use super::ask::{Given, script, tell, wrong};
use rhai::{Dynamic, Engine, ImmutableString, NativeCallContext};

/// The longest name of a signal, in characters.
const MAX_NAME: usize = 256;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(
        "signal_run",
        |context: NativeCallContext<'_>, id: ImmutableString, name: ImmutableString| {
            signal_run(&context, &id, &name, &Dynamic::UNIT)
        },
    );
    engine.register_fn(
        "signal_run",
        |context: NativeCallContext<'_>, id: ImmutableString, name: ImmutableString, data: Dynamic| {
            signal_run(&context, &id, &name, &data)
        },
    );
}

/// Sends it.
pub(super) fn signal_run(context: &NativeCallContext<'_>, id: &str, name: &str, data: &Dynamic) -> Given<()> {
    let caller = script(context)?;
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(wrong(context, format!("the name of a signal has from 1 to {MAX_NAME} characters")));
    }
    let payload = value_of(context, data)?;
    let dispatch = Dispatch::Signal { to: id.to_owned(), name: name.to_owned(), payload };
    tell(context, &caller, Ask::Dispatch(Box::new(dispatch)))
}
