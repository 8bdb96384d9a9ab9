//! Failures raised into a script, and small readings of arguments shared by the host calls.

use super::convert::{to_dynamic, to_value};
use super::process_result::ProcessResult;
use super::rewrite::FORGET;
use super::strand::{Context, is_put_down};
use super::time_value::Time;
use crate::history::{CallSite, Failure, Value, kind};
use crate::timer::parse_duration;
use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext, Position};

/// The error that a script catches as the failure's map, at the line of the call.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn raise(context: &NativeCallContext<'_>, mut failure: Failure) -> Box<EvalAltResult> {
    remember(context, &mut failure);
    raise_at(context.call_position(), failure)
}

/// The same at a given place.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn raise_at(position: Position, mut failure: Failure) -> Box<EvalAltResult> {
    if is_put_down() {
        return Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, position));
    }
    if failure.kind == kind::THROWN
        && let Some(value) = failure.data.get("value")
    {
        // What a script threw itself arrives as it was thrown.
        return Box::new(EvalAltResult::ErrorRuntime(to_dynamic(value), position));
    }
    if failure.line.is_none() {
        failure.line = line_of(position);
    }
    Box::new(EvalAltResult::ErrorRuntime(to_dynamic(&failure.to_value()), position))
}

/// Keeps where a failure of another strand or of a body was raised, for the map that the script sees does not say it, and that it
/// came out of the command that is called here.
pub(super) fn remember(context: &NativeCallContext<'_>, failure: &mut Failure) {
    let (Some(raised), Some(caller)) = (&mut failure.raised, Context::current()) else { return };
    let line = line_of(context.call_position());
    let name = context.fn_name();
    raised.called_by(line.map(|line| CallSite {
        name: name.strip_prefix(FORGET).unwrap_or(name).to_owned(),
        line,
        file: context.call_source().filter(|file| *file != caller.script.source().path).map(str::to_owned),
    }));
    caller.raised.replace(Some(failure.clone()));
}

/// The failure last raised on this strand, where it is this one.
pub(super) fn remembered(failure: &Failure) -> Option<Failure> {
    let raised = Context::current()?.raised.borrow().clone()?;
    let is_it =
        raised.kind == failure.kind && raised.message == failure.message && raised.data == failure.data;
    is_it.then_some(raised)
}

/// The line of a position, where it has one.
pub(super) fn line_of(position: Position) -> Option<u32> {
    position.line().and_then(|line| u32::try_from(line).ok())
}

/// A recorded value of an argument, or the failure that says why it cannot be one.
pub(super) fn value_of(
    context: &NativeCallContext<'_>,
    argument: &Dynamic,
) -> Result<Value, Box<EvalAltResult>> {
    to_value(argument).map_err(|refused| raise(context, refused.failure()))
}

/// A duration in milliseconds: text, or whole or broken seconds.
pub(super) fn text_duration(
    context: &NativeCallContext<'_>,
    argument: &Dynamic,
) -> Result<i64, Box<EvalAltResult>> {
    duration_ms(argument).map_err(|message| raise(context, Failure::new(kind::BAD_OPTION, message)))
}

/// A duration in milliseconds, or a sentence.
pub(super) fn duration_ms(argument: &Dynamic) -> Result<i64, String> {
    const LONGEST_S: i64 = 100 * 365 * 86_400;
    if let Ok(seconds) = argument.as_int() {
        return match seconds {
            0..=LONGEST_S => Ok(seconds * 1000),
            i64::MIN..0 => Err(format!("a duration may not be negative: {seconds}")),
            _ => Err(format!("{seconds} seconds is longer than 100 years")),
        };
    }
    if let Ok(seconds) = argument.as_float() {
        return parse_duration(&format!("{seconds}s")).map_err(|error| error.to_string());
    }
    if let Some(text) = argument.read_lock::<ImmutableString>() {
        return parse_duration(&text).map_err(|error| error.to_string());
    }
    Err(format!("a duration is text such as \"30s\" or a number of seconds, not {}", type_word(argument)))
}

/// Where the text is that is meant by a value which is none; it goes on from the word for its type.
pub(super) fn text_in(value: &Dynamic) -> &'static str {
    if value.is::<super::handle::Handle>() {
        "; its value is what .join() gives"
    } else if value.is::<ProcessResult>() {
        ", as the result of a call is one: its text is .stdout"
    } else {
        ""
    }
}

/// The word for a value's type in messages.
pub(super) fn type_word(value: &Dynamic) -> &str {
    if value.is_fnptr() {
        "a function"
    } else if value.is_map() || value.is::<ProcessResult>() {
        "a map"
    } else if value.is_array() {
        "an array"
    } else if value.is_unit() {
        "()"
    } else if value.is_string() {
        "text"
    } else if value.is_bool() {
        "a bool"
    } else if value.is_int() || value.is_float() {
        "a number"
    } else if value.is::<Time>() {
        "a time"
    } else if value.is::<std::ops::Range<rhai::INT>>() || value.is::<std::ops::RangeInclusive<rhai::INT>>() {
        "a range"
    } else if value.is::<super::handle::Handle>() {
        "a handle"
    } else {
        value.type_name()
    }
}
