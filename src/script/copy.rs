//! Deep copies of script values: no variable is shared with the original, however deep it lies.

use super::closure::HeldCapture;
use rhai::{Array, Dynamic, FnPtr, Map};

/// Deeper than this a value is left shared: only a closure that captures itself gets there.
const DEEPEST: usize = 128;

/// A copy of a captured variable that cannot be written: the mark lies inside the shared cell, where a call leaves it.
pub(super) fn copy_fixed(value: &Dynamic, depth: usize) -> Result<Dynamic, HeldCapture> {
    let mut copy = copy_deeply(value, depth)?;
    fix_functions(&mut copy, depth);
    Ok(copy.into_read_only().into_shared())
}

/// Whether a fixed copy is still as it was made: the engine lets a script add fields to a fixed map.
pub(super) fn still_fixed(value: &Dynamic, depth: usize) -> bool {
    if depth >= DEEPEST {
        return true;
    }
    if !value.is_read_only() {
        return false;
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.values().all(|item| still_fixed(item, depth + 1));
    }
    value.read_lock::<Array>().is_none_or(|items| items.iter().all(|item| still_fixed(item, depth + 1)))
}

/// The captures of functions inside the value become fixed too.
fn fix_functions(value: &mut Dynamic, depth: usize) {
    if depth >= DEEPEST {
        return;
    }
    if let Some(mut items) = value.write_lock::<Array>() {
        items.iter_mut().for_each(|item| fix_functions(item, depth + 1));
    } else if let Some(mut map) = value.write_lock::<Map>() {
        map.values_mut().for_each(|item| fix_functions(item, depth + 1));
    } else if let Some(mut function) = value.write_lock::<FnPtr>() {
        for capture in function.iter_curry_mut() {
            fix_functions(capture, depth + 1);
            *capture = std::mem::take(capture).into_read_only().into_shared();
        }
    }
}

/// Copies through arrays, maps, and the captures of closures.
pub(super) fn copy_deeply(value: &Dynamic, depth: usize) -> Result<Dynamic, HeldCapture> {
    if value.is_shared() && value.is_locked() {
        return Err(HeldCapture);
    }
    let mut copy = value.flatten_clone();
    if depth >= DEEPEST {
        return Ok(copy);
    }
    if copy.is_array() {
        if let Some(mut items) = copy.write_lock::<Array>() {
            for item in items.iter_mut() {
                *item = copy_deeply(item, depth + 1)?;
            }
        }
    } else if copy.is_map() {
        if let Some(mut map) = copy.write_lock::<Map>() {
            for item in map.values_mut() {
                *item = copy_deeply(item, depth + 1)?;
            }
        }
    } else if copy.is_fnptr()
        && let Some(mut function) = copy.write_lock::<FnPtr>()
    {
        for capture in function.iter_curry_mut() {
            *capture = copy_deeply(capture, depth + 1)?;
        }
    }
    Ok(copy)
}

/// Whether two values look alike, as deep as a script can see; functions and foreign types are told apart by their kind only.
pub(super) fn alike(one: &Dynamic, other: &Dynamic, depth: usize) -> bool {
    if depth >= DEEPEST || one.is_locked() || other.is_locked() {
        return true;
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Array>(), other.read_lock::<Array>()) {
        return one.len() == other.len()
            && one.iter().zip(other.iter()).all(|(one, other)| alike(one, other, depth + 1));
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Map>(), other.read_lock::<Map>()) {
        return one.len() == other.len()
            && one
                .iter()
                .zip(other.iter())
                .all(|((key, one), (other_key, other))| key == other_key && alike(one, other, depth + 1));
    }
    if one.is_fnptr() || other.is_fnptr() {
        return one.is_fnptr() && other.is_fnptr();
    }
    one.type_id() == other.type_id() && one.to_string() == other.to_string()
}
