//! `on_update(name, |arg| …, #{validate: |arg| …})`: who asks it waits for what the handler gives; `validate` may refuse before.

use super::super::closure::Closure;
use super::super::raise::type_word;
use super::ask::{Given, script, wrong};
use super::options;
use rhai::{Engine, FnPtr, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(
        "on_update",
        |context: NativeCallContext<'_>, name: ImmutableString, handler: FnPtr| {
            on_update(&context, &name, handler, &Map::new())
        },
    );
    engine.register_fn(
        "on_update",
        |context: NativeCallContext<'_>, name: ImmutableString, handler: FnPtr, options: Map| {
            on_update(&context, &name, handler, &options)
        },
    );
    engine.register_fn(
        "on_update",
        |context: NativeCallContext<'_>, name: ImmutableString, options: Map, handler: FnPtr| {
            on_update(&context, &name, handler, &options)
        },
    );
}

fn on_update(context: &NativeCallContext<'_>, name: &str, handler: FnPtr, map: &Map) -> Given<()> {
    let caller = script(context)?;
    if name.is_empty() {
        return Err(wrong(context, "on_update needs the name of an update"));
    }
    let mut validate = None;
    for (option, value) in map {
        match option.as_str() {
            "validate" => {
                let function = value.clone().try_cast::<FnPtr>().ok_or_else(|| {
                    wrong(context, format!("validate is a closure, not {}", type_word(value)))
                })?;
                validate = Some(Closure::shared(context, function));
            }
            other => return Err(wrong(context, options::unknown("option", other, &["validate"]))),
        }
    }
    caller.host.on_update(name.to_owned(), Closure::shared(context, handler), validate);
    Ok(())
}
