//! Ending a run without asking its script.

use super::{ClientError, Session, find};
use crate::history::RunRow;
use crate::store::{Answer, Request};

/// Ends the run at once; its script is not told.
///
/// # Errors
/// As [`find`]; `Ended` of the store for a run that has ended.
pub fn terminate(session: &Session, text: &str, reason: &str) -> Result<RunRow, ClientError> {
    let row = find(session, text)?;
    let Answer::Done = session.ask(Request::Terminate { run: row.no, reason: reason.to_owned() })? else {
        return Err(ClientError::Answer { run: row.no });
    };
    Ok(row)
}
