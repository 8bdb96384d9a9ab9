//! The options of effects: `timeout`, `retry` and, for processes, `cwd`, `env`, `stdin`, `ok_codes`.

use super::super::convert::to_value;
use super::super::raise::{duration_ms, type_word};
use crate::history::{RetryPolicy, Value};
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::collections::BTreeMap;

/// The options that every effect has.
pub(super) const OF_ALL: &[&str] = &["timeout", "retry"];
/// The options that a process has besides.
pub(super) const OF_PROCESS: &[&str] = &["cwd", "env", "stdin", "ok_codes", "timeout", "retry"];

/// Options of an effect, read.
pub(super) struct Options {
    pub(super) timeout_ms: Option<i64>,
    pub(super) retry: RetryPolicy,
    /// What else was given, as recorded values.
    pub(super) rest: BTreeMap<String, Value>,
}

/// Reads a map of options.
pub(super) fn read(map: &Map, known: &[&str], default: RetryPolicy) -> Result<Options, String> {
    let mut options = Options { timeout_ms: None, retry: default, rest: BTreeMap::new() };
    for (name, value) in map {
        if !known.contains(&name.as_str()) {
            return Err(unknown("option", name, known));
        }
        match name.as_str() {
            "timeout" => options.timeout_ms = Some(positive("timeout", value)?),
            "retry" => options.retry = retry(value, options.retry)?,
            "cwd" => drop(options.rest.insert("cwd".to_owned(), text("cwd", value)?.into())),
            "stdin" => drop(options.rest.insert("stdin".to_owned(), stdin(value)?)),
            "env" => drop(options.rest.insert("env".to_owned(), environment(value)?)),
            "ok_codes" => drop(options.rest.insert("ok_codes".to_owned(), codes(value)?)),
            other => return Err(unknown("option", other, known)),
        }
    }
    Ok(options)
}

/// "unknown option", with the nearest known one.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    match near {
        Some((_, near)) => format!("there is no {what} \"{name}\"; did you mean \"{near}\"?"),
        None => format!("there is no {what} \"{name}\"; there are {}", known.join(", ")),
    }
}

fn positive(name: &str, value: &Dynamic) -> Result<i64, String> {
    match duration_ms(value).map_err(|error| format!("{name}: {error}"))? {
        0 => Err(format!("{name} must be longer than nothing")),
        ms => Ok(ms),
    }
}

fn retry(value: &Dynamic, mut policy: RetryPolicy) -> Result<RetryPolicy, String> {
    const KNOWN: &[&str] = &["first", "factor", "max", "jitter", "attempts", "except", "only"];
    if let Ok(flag) = value.as_bool() {
        return if flag {
            Err("retry: true says nothing; write how often, for example retry: 5".to_owned())
        } else {
            Ok(RetryPolicy { attempts: Some(1), ..policy })
        };
    }
    if value.is_int() {
        policy.attempts = Some(attempts(value)?);
        return Ok(policy);
    }
    let Some(map) = value.read_lock::<Map>() else {
        return Err(format!("retry is a number of attempts, false or a map, not {}", type_word(value)));
    };
    for (name, value) in map.iter() {
        match name.as_str() {
            "first" => {
                policy.first_ms = duration_ms(value).map_err(|error| format!("retry.first: {error}"))?;
            }
            "max" => policy.max_ms = duration_ms(value).map_err(|error| format!("retry.max: {error}"))?,
            "factor" => policy.factor = number("retry.factor", value, 1.0, 1000.0)?,
            "jitter" => policy.jitter = number("retry.jitter", value, 0.0, 1.0)?,
            "attempts" => policy.attempts = Some(attempts(value)?),
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

fn attempts(value: &Dynamic) -> Result<u32, String> {
    value
        .as_int()
        .ok()
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| *count > 0)
        .ok_or_else(|| "attempts is a whole number, 1 or more".to_owned())
}

fn number(name: &str, value: &Dynamic, least: f64, most: f64) -> Result<f64, String> {
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
    if value.is_unit() || value.is_map() || value.is_array() || value.is_fnptr() {
        return Err(format!("an argument of a process is text or a number, not {}", type_word(value)));
    }
    Ok(value.read_lock::<ImmutableString>().map_or_else(|| value.to_string(), |text| text.to_string()))
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
