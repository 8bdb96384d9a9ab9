//! Values from what Rust has, and back: plain types by `From`, others by serde.

use super::{Value, ValueError};
use serde::{Serialize, de::DeserializeOwned};

impl Value {
    /// True or false, where this is one of them.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// The items, where this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The value that anything serializable is, by way of JSON. It may still be too large or too deep to be recorded.
    ///
    /// # Errors
    /// [`ValueError::Json`] where it cannot be written as JSON; [`ValueError::NumberRange`] for a whole number outside 64 bits.
    pub fn of(from: &impl Serialize) -> Result<Self, ValueError> {
        Self::from_json(serde_json::to_value(from).map_err(|error| ValueError::Json(error.to_string()))?)
    }

    /// What the value is as another type, by way of JSON.
    ///
    /// # Errors
    /// [`ValueError::Json`] with what does not fit.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, ValueError> {
        serde_json::from_value(self.to_json()).map_err(|error| ValueError::Json(error.to_string()))
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}
impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}
impl From<u32> for Value {
    fn from(int: u32) -> Self {
        Self::Int(i64::from(int))
    }
}
impl From<i32> for Value {
    fn from(int: i32) -> Self {
        Self::Int(i64::from(int))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items)
    }
}
impl<const N: usize> From<[(&str, Value); N]> for Value {
    fn from(pairs: [(&str, Value); N]) -> Self {
        Self::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Order {
        product: String,
        count: Option<u32>,
    }

    #[test]
    fn a_type_of_serde_becomes_a_value_and_comes_back() {
        let order = Order { product: "tea".to_owned(), count: Some(2) };
        let value = Value::of(&order).expect("a value");
        assert_eq!(value, Value::from([("product", "tea".into()), ("count", 2.into())]));
        assert_eq!(value.to::<Order>(), Ok(order));
        assert_eq!((Value::Bool(true).as_bool(), value.as_bool(), value.as_list()), (Some(true), None, None));
        assert_eq!(Value::of(&[1, 2]).expect("a list").as_list(), Some(&[1.into(), 2.into()][..]));
        assert!(matches!(Value::of(&u64::MAX), Err(ValueError::NumberRange(_))));
        assert!(matches!(Value::Int(1).to::<Order>(), Err(ValueError::Json(_))));
    }
}
