//! Script values into recorded values and back.

use super::handle::Handle;
use super::process_result::ProcessResult;
use super::time_value::Time;
use crate::history::{Failure, MAX_DEPTH, Value, ValueError, kind};
use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

/// Why a script value cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A limit of recorded values.
    Limit(ValueError),
    /// A type that has no recorded form.
    Type(String),
    /// A variable that a suspended call holds.
    Held,
}

impl Refused {
    /// The failure that a script catches.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Limit(error @ ValueError::TooLarge { .. }) => {
                let advice = "big data belongs in a file: exec([…], #{ stdout: FILE })";
                Failure::new(kind::TOO_LARGE, format!("{error}; {advice}"))
            }
            Self::Limit(error) => Failure::new(kind::BAD_VALUE, error.to_string()),
            Self::Type(name) => Failure::new(
                kind::BAD_VALUE,
                format!(
                    "a value of type {name} cannot be recorded; recorded are (), bool, numbers, text, bytes, arrays and maps"
                ),
            ),
            Self::Held => Failure::new(kind::HELD, "the value is held by a suspended call of another strand"),
        }
    }
}

/// The recorded form of a script value, within the limits.
pub(crate) fn to_value(dynamic: &Dynamic) -> Result<Value, Refused> {
    let value = convert(dynamic, 0)?;
    value.check().map_err(Refused::Limit)?;
    Ok(value)
}

fn convert(dynamic: &Dynamic, depth: usize) -> Result<Value, Refused> {
    if dynamic.is_shared() && dynamic.is_locked() {
        return Err(Refused::Held);
    }
    if dynamic.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(int) = dynamic.as_int() {
        return Ok(Value::Int(int));
    }
    if let Some(text) = dynamic.read_lock::<ImmutableString>() {
        return Ok(Value::Text(text.to_string()));
    }
    if let Ok(flag) = dynamic.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(float) = dynamic.as_float() {
        return Ok(Value::Float(float));
    }
    if let Ok(character) = dynamic.as_char() {
        return Ok(Value::Text(character.to_string()));
    }
    if depth >= MAX_DEPTH && (dynamic.is_array() || dynamic.is_map()) {
        return Err(Refused::Limit(ValueError::TooDeep));
    }
    if let Some(map) = dynamic.read_lock::<Map>() {
        return map
            .iter()
            .map(|(key, item)| Ok((key.to_string(), convert(item, depth + 1)?)))
            .collect::<Result<_, _>>()
            .map(Value::Map);
    }
    if let Some(items) = dynamic.read_lock::<Array>() {
        return items.iter().map(|item| convert(item, depth + 1)).collect::<Result<_, _>>().map(Value::List);
    }
    if let Some(bytes) = dynamic.read_lock::<Blob>() {
        return Ok(Value::Bytes(bytes.clone()));
    }
    if let Some(time) = dynamic.read_lock::<Time>() {
        return Ok(Value::Text(time.to_string()));
    }
    if dynamic.read_lock::<Handle>().is_some() {
        return Err(Refused::Type("handle (join it, and record its value)".to_owned()));
    }
    if let Some(result) = dynamic.read_lock::<ProcessResult>() {
        return convert(&result.plain().into(), depth);
    }
    if dynamic.read_lock::<FnPtr>().is_some() {
        return Err(Refused::Type("function".to_owned()));
    }
    Err(Refused::Type(dynamic.type_name().to_owned()))
}

/// The script value of a recorded one.
pub(crate) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(int) => (*int).into(),
        Value::Float(float) => (*float).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => Dynamic::from_blob(bytes.clone()),
        Value::List(items) => Dynamic::from_array(items.iter().map(to_dynamic).collect()),
        Value::Map(map) => {
            Dynamic::from_map(map.iter().map(|(key, item)| (key.as_str().into(), to_dynamic(item))).collect())
        }
    }
}
