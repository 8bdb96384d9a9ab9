//! Checked versions of the engine's functions that make much of little in one call.

use super::raise::raise;
use crate::history::{Failure, kind};
use rhai::{
    Array, Blob, Dynamic, Engine, EvalAltResult, FuncRegistration, INT, ImmutableString, NativeCallContext,
};

/// The most that one call may make, in bytes: 64 MiB.
const MOST_BYTES: usize = 64 << 20;
/// What a value takes besides its text, in bytes.
const VALUE_BYTES: usize = 16;

type Given<T> = Result<T, Box<EvalAltResult>>;
type Call<'a> = NativeCallContext<'a>;

/// The registration of a method that changes its target: the engine refuses it on what is constant.
pub(super) fn changes(name: &str) -> FuncRegistration {
    FuncRegistration::new(name).with_purity(false)
}

/// Replaces them.
pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("blob", |call: Call<'_>, len: INT| filled(&call, len, 0));
    engine.register_fn("blob", |call: Call<'_>, len: INT, byte: INT| filled(&call, len, byte));
    changes("pad").register_into_engine(
        engine,
        |call: Call<'_>, array: &mut Array, len: INT, item: Dynamic| -> Given<()> {
            let len = length(len).max(array.len());
            let item_bytes =
                if item.is_array() || item.is_map() { MOST_BYTES / 1024 } else { item.to_string().len() };
            fits(&call, (len - array.len()).saturating_mul(item_bytes + VALUE_BYTES))?;
            array.resize(len, item);
            Ok(())
        },
    );
    changes("pad").register_into_engine(
        engine,
        |call: Call<'_>, blob: &mut Blob, len: INT, byte: INT| -> Given<()> {
            let len = length(len).max(blob.len());
            fits(&call, len)?;
            blob.resize(len, low_byte(byte));
            Ok(())
        },
    );
    changes("pad").register_into_engine(
        engine,
        |call: Call<'_>, text: &mut ImmutableString, len: INT, with: char| {
            pad_text(&call, text, len, &with.to_string())
        },
    );
    changes("pad").register_into_engine(
        engine,
        |call: Call<'_>, text: &mut ImmutableString, len: INT, with: ImmutableString| {
            pad_text(&call, text, len, &with)
        },
    );
}

/// Appends a text again and again until the whole has that many characters.
fn pad_text(call: &Call<'_>, text: &mut ImmutableString, len: INT, with: &str) -> Given<()> {
    let missing = length(len).saturating_sub(text.chars().count());
    if missing == 0 || with.is_empty() {
        return Ok(());
    }
    fits(call, missing.saturating_mul(4))?;
    *text = text.chars().chain(with.chars().cycle().take(missing)).collect::<String>().into();
    Ok(())
}

fn filled(call: &Call<'_>, len: INT, byte: INT) -> Given<Blob> {
    let len = length(len);
    fits(call, len)?;
    Ok(vec![low_byte(byte); len])
}

fn length(len: INT) -> usize {
    usize::try_from(len).unwrap_or_default()
}

fn low_byte(value: INT) -> u8 {
    u8::try_from(value & 0xff).unwrap_or_default()
}

fn fits(call: &Call<'_>, bytes: usize) -> Given<()> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let message = format!("{} would make more than 64 MiB in one call", call.fn_name());
    Err(raise(call, Failure::new(kind::FAULT, message)))
}
