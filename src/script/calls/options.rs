//! The options of effects: those of all (`timeout`, `retry`, `once` …) and, for processes, `cwd`, `env`, `stdin`, `ok_codes`, `stdout`.

use super::super::body::Body;
use super::super::closure::Closure;
use super::super::convert::to_value;
use super::super::raise::{duration_ms, raise, text_in, type_word};
use super::super::strand::{Context, Mode};
use super::super::time_value::Time;
use super::ask::{Given, wrong};
use crate::history::{
    EffectOptions, Failure, Moment, OnParentClose, Rate, RetryPolicy, Value, kind, nearest,
};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The options that every effect has.
pub(in super::super) const OF_ALL: &[&str] = &[
    "timeout",
    "deadline",
    "heartbeat",
    "retry",
    "at_most_once",
    "probe",
    "undo",
    "key",
    "once",
    "rate",
    "max_concurrent",
    "warn_after",
];
/// Those of them that a script may say once for all later effects: the others belong to one call.
pub(in super::super) const OF_DEFAULTS: &[&str] =
    &["timeout", "deadline", "heartbeat", "retry", "rate", "max_concurrent", "warn_after"];
/// The options that a process has besides.
pub(in super::super) const OF_PROCESS: &[&str] =
    &["cwd", "env", "stdin", "ok_codes", "stdout", "stdout_always", "name"];

/// Options of an effect, read.
pub(super) struct Options {
    /// What every effect has.
    pub(super) effect: Box<EffectOptions>,
    /// The closure that tells whether an at-most-once effect happened.
    pub(super) probe: Option<Body>,
    /// The closure that takes it back once it has completed.
    pub(super) undo: Option<Closure>,
    /// What else was given, as recorded values.
    pub(super) rest: BTreeMap<String, Value>,
}

/// Reads the options of an effect: those of all, and those of its own kind. `default` is how it is tried again where nothing is said.
pub(super) fn read(
    context: &NativeCallContext<'_>,
    caller: &Context,
    map: &Map,
    own: &[&'static str],
    default: RetryPolicy,
) -> Given<Options> {
    let effect = Box::new(EffectOptions::new(default));
    let mut options = Options { effect, probe: None, undo: None, rest: BTreeMap::new() };
    let defaults = caller.host.defaults().0;
    if map.is_empty() && defaults.is_empty() {
        return Ok(options);
    }
    let known = super::of_effect(own);
    let now = caller.host.now();
    // What the script has said for all, then what it says here: the call wins, of `retry` field by field.
    for (name, value) in &defaults {
        common(&mut options.effect, name, value, now).map_err(|error| wrong(context, error))?;
    }
    for (name, value) in map {
        let name = name.as_str();
        if !known.contains(&name) {
            return Err(wrong(context, unknown("option", name, &known)));
        }
        if name == "probe" {
            options.probe = Some(probe(context, caller, value)?);
            continue;
        }
        if name == "undo" {
            if caller.mode == Mode::Body {
                let message = "undo belongs to a call of the script: the effect inside is a part of its step";
                return Err(wrong(context, message));
            }
            options.undo = Some(super::on_undo::option(context, value)?);
            continue;
        }
        let own = own_option(name, value).map_err(|error| wrong(context, error))?;
        if let Some(value) = own {
            options.rest.insert(name.to_owned(), value);
        } else {
            common(&mut options.effect, name, value, now).map_err(|error| wrong(context, error))?;
        }
    }
    promises(map, &mut options).map_err(|error| wrong(context, error))?;
    Ok(options)
}

/// Checks options that are said once for all later effects.
pub(super) fn check_defaults(map: &Map, now: Moment) -> Result<(), String> {
    let mut scratch = EffectOptions::new(RetryPolicy::endless());
    for (name, value) in map {
        if !OF_DEFAULTS.contains(&name.as_str()) {
            if OF_ALL.contains(&name.as_str()) {
                return Err(format!("{name} belongs to one call and has no default"));
            }
            return Err(unknown("default", name, OF_DEFAULTS));
        }
        common(&mut scratch, name, value, now)?;
    }
    Ok(())
}

/// An option that only some effects have, as it is recorded.
fn own_option(name: &str, value: &Dynamic) -> Result<Option<Value>, String> {
    Ok(Some(match name {
        "cwd" => text("cwd", value)?.into(),
        "stdout" => match text("stdout", value)? {
            file if file.is_empty() => {
                return Err("stdout is the name of a file, and may not be empty".to_owned());
            }
            file => file.into(),
        },
        "stdout_always" => Value::Bool(
            value.as_bool().map_err(|_| format!("{name} is true or false, not {}", type_word(value)))?,
        ),
        "stdin" => stdin(value)?,
        "name" => title(value)?.into(),
        "env" => environment(value)?,
        "ok_codes" => codes(value)?,
        _ => return Ok(None),
    }))
}

/// An option that every effect has.
fn common(options: &mut EffectOptions, name: &str, value: &Dynamic, now: Moment) -> Result<(), String> {
    options.given.push(name.to_owned());
    match name {
        "timeout" => options.timeout_ms = Some(positive(name, value)?),
        "deadline" => {
            options.deadline = Some(instant(name, value, now)?);
            options.given.retain(|given| given != EffectOptions::DEADLINE_AFTER);
            if value.read_lock::<Time>().is_none() {
                options.given.push(EffectOptions::DEADLINE_AFTER.to_owned());
            }
        }
        "heartbeat" => options.heartbeat_ms = Some(positive(name, value)?),
        "retry" => options.retry = retry(value, options.retry.clone(), &mut options.given)?,
        "at_most_once" => {
            options.at_most_once =
                value.as_bool().map_err(|_| format!("{name} is true or false, not {}", type_word(value)))?;
        }
        "key" => options.key = Some(key(name, value)?),
        "once" => options.once = Some(key(name, value)?),
        "rate" => {
            options.rate =
                Some(Rate::parse(&text(name, value)?).map_err(|error| format!("{name}: {error}"))?);
        }
        "max_concurrent" => options.max_concurrent = Some(count(name, value)?),
        "warn_after" => options.warn_after_ms = positive(name, value)?,
        other => return Err(unknown("option", other, OF_ALL)),
    }
    Ok(())
}

/// Whether an option that every effect, or a process, has can have this value; one of another name is not looked at.
pub(in super::super) fn check_value(name: &str, value: &Dynamic) -> Result<(), String> {
    let is_closure = ["probe", "undo"].contains(&name);
    if is_closure
        || !OF_ALL.contains(&name) && !OF_PROCESS.contains(&name)
        || own_option(name, value)?.is_some()
    {
        return Ok(());
    }
    common(&mut EffectOptions::new(RetryPolicy::endless()), name, value, Moment(0))
}

/// The words that an option of a call may be, where it is one of a few.
pub(in super::super) fn choices_of(call: &str, name: &str) -> Option<Vec<&'static str>> {
    match (call, name) {
        ("parallel", "on_error") => Some(super::parallel::ON_ERROR.to_vec()),
        ("child" | "start_child", "on_parent_close") => {
            Some(OnParentClose::WORDS.iter().map(|(word, _)| *word).collect())
        }
        _ => None,
    }
}

/// What the options promise together: at most once is one attempt, unless a probe or the script itself allows more.
fn promises(map: &Map, options: &mut Options) -> Result<(), String> {
    let effect = &mut options.effect;
    if options.probe.is_some() && !effect.at_most_once {
        return Err("probe goes with at_most_once: true".to_owned());
    }
    if effect.once.is_some() && effect.key.is_some() {
        return Err("once is the idempotency key too; leave key out".to_owned());
    }
    if effect.at_most_once && options.probe.is_none() && !map.contains_key("retry") {
        effect.retry.attempts = Some(1);
        effect.given.push(ATTEMPTS.to_owned());
    }
    Ok(())
}

/// The closure that tells whether the effect of a key happened, kept by copy.
fn probe(context: &NativeCallContext<'_>, caller: &Context, value: &Dynamic) -> Given<Body> {
    let Some(function) = value.clone().try_cast::<FnPtr>() else {
        return Err(wrong(context, format!("probe is a closure: probe: |key| …, not {}", type_word(value))));
    };
    let closure = Closure::copied(context, function).map_err(|_| {
        raise(
            context,
            Failure::new(kind::HELD, "a variable that the probe captures is held by a suspended call"),
        )
    })?;
    Ok(Body::new(Rc::clone(&caller.script), closure, None))
}

/// "unknown option", with the nearest known one.
pub(in super::super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let near = super::super::foreign::option(name, known);
    match near.or_else(|| nearest(name, known.iter().copied())) {
        Some(near) => format!("there is no {what} \"{name}\"; did you mean \"{near}\"?"),
        None => format!("there is no {what} \"{name}\"; there are {}", known.join(", ")),
    }
}

pub(super) fn positive(name: &str, value: &Dynamic) -> Result<i64, String> {
    match duration_ms(value).map_err(|error| format!("{name}: {error}"))? {
        0 => Err(format!("{name} must be longer than nothing")),
        ms => Ok(ms),
    }
}

/// How the number of attempts is called among the options given.
const ATTEMPTS: &str = "retry.attempts";

fn retry(value: &Dynamic, mut policy: RetryPolicy, given: &mut Vec<String>) -> Result<RetryPolicy, String> {
    const KNOWN: &[&str] = &["first", "factor", "max", "jitter", "attempts", "except", "only", "retry_after"];
    if let Ok(flag) = value.as_bool() {
        return if flag {
            Err("retry: true says nothing; write how often, for example retry: 5".to_owned())
        } else {
            given.push(ATTEMPTS.to_owned());
            Ok(RetryPolicy { attempts: Some(1), ..policy })
        };
    }
    if value.is_int() {
        policy.attempts = Some(count("retry", value)?);
        given.push(ATTEMPTS.to_owned());
        return Ok(policy);
    }
    let Some(map) = value.read_lock::<Map>() else {
        return Err(format!("retry is a number of attempts, false or a map, not {}", type_word(value)));
    };
    for (name, value) in map.iter() {
        given.push(format!("retry.{name}"));
        match name.as_str() {
            "first" => {
                policy.first_ms = duration_ms(value).map_err(|error| format!("retry.first: {error}"))?;
            }
            "max" => policy.max_ms = duration_ms(value).map_err(|error| format!("retry.max: {error}"))?,
            "factor" => policy.factor = number("retry.factor", value, 1.0, 1000.0)?,
            "jitter" => policy.jitter = number("retry.jitter", value, 0.0, 1.0)?,
            "attempts" => policy.attempts = Some(count("retry.attempts", value)?),
            "retry_after" => {
                policy.retry_after =
                    value.as_bool().map_err(|_| "retry.retry_after is true or false".to_owned())?;
            }
            "except" => policy.except = texts("retry.except", value)?,
            "only" => policy.only = texts("retry.only", value)?,
            other => return Err(unknown("retry option", other, KNOWN)),
        }
    }
    if policy.max_ms < policy.first_ms {
        policy.max_ms = policy.first_ms;
    }
    Ok(policy)
}

/// A whole number of 1 or more.
fn count(name: &str, value: &Dynamic) -> Result<u32, String> {
    value
        .as_int()
        .ok()
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("{name} is a whole number, 1 or more"))
}

/// A key: text that is not empty, or a number.
fn key(name: &str, value: &Dynamic) -> Result<String, String> {
    const LONGEST: usize = 512;
    let key = if value.is_int() { value.to_string() } else { text(name, value)? };
    match key.len() {
        0 => Err(format!("{name} may not be empty")),
        1..=LONGEST => Ok(key),
        _ => Err(format!("{name} is longer than {LONGEST} bytes")),
    }
}

/// A duration from now, or an instant of its own.
fn instant(name: &str, value: &Dynamic, now: Moment) -> Result<Moment, String> {
    if let Some(time) = value.read_lock::<Time>() {
        return Ok(time.at);
    }
    positive(name, value).map(|ms| now.plus_ms(ms))
}

pub(super) fn number(name: &str, value: &Dynamic, least: f64, most: f64) -> Result<f64, String> {
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "bounded right below")]
    let given = value.as_float().or_else(|_| value.as_int().map(|int| int as f64)).ok();
    given
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{name} is a number from {least} to {most}"))
}

pub(super) fn text(name: &str, value: &Dynamic) -> Result<String, String> {
    value
        .read_lock::<ImmutableString>()
        .map(|text| text.to_string())
        .ok_or_else(|| format!("{name} is text, not {}", type_word(value)))
}

/// A text or an array of texts.
pub(super) fn texts(name: &str, value: &Dynamic) -> Result<Vec<String>, String> {
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(|item| text(name, item)).collect();
    }
    Ok(vec![text(name, value)?])
}

/// The argument of a process: text as it is, numbers and bools as they print.
pub(super) fn word(value: &Dynamic) -> Result<String, String> {
    if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        return Ok(value.to_string());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.to_string());
    }
    if let Some(time) = value.read_lock::<Time>() {
        return Ok(time.to_string());
    }
    let more = text_in(value);
    Err(format!("an argument of a process is text or a number, not {}{more}", type_word(value)))
}

/// Whether a value may be an argument of a process.
pub(in super::super) fn check_word(value: &Dynamic) -> Result<(), String> {
    word(value).map(drop)
}

/// The name that a call is shown under, in place of its program or address: a line, cut where it is long.
pub(super) fn title(value: &Dynamic) -> Result<String, String> {
    const LONGEST: usize = 100;
    let title = text("name", value)?.replace(char::is_control, " ");
    if title.trim().is_empty() {
        return Err("name is a line with something to read in it, such as \"backup\"".to_owned());
    }
    let cut = title.char_indices().nth(LONGEST).and_then(|_| title.char_indices().nth(LONGEST - 1));
    Ok(cut.and_then(|(place, _)| title.get(..place)).map_or(title.clone(), |start| format!("{start}…")))
}

fn stdin(value: &Dynamic) -> Result<Value, String> {
    match to_value(value).map_err(|refused| refused.failure().message)? {
        given @ (Value::Text(_) | Value::Bytes(_)) => Ok(given),
        other => Ok(Value::Text(other.to_string())),
    }
}

fn environment(value: &Dynamic) -> Result<Value, String> {
    let Some(map) = value.read_lock::<Map>() else {
        return Err(format!("env is a map of names and texts, not {}", type_word(value)));
    };
    map.iter()
        .map(|(name, value)| {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(format!("env: {name:?} is no name of a variable"));
            }
            Ok((name.to_string(), Value::Text(word(value).map_err(|error| format!("env.{name}: {error}"))?)))
        })
        .collect::<Result<_, String>>()
        .map(Value::Map)
}

fn codes(value: &Dynamic) -> Result<Value, String> {
    let wrong = || "ok_codes is an array of exit codes from 0 to 255".to_owned();
    let items = value.read_lock::<Array>().ok_or_else(wrong)?;
    items
        .iter()
        .map(|item| {
            item.as_int().ok().filter(|code| (0..=255).contains(code)).map(Value::Int).ok_or_else(wrong)
        })
        .collect::<Result<_, _>>()
        .map(Value::List)
}
