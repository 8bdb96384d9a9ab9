//! The results of `once` calls: what is kept under which key, and forgetting one.

use super::{ClientError, Session};
use crate::history::{RunId, RunNo};
use crate::store::{Answer, Once, OnceRow, Request};

/// What became of a wish to forget a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Forgotten {
    /// The result that this run had given is gone: the next call executes again.
    Result {
        /// The run.
        run: RunId,
    },
    /// A run seeks the result right now; nothing was forgotten.
    Sought {
        /// The run.
        run: RunId,
    },
    /// There was nothing under the key.
    Nothing,
}

/// The keys that begin with `prefix`, in order, at most 10,000.
///
/// # Errors
/// As the store.
pub fn list_once(session: &Session, prefix: &str) -> Result<Vec<OnceRow>, ClientError> {
    let Answer::OnceRows(rows) = session.ask(Request::ListOnce { prefix: prefix.to_owned() })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    Ok(rows)
}

/// Forgets the result under a key.
///
/// # Errors
/// As the store.
pub fn forget_once(session: &Session, key: &str) -> Result<Forgotten, ClientError> {
    let Answer::Once(once) = session.ask(Request::ForgetOnce { key: key.to_owned() })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    Ok(match *once {
        Once::Done { run, .. } => Forgotten::Result { run },
        Once::Sought { run, .. } => Forgotten::Sought { run },
        Once::Taken => Forgotten::Nothing,
    })
}
