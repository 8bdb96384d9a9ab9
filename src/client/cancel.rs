//! Asking a run to end.

use super::{ClientError, Session, find};
use crate::history::{CancelCause, MessageBody, MessageId, RunRow};
use crate::store::{Answer, NewMessage, Request};

/// Records the wish that the run end; its script is told, and may clean up.
///
/// # Errors
/// As [`find()`]; `Ended` of the store for a run that has ended.
pub fn cancel(session: &Session, text: &str, reason: &str) -> Result<RunRow, ClientError> {
    let row = find(session, text)?;
    let message = NewMessage {
        run: row.no,
        id: MessageId(Session::random()?),
        keyed: false,
        body: MessageBody::Cancel { cause: CancelCause::Request, reason: reason.to_owned() },
    };
    let Answer::Delivered { .. } = session.ask(Request::Deliver(Box::new(message)))? else {
        return Err(ClientError::Answer { run: row.no });
    };
    Ok(row)
}
