//! Values as bytes: a format byte, then MessagePack with named fields, so that added fields read both ways.

use super::StoreError;
use serde::{Serialize, de::DeserializeOwned};

const FORMAT: u8 = 1;

/// The bytes of a value.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![FORMAT];
    value
        .serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map())
        .map_err(|error| StoreError::Protocol { message: format!("a value cannot be encoded: {error}") })?;
    Ok(bytes)
}

/// The value of bytes; `what` names them in the error.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    let corrupt = |message: String| StoreError::Corrupt { path: "store.redb".to_owned(), what: message };
    match bytes.split_first() {
        Some((&FORMAT, body)) => {
            rmp_serde::from_slice(body).map_err(|error| corrupt(format!("{what} does not decode: {error}")))
        }
        Some((format, _)) => Err(corrupt(format!("{what} has the unknown format {format}"))),
        None => Err(corrupt(format!("{what} is empty"))),
    }
}
