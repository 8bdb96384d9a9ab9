//! How one run stands, what it has published, what its script says.

use super::{ClientError, Session};
use crate::history::{RunNo, ScriptHash, Value};
use crate::store::{Answer, Request, RunView};

/// One run as it stands now.
///
/// # Errors
/// What the store says.
pub fn view(session: &Session, run: RunNo) -> Result<RunView, ClientError> {
    let Answer::View(view) = session.ask(Request::View { run })? else {
        return Err(ClientError::Answer { run });
    };
    Ok(*view)
}

/// What the script has published, by key.
///
/// # Errors
/// What the store says.
pub fn published(session: &Session, run: RunNo) -> Result<Vec<(String, Value)>, ClientError> {
    let Answer::Published(values) = session.ask(Request::Published { run })? else {
        return Err(ClientError::Answer { run });
    };
    Ok(values)
}

/// The text that a run's script is pinned to, and the path that it was read from.
///
/// # Errors
/// What the store says.
pub fn script_text(session: &Session, run: RunNo) -> Result<(String, String), ClientError> {
    let start = start_of(session, run)?;
    let text = text_of(session, run, start.program.main)?;
    Ok((start.program.path, text))
}

pub(super) fn start_of(session: &Session, run: RunNo) -> Result<crate::history::RunStart, ClientError> {
    let Answer::Snapshot(snapshot) = session.ask(Request::Snapshot { run })? else {
        return Err(ClientError::Answer { run });
    };
    Ok(snapshot.start)
}

pub(super) fn text_of(session: &Session, run: RunNo, hash: ScriptHash) -> Result<String, ClientError> {
    let Answer::Script(text) = session.ask(Request::Script { hash })? else {
        return Err(ClientError::Answer { run });
    };
    Ok(text)
}
