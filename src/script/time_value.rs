//! The time value that `now()` gives a script: prints as RFC 3339, compares, adds durations, formats, moves zones.

use super::raise::{raise, text_duration};
use crate::history::{Failure, Moment, kind};
use crate::timer::{Zone, format_moment, rfc3339};
use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, ImmutableString, NativeCallContext};
use std::fmt;

/// An instant with the zone that it is shown in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    /// The instant.
    pub(crate) at: Moment,
    /// Where.
    pub(crate) zone: Zone,
}

impl Time {
    /// The instant in UTC.
    pub(crate) fn utc(at: Moment) -> Self {
        Self { at, zone: Zone::UTC }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.zone == Zone::UTC {
            return f.write_str(&rfc3339(self.at));
        }
        f.write_str(&format_moment(self.at, self.zone, "%Y-%m-%dT%H:%M:%S%.3f%:z").unwrap_or_default())
    }
}

type Scripted<T> = Result<T, Box<EvalAltResult>>;

fn shifted(context: &NativeCallContext<'_>, time: Time, duration: &Dynamic, sign: i64) -> Scripted<Time> {
    let ms = text_duration(context, duration)?;
    Ok(Time { at: time.at.plus_ms(ms.saturating_mul(sign)), zone: time.zone })
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "milliseconds of any calendar fit")]
fn seconds_between(later: Time, earlier: Time) -> FLOAT {
    later.at.since_ms(earlier.at) as FLOAT / 1000.0
}

/// Registers the type and its operations.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Time>("time");
    engine.register_fn("to_string", |time: &mut Time| time.to_string());
    engine.register_fn("to_debug", |time: &mut Time| time.to_string());
    engine.register_fn("print", |time: &mut Time| time.to_string());
    engine.register_fn("+", |context: NativeCallContext<'_>, time: Time, duration: ImmutableString| {
        shifted(&context, time, &duration.into(), 1)
    });
    engine.register_fn("+", |context: NativeCallContext<'_>, time: Time, seconds: i64| {
        shifted(&context, time, &seconds.into(), 1)
    });
    engine.register_fn("-", |context: NativeCallContext<'_>, time: Time, duration: ImmutableString| {
        shifted(&context, time, &duration.into(), -1)
    });
    engine.register_fn("-", |context: NativeCallContext<'_>, time: Time, seconds: i64| {
        shifted(&context, time, &seconds.into(), -1)
    });
    engine.register_fn("-", seconds_between);
    engine.register_fn("==", |a: Time, b: Time| a.at == b.at);
    engine.register_fn("!=", |a: Time, b: Time| a.at != b.at);
    engine.register_fn("<", |a: Time, b: Time| a.at < b.at);
    engine.register_fn("<=", |a: Time, b: Time| a.at <= b.at);
    engine.register_fn(">", |a: Time, b: Time| a.at > b.at);
    engine.register_fn(">=", |a: Time, b: Time| a.at >= b.at);
    engine.register_get("unix_ms", |time: &mut Time| time.at.0);
    engine.register_fn(
        "format",
        |context: NativeCallContext<'_>, time: &mut Time, pattern: ImmutableString| -> Scripted<String> {
            format_moment(time.at, time.zone, &pattern).ok_or_else(|| {
                let message =
                    format!("\"{pattern}\" is no date pattern; write for example \"%Y-%m-%d %H:%M\"");
                raise(&context, Failure::new(kind::BAD_OPTION, message))
            })
        },
    );
    engine.register_fn(
        "in_zone",
        |context: NativeCallContext<'_>, time: &mut Time, name: ImmutableString| -> Scripted<Time> {
            Ok(Time { at: time.at, zone: zone(&context, &name)? })
        },
    );
}

/// The zone of that name, or an error that says what a zone looks like.
pub(super) fn zone(context: &NativeCallContext<'_>, name: &str) -> Scripted<Zone> {
    Zone::named(name).ok_or_else(|| {
        let message = format!("\"{name}\" is no time zone; write for example \"UTC\" or \"Europe/Berlin\"");
        raise(context, Failure::new(kind::BAD_OPTION, message))
    })
}
