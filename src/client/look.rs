//! Looking at a run: the variables of its script where it waits, by replay, whoever executes it.

use super::status::start_of;
use super::{ClientError, Session};
use crate::history::{Placeholder, RunNo, Value};
use crate::run::Standpoint;

/// The most entries that are replayed where nobody asked for the variables.
pub const MOST_LOOKED_AT: u32 = 10_000;

/// Where each strand of a run stands, with the variables in scope; secrets stand by their names alone. Nothing is written.
///
/// # Errors
/// [`ClientError::Query`] where the replay does not come so far.
pub fn look(session: &Session, run: RunNo) -> Result<Vec<Standpoint>, ClientError> {
    let secret = start_of(session, run)?.secret;
    let mut seen = session.executor().look(session, run)?;
    let variables =
        seen.iter_mut().flat_map(|point| point.frames.iter_mut()).flat_map(|(_, all)| all.iter_mut());
    for (_, value) in variables {
        mask(value, secret);
    }
    Ok(seen)
}

fn mask(value: &mut Value, secret: [u8; 16]) {
    match value {
        Value::Text(text) => *text = Placeholder::forget_in(text, secret),
        Value::List(items) => items.iter_mut().for_each(|item| mask(item, secret)),
        Value::Map(fields) => fields.values_mut().for_each(|field| mask(field, secret)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Bytes(_) => {}
    }
}
