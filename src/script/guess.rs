//! What a person meant who typed text for an input of another type.

use super::params::type_of;
use crate::history::Value;

/// The longest text that is guessed at, in bytes.
const LONGEST: usize = 500;

/// The value of the type of `like` that a text means, where that can be seen.
pub(super) fn guess(text: &str, like: &Value) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    match like {
        Value::List(_) => list(text),
        Value::Bool(_) => match text.to_lowercase().as_str() {
            "yes" | "y" | "on" | "1" | "true" => Some(Value::Bool(true)),
            "no" | "n" | "off" | "0" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Value::Int(_) => {
            let plain = text.replace(['_', ' '], "");
            plain.strip_suffix(".0").unwrap_or(&plain).parse().ok().map(Value::Int)
        }
        Value::Float(_) => {
            text.replacen(',', ".", 1).parse().ok().filter(|float: &f64| float.is_finite()).map(Value::Float)
        }
        Value::Map(_) => json(text).filter(|value| type_of(value) == type_of(like)),
        Value::Null | Value::Text(_) | Value::Bytes(_) => None,
    }
}

/// JSON, or the words between commas, with or without brackets around them.
fn list(text: &str) -> Option<Value> {
    if let Some(list @ Value::List(_)) = json(text) {
        return Some(list);
    }
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if inside.contains(['[', ']', '{', '}']) {
        return None;
    }
    let words = inside.split(',').map(str::trim).map(|word| {
        let bare = word.trim_matches(['"', '\'']);
        match json(word) {
            Some(value @ (Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Text(_))) => value,
            Some(_) | None => bare.into(),
        }
    });
    Some(Value::List(words.collect()))
}

fn json(text: &str) -> Option<Value> {
    Value::from_json_text(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_of_the_type_that_is_declared() {
        let guessed = |text: &str, like: Value| guess(text, &like).map(|value| value.to_string());
        let of_list = |text: &str| guessed(text, Value::List(Vec::new())).unwrap_or_default();
        assert_eq!(of_list("[1,2]"), "[1,2]");
        assert_eq!(of_list("a, b"), r#"["a","b"]"#);
        assert_eq!(of_list("[a,'b c',3]"), r#"["a","b c",3]"#);
        assert_eq!(of_list("one"), r#"["one"]"#);
        assert_eq!(of_list("{a}"), "");
        assert_eq!(guessed("Yes", Value::Bool(false)).as_deref(), Some("true"));
        assert_eq!(guessed("perhaps", Value::Bool(false)), None);
        assert_eq!(guessed("3.0", Value::Int(1)).as_deref(), Some("3"));
        assert_eq!(guessed("1_000", Value::Int(1)).as_deref(), Some("1000"));
        assert_eq!(guessed("many", Value::Int(1)), None);
        assert_eq!(guessed("0,5", Value::Float(1.0)).as_deref(), Some("0.5"));
        assert_eq!(
            guessed("{\"a\": 1}", Value::Map(std::collections::BTreeMap::new())).as_deref(),
            Some("{\"a\":1}")
        );
        assert_eq!(guessed("a=1", Value::Map(std::collections::BTreeMap::new())), None);
    }
}
