//! The item of `parallel` that failed, in words: itself where it is short, else its index alone.

use crate::history::{Failure, Value};

/// The longest item that is shown, in characters.
const LONGEST: usize = 40;

/// The item that a failure is of, where it is of one.
pub(crate) fn of(failure: &Failure) -> Option<String> {
    let index = failure.data.get("index").and_then(Value::as_int)?;
    let shown = failure.data.get("item")?.to_string();
    let is_short = shown.chars().count() <= LONGEST;
    Some(if is_short {
        format!("item {index} of parallel: {shown}")
    } else {
        format!("item {index} of parallel")
    })
}
