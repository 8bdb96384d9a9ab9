//! A value as `status` shows it: what can be recorded as it would be, all else in words, as a script writes it.

use crate::history::Value;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt;

/// A value of a script that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// It could be recorded.
    Value(Value),
    /// It could not; these words stand for it.
    Words(String),
    /// A list, of which the items may be either.
    List(Vec<Sight>),
    /// A map, of which the fields may be either.
    Map(BTreeMap<String, Sight>),
}

impl Sight {
    /// As JSON; words are text.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Value(value) => value.to_json(),
            Self::Words(words) => json!(words),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(fields) => {
                Json::Object(fields.iter().map(|(name, field)| (name.clone(), field.to_json())).collect())
            }
        }
    }
}

impl From<&str> for Sight {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(Value::Bytes(bytes)) => {
                write!(f, "{} bytes, in base64 {}", bytes.len(), self.to_json())
            }
            Self::Value(value) => value.fmt(f),
            Self::Words(words) => f.write_str(words),
            Self::List(items) => {
                f.write_str("[")?;
                for (number, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if number > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Map(fields) => {
                f.write_str("{")?;
                for (number, (name, field)) in fields.iter().enumerate() {
                    write!(f, "{}{}:{field}", if number > 0 { "," } else { "" }, json!(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_bare_among_values_and_are_text_in_json() {
        let range = || Sight::from("0..3");
        let list = Sight::List(vec![Sight::Value(Value::Int(1)), range(), Sight::Value("a".into())]);
        let map = Sight::Map(BTreeMap::from([("a \"b\"".to_owned(), list), ("c".to_owned(), range())]));
        assert_eq!(map.to_string(), "{\"a \\\"b\\\"\":[1,0..3,\"a\"],\"c\":0..3}");
        assert_eq!(map.to_json(), json!({"a \"b\"": [1, "0..3", "a"], "c": "0..3"}));
        let bytes = Sight::Value(Value::Bytes(vec![7, 7]));
        assert_eq!(
            (bytes.to_string().as_str(), bytes.to_json()),
            ("2 bytes, in base64 \"Bwc=\"", json!("Bwc="))
        );
    }
}
