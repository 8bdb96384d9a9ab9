//! Values as bytes: a format byte, the value as `MessagePack`, its fields by their places, and a checksum of both.
//!
//! A field that is added comes last and has a default, so that what was written before is read. The checksum tells damage that redb, which
//! verifies no page that it reads, would hand on as another value.

use super::StoreError;
use super::reading::corrupt;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;
use twox_hash::XxHash3_64;

/// The format that is written: fields by their places.
const FORMAT: u8 = 2;
/// The format that was written first: fields by their names. The same reader reads both.
const NAMED: u8 = 1;

/// The bytes of a value.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![FORMAT];
    value
        .serialize(&mut rmp_serde::Serializer::new(&mut bytes))
        .map_err(|error| StoreError::Protocol { message: format!("a value cannot be encoded: {error}") })?;
    let checksum = XxHash3_64::oneshot(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    Ok(bytes)
}

/// Whether bytes are of a value that was written with the names of its fields.
pub(super) fn is_named(bytes: &[u8]) -> bool {
    bytes.first() == Some(&NAMED)
}

/// The value of bytes; `what` names them in the error.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], what: impl Display) -> Result<T, StoreError> {
    let (rest, checksum) = bytes.split_last_chunk().ok_or_else(|| corrupt(format!("{what} is cut short")))?;
    if u64::from_be_bytes(*checksum) != XxHash3_64::oneshot(rest) {
        return Err(corrupt(format!("{what} has a checksum that does not match")));
    }
    match rest.split_first() {
        Some((&(FORMAT | NAMED), body)) => {
            crate::history::decode(body).map_err(|error| corrupt(format!("{what} does not decode: {error}")))
        }
        Some((format, _)) => Err(corrupt(format!("{what} has the unknown format {format}"))),
        None => Err(corrupt(format!("{what} is empty"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::pending;

    #[test]
    fn a_value_comes_back_and_any_flipped_bit_or_cut_is_told() {
        let value = pending(7);
        let bytes = encode(&value).expect("encodes");
        assert_eq!(decode(&bytes, "it"), Ok(value));
        let told = |bytes: &[u8]| {
            let read = decode::<crate::history::Pending>(bytes, "it");
            matches!(read, Err(StoreError::Corrupt { .. }))
        };
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(told(&bytes), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(told(&bytes[..length]), "{length} bytes");
        }
    }
}
