//! A value as it enters a history: null, bool, integer, finite float, text, bytes, list, map with text keys.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The largest value that enters a history, in bytes of its MessagePack form: 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The deepest nesting of lists and maps in a value that enters a history.
pub const MAX_DEPTH: usize = 64;

/// Data that can be recorded. It keeps integers, floats and bytes apart, which JSON does not.
///
/// ```
/// use durun::Value;
///
/// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
/// struct Order {
///     product: String,
///     amount: i64,
/// }
///
/// let order = Value::from([("product", Value::from("tea")), ("amount", 20.into())]);
/// assert_eq!(order.get("amount").and_then(Value::as_int), Some(20));
/// assert_eq!(order.to_string(), r#"{"amount":20,"product":"tea"}"#);
/// let read: Order = order.to()?;
/// assert_eq!((read.product.as_str(), Value::of(&read)?), ("tea", order));
/// # Ok::<(), durun::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing: `()` in a script, `null` in JSON.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A finite 64-bit float.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes; base64 text in JSON.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A map, sorted by key.
    Map(BTreeMap<String, Value>),
}

/// Why a value may not enter a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Over [`MAX_BYTES`].
    #[error("the value takes {bytes} bytes; at most {MAX_BYTES} (1 MiB) can be recorded")]
    TooLarge {
        /// Its size in bytes, or the size at which counting stopped.
        bytes: usize,
    },
    /// Over [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// NaN or infinite.
    #[error("{0} is not a finite number and cannot be recorded")]
    NotFinite(String),
    /// No JSON.
    #[error("not valid JSON: {0}")]
    Json(String),
    /// A whole number outside 64 bits.
    #[error("the number {0} does not fit 64 bits")]
    NumberRange(String),
}

impl Value {
    /// The map's value under `key`, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(map) => map.get(key),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Bytes(_)
            | Self::List(_) => None,
        }
    }

    /// The text, where this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer, where this is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(int) = self { Some(*int) } else { None }
    }

    /// About how many bytes it takes when recorded.
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            Self::Int(_) | Self::Float(_) => 9,
            Self::Text(text) => text.len() + 5,
            Self::Bytes(bytes) => bytes.len() + 5,
            Self::List(items) => items.iter().map(Self::size).sum::<usize>() + 5,
            Self::Map(map) => map.iter().map(|(key, item)| key.len() + 5 + item.size()).sum::<usize>() + 5,
        }
    }

    /// Checks depth, size and finiteness.
    ///
    /// # Errors
    /// [`ValueError`] naming the first limit that is passed.
    pub fn check(&self) -> Result<(), ValueError> {
        let bytes = self.measure(0)?;
        if bytes > MAX_BYTES { Err(ValueError::TooLarge { bytes }) } else { Ok(()) }
    }

    fn measure(&self, depth: usize) -> Result<usize, ValueError> {
        Ok(match self {
            Self::Null | Self::Bool(_) => 1,
            Self::Int(_) => 9,
            Self::Float(float) if float.is_finite() => 9,
            Self::Float(float) => return Err(ValueError::NotFinite(float.to_string())),
            Self::Text(text) => text.len() + 5,
            Self::Bytes(bytes) => bytes.len() + 5,
            Self::List(items) => {
                if depth >= MAX_DEPTH {
                    return Err(ValueError::TooDeep);
                }
                items.iter().try_fold(5, |sum, item| Ok(sum + item.measure(depth + 1)?))?
            }
            Self::Map(map) => {
                if depth >= MAX_DEPTH {
                    return Err(ValueError::TooDeep);
                }
                map.iter()
                    .try_fold(5, |sum, (key, item)| Ok(sum + key.len() + 5 + item.measure(depth + 1)?))?
            }
        })
    }

    /// Reads JSON text and checks the limits.
    ///
    /// # Errors
    /// [`ValueError::Json`] with the place of the mistake, or the limit that is passed.
    pub fn from_json_text(text: &str) -> Result<Self, ValueError> {
        let json: serde_json::Value =
            serde_json::from_str(text).map_err(|error| ValueError::Json(error.to_string()))?;
        let value = Self::from_json(json)?;
        value.check()?;
        Ok(value)
    }

    /// The value that a JSON value means. Whole numbers are integers.
    ///
    /// # Errors
    /// [`ValueError::NumberRange`] for a whole number outside 64 bits, [`ValueError::TooDeep`].
    pub fn from_json(json: serde_json::Value) -> Result<Self, ValueError> {
        Ok(match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(flag),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Self::Int(int),
                (None, Some(float)) if number.is_f64() => Self::Float(float),
                (None, _) => return Err(ValueError::NumberRange(number.to_string())),
            },
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(items) => {
                Self::List(items.into_iter().map(Self::from_json).collect::<Result<_, _>>()?)
            }
            serde_json::Value::Object(map) => Self::Map(
                map.into_iter()
                    .map(|(key, item)| Ok((key, Self::from_json(item)?)))
                    .collect::<Result<_, ValueError>>()?,
            ),
        })
    }

    /// The JSON value; bytes become base64 text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Int(int) => (*int).into(),
            Self::Float(float) => (*float).into(),
            Self::Text(text) => text.clone().into(),
            Self::Bytes(bytes) => base64_text(bytes).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.iter().map(|(key, item)| (key.clone(), item.to_json())).collect(),
            ),
        }
    }
}

fn base64_text(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Prints compact JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::Float(float) => serializer.serialize_f64(*float),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) if serializer.is_human_readable() => {
                serializer.serialize_str(&base64_text(bytes))
            }
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, item) in map {
                    out.serialize_entry(key, item)?;
                }
                out.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a bool, a number, text, bytes, a list or a map with text keys")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }
    fn visit_i64<E>(self, int: i64) -> Result<Value, E> {
        Ok(Value::Int(int))
    }
    fn visit_u64<E: serde::de::Error>(self, int: u64) -> Result<Value, E> {
        i64::try_from(int).map(Value::Int).map_err(|_| E::custom("a whole number does not fit 64 bits"))
    }
    fn visit_f64<E>(self, float: f64) -> Result<Value, E> {
        Ok(Value::Float(float))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }
    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.to_vec()))
    }
    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(bytes))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = BTreeMap::new();
        while let Some((key, item)) = map.next_entry::<String, Value>()? {
            out.insert(key, item);
        }
        Ok(Value::Map(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            prop::num::f64::NORMAL.prop_map(Value::Float),
            ".{0,12}".prop_map(Value::Text),
            prop::collection::vec(any::<u8>(), 0..12).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map(".{0,6}", inner, 0..6).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_survives_messagepack_unchanged(value in any_value()) {
            let bytes = rmp_serde::to_vec_named(&value).expect("encodes");
            prop_assert_eq!(rmp_serde::from_slice::<Value>(&bytes).expect("decodes"), value);
        }
    }

    #[test]
    fn limits_are_told_by_name() {
        assert_eq!(Value::Float(f64::NAN).check(), Err(ValueError::NotFinite("NaN".to_owned())));
        let deep = (0..65).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        assert_eq!(deep.check(), Err(ValueError::TooDeep));
        let just = (0..64).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        assert_eq!(just.check(), Ok(()));
        assert!(matches!(Value::Text("x".repeat(MAX_BYTES)).check(), Err(ValueError::TooLarge { .. })));
    }

    #[test]
    fn json_keeps_whole_numbers_whole_and_refuses_what_does_not_fit() {
        assert_eq!(Value::from_json_text("1"), Ok(Value::Int(1)));
        assert_eq!(Value::from_json_text("1.0"), Ok(Value::Float(1.0)));
        assert!(matches!(Value::from_json_text("18446744073709551615"), Err(ValueError::NumberRange(_))));
        assert!(matches!(Value::from_json_text("{"), Err(ValueError::Json(_))));
    }
}
