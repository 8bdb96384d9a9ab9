//! Ending a run without asking its script: at once, or by taking back what it did.

use super::{ClientError, Session, find, view};
use crate::history::{CancelCause, MessageBody, MessageId, RunRow, RunStatus, Seq};
use crate::store::{Answer, NewMessage, Request};

/// Ends the run at once; its script is not told.
///
/// # Errors
/// As [`find()`]; `Ended` of the store for a run that has ended.
pub fn terminate(session: &Session, text: &str, reason: &str) -> Result<RunRow, ClientError> {
    let row = find(session, text)?;
    end(session, &row, reason)?;
    Ok(row)
}

/// Records the wish that the run end by its undos, and nothing more of its script be run. True where whoever executes it, or
/// resumes it, has something to do; a run that never began is ended at once.
///
/// # Errors
/// As [`find()`]; `Ended` of the store for a run that has ended; [`ClientError::UndoStuck`] for one that cannot be replayed.
pub fn terminate_by_undo(session: &Session, text: &str, reason: &str) -> Result<(RunRow, bool), ClientError> {
    let row = find(session, text)?;
    let seen = view(session, row.no)?;
    if seen.status == RunStatus::Stuck {
        return Err(ClientError::UndoStuck { id: row.id });
    }
    if seen.entries == Seq(0) && seen.executor.is_none() {
        end(session, &row, reason)?;
        return Ok((row, false));
    }
    let message = NewMessage {
        run: row.no,
        id: MessageId(Session::random()?),
        keyed: false,
        body: MessageBody::Cancel { cause: CancelCause::Undo, reason: reason.to_owned() },
    };
    let Answer::Delivered { .. } = session.ask(Request::Deliver(Box::new(message)))? else {
        return Err(ClientError::Answer { run: row.no });
    };
    Ok((row, true))
}

fn end(session: &Session, row: &RunRow, reason: &str) -> Result<(), ClientError> {
    match session.ask(Request::Terminate { run: row.no, reason: reason.to_owned() })? {
        Answer::Done => Ok(()),
        _ => Err(ClientError::Answer { run: row.no }),
    }
}
