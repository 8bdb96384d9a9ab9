//! What was said to a run and not told to its script: so far, or until its end.

use super::{ClientError, RunView, Session};
use crate::history::Unread;
use crate::store::{Answer, Request};

/// The messages that wait in the inbox of a run, or were unread at its end, in the order in which they came. Of those that went with the
/// end only the first are known, and of a run that an earlier durun ended none.
///
/// # Errors
/// What the store says.
pub fn unread(session: &Session, view: &RunView) -> Result<Vec<Unread>, ClientError> {
    if view.unread == 0 {
        return Ok(Vec::new());
    }
    let run = view.row.no;
    let Answer::Snapshot(snapshot) = session.ask(Request::Snapshot { run })? else {
        return Err(ClientError::Answer { run });
    };
    let mut unread = snapshot.row.gone;
    unread.extend(snapshot.inbox.iter().map(Unread::of));
    unread.sort_by_key(|message| message.accepted_at);
    Ok(unread)
}
