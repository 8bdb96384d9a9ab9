//! Sorting by a closure of the script: a merge sort that passes errors on, where the engine's own swallows them.

use super::bounded::changes;
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};

/// Replaces the methods of arrays that swallow what their closure throws.
pub(super) fn register(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        changes(name).register_into_engine(engine, sort);
    }
    for name in ["order", "order_by"] {
        engine.register_fn(name, order);
    }
    changes("dedup").register_into_engine(engine, dedup);
}

#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
/// Stable; the comparer gives an integer below, at or above zero, or true where the first comes first.
fn sort(
    context: NativeCallContext<'_>,
    array: &mut Array,
    comparer: FnPtr,
) -> Result<(), Box<EvalAltResult>> {
    let items = std::mem::take(array);
    let snapshot = items.clone();
    match merge_sort(&context, items, &comparer) {
        Ok(sorted) => {
            *array = sorted;
            Ok(())
        }
        Err(error) => {
            *array = snapshot;
            Err(error)
        }
    }
}

/// A sorted copy.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn order(context: NativeCallContext<'_>, array: Array, comparer: FnPtr) -> Result<Array, Box<EvalAltResult>> {
    merge_sort(&context, array, &comparer)
}

fn merge_sort(
    context: &NativeCallContext<'_>,
    mut items: Array,
    comparer: &FnPtr,
) -> Result<Array, Box<EvalAltResult>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = merge_sort(context, items.split_off(items.len() / 2), comparer)?;
    let left = merge_sort(context, items, comparer)?;
    let mut merged = Array::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let taken = if comes_after(context, comparer, first, second)? { right.next() } else { left.next() };
        merged.extend(taken);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

fn comes_after(
    context: &NativeCallContext<'_>,
    comparer: &FnPtr,
    first: &Dynamic,
    second: &Dynamic,
) -> Result<bool, Box<EvalAltResult>> {
    let answer = comparer.call_raw(context, None, [first.clone(), second.clone()])?;
    if let Ok(order) = answer.as_int() {
        return Ok(order > 0);
    }
    answer.as_bool().map(|first_comes_first| !first_comes_first).map_err(|found| {
        Box::new(EvalAltResult::ErrorMismatchOutputType(
            "an integer or bool from the comparer".to_owned(),
            found.to_owned(),
            context.call_position(),
        ))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn dedup(context: NativeCallContext<'_>, array: &mut Array, same: FnPtr) -> Result<(), Box<EvalAltResult>> {
    let mut kept: Array = Array::new();
    for item in array.iter() {
        let repeats = match kept.last() {
            Some(last) => {
                same.call_raw(&context, None, [item.clone(), last.clone()])?.as_bool().unwrap_or(false)
            }
            None => false,
        };
        if !repeats {
            kept.push(item.clone());
        }
    }
    *array = kept;
    Ok(())
}
