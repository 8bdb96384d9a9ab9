//! Deep copies of script values: no variable is shared with the original, however deep it lies.

use super::closure::HeldCapture;
use rhai::{Array, Dynamic, FnPtr, Map};

/// Deeper than this a value is left shared: only a closure that captures itself gets there.
const DEEPEST: usize = 128;

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
