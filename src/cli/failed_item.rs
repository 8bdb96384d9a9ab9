//! The item of `parallel` that failed, in words: by what its strand is called, which is itself where it is short and plain, else its index.

use crate::history::{Failure, Value};

/// The longest item that is shown, in characters.
const LONGEST: usize = 40;

/// The item that a failure is of, where it is of one.
pub(crate) fn of(failure: &Failure) -> Option<String> {
    let index = failure.data.get("index").and_then(Value::as_int)?;
    let item = failure.data.get("item")?;
    let shown = item.to_string();
    let is_plain = matches!(item, Value::Text(_) | Value::Int(_) | Value::Bool(_));
    Some(match (shown.chars().count() <= LONGEST, is_plain) {
        (true, true) => format!("the item of parallel is {shown}"),
        (true, false) => format!("item {index} of parallel: {shown}"),
        (false, _) => format!("item {index} of parallel"),
    })
}
