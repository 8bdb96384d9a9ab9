//! Sending a signal to a run.

use super::status::{start_of, text_of};
use super::{ClientError, Session, find};
use crate::history::{MessageBody, MessageId, RunRow, Value};
use crate::store::{Answer, NewMessage, Request};

/// The longest name, in characters.
const MAX_NAME: usize = 256;

/// A signal that the store has accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalSent {
    /// The run.
    pub row: RunRow,
    /// Whether the same key had been accepted before; then nothing was added.
    pub duplicate: bool,
    /// Whether the texts of the program mention the name at all.
    pub mentioned: bool,
}

/// Sends a signal. With a `key`, the same key again is the same signal; with `strict`, a name that the script never
/// mentions is refused.
///
/// # Errors
/// As [`find`]; `Value` for a payload over the limits, `UnknownSignal`, `Ended` of the store.
pub fn signal(
    session: &Session,
    text: &str,
    name: &str,
    payload: Value,
    key: Option<&str>,
    strict: bool,
) -> Result<SignalSent, ClientError> {
    payload.check()?;
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(ClientError::SignalName(name.chars().take(MAX_NAME).collect()));
    }
    let row = find(session, text)?;
    let mentioned = mentions(session, &row, name)?;
    if strict && !mentioned {
        return Err(ClientError::UnknownSignal { id: row.id, name: name.to_owned() });
    }
    let id = match key {
        Some(key) => MessageId::of_key(row.id.as_str(), key),
        None => MessageId(Session::random()?),
    };
    let body = MessageBody::Signal { name: name.to_owned(), payload };
    let message = NewMessage { run: row.no, id, keyed: key.is_some(), body };
    let Answer::Delivered { duplicate, .. } = session.ask(Request::Deliver(Box::new(message)))? else {
        return Err(ClientError::Answer { run: row.no });
    };
    Ok(SignalSent { row, duplicate, mentioned })
}

fn mentions(session: &Session, row: &RunRow, name: &str) -> Result<bool, ClientError> {
    let program = start_of(session, row.no)?.program;
    for hash in std::iter::once(program.main).chain(program.modules.into_values()) {
        if text_of(session, row.no, hash)?.contains(name) {
            return Ok(true);
        }
    }
    Ok(false)
}
