//! `poll(name, #{every, factor, max, timeout}, || …)`: a closure of the script, tried until it gives neither `false` nor `()`.

use super::super::body::Body;
use super::super::closure::Closure;
use super::super::host::{Ask, Effect};
use super::super::raise::{duration_ms, raise};
use super::ask::{Given, ask, script, wrong};
use super::options;
use crate::history::{CommandKind, CommandLabel, EffectOptions, Failure, Moment, RetryPolicy, Value, kind};
use rhai::{Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext};
use std::rc::Rc;

/// The wait between two tries where nothing is said, in milliseconds.
const EVERY_MS: i64 = 10_000;
/// The longest wait between two tries where nothing is said and each is longer than the one before, in milliseconds.
const MAX_MS: i64 = 3_600_000;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("poll", |context: NativeCallContext<'_>, name: ImmutableString, work: FnPtr| {
        poll(&context, &name, &Map::new(), work)
    });
    engine.register_fn(
        "poll",
        |context: NativeCallContext<'_>, name: ImmutableString, options: Map, work: FnPtr| {
            poll(&context, &name, &options, work)
        },
    );
}

fn poll(context: &NativeCallContext<'_>, name: &str, map: &Map, work: FnPtr) -> Given {
    let caller = script(context)?;
    let options = read(map, caller.host.now()).map_err(|error| wrong(context, error))?;
    let closure = Closure::copied(context, work).map_err(|_| {
        raise(
            context,
            Failure::new(kind::HELD, "a variable that the poll captures is held by a suspended call"),
        )
    })?;
    let effect = Effect {
        label: CommandLabel { kind: CommandKind::Poll, name: name.to_owned() },
        input: Value::Null,
        options: Box::new(options),
        body: Some(Body::new(Rc::clone(&caller.script), closure, None)),
        probe: None,
        undo: None,
    };
    ask(context, &caller, Ask::Effect(Box::new(effect)))
}

fn read(map: &Map, now: Moment) -> Result<EffectOptions, String> {
    const KNOWN: &[&str] = &["every", "factor", "max", "timeout"];
    let (mut every_ms, mut max_ms) = (EVERY_MS, None);
    // The moments of a poll are asked for, so chance does not spread them.
    let mut policy = RetryPolicy { factor: 1.0, jitter: 0.0, ..RetryPolicy::endless() };
    let mut deadline = None;
    for (name, value) in map {
        match name.as_str() {
            "every" => every_ms = options::positive("every", value)?,
            "factor" => policy.factor = factor(value)?,
            "max" => max_ms = Some(duration_ms(value).map_err(|error| format!("max: {error}"))?),
            "timeout" => deadline = Some(now.plus_ms(options::positive("timeout", value)?)),
            other => return Err(options::unknown("option", other, KNOWN)),
        }
    }
    if max_ms.is_some_and(|max| max < every_ms) {
        return Err("max, the longest wait, may not be shorter than every".to_owned());
    }
    policy.first_ms = every_ms;
    policy.max_ms = max_ms.unwrap_or(MAX_MS.max(every_ms));
    let given = deadline.iter().map(|_| EffectOptions::DEADLINE_AFTER.to_owned()).collect();
    Ok(EffectOptions { deadline, given, ..EffectOptions::new(policy) })
}
/// By how much each wait is longer than the one before.
fn factor(value: &Dynamic) -> Result<f64, String> {
    options::number("factor", value, 1.0, 1000.0)
}

/// Whether a value may be the factor of a poll.
pub(super) fn check_factor(value: &Dynamic) -> Result<(), String> {
    factor(value).map(drop)
}
