//! `fail(message, #{cause, type, data})`: the run fails, unless the script catches it.

use super::super::raise::{raise, value_of};
use super::ask::{Given, caller, wrong};
use super::options;
use crate::history::{Failure, Value, kind};
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("fail", |context: NativeCallContext<'_>, message: ImmutableString| {
        fail(&context, &message, &Map::new())
    });
    engine.register_fn("fail", |context: NativeCallContext<'_>, message: ImmutableString, options: Map| {
        fail(&context, &message, &options)
    });
}

fn fail(context: &NativeCallContext<'_>, message: &str, map: &Map) -> Given {
    const KNOWN: &[&str] = &["cause", "type", "data"];
    caller(context)?;
    let mut failure = Failure::new(kind::FAILURE, message);
    if map.contains_key("kind") && map.contains_key("message") {
        // An error caught and handed on is the cause.
        failure = failure.with("cause", value_of(context, &Dynamic::from_map(map.clone()))?);
    } else {
        for (name, value) in map {
            if !KNOWN.contains(&name.as_str()) {
                return Err(wrong(context, options::unknown("option", name, KNOWN)));
            }
            let value = value_of(context, value)?;
            if name == "type" && !matches!(value, Value::Text(_)) {
                return Err(wrong(context, "type is text"));
            }
            failure = failure.with(name, value);
        }
    }
    Err(raise(context, failure))
}
