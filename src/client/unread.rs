//! What lies in the inbox of a run and was not told to its script so far, in words.

use super::reply::asked;
use super::{ClientError, Session};
use crate::history::{MessageBody, RunNo};
use crate::store::{Answer, Request};

/// The messages that wait in the inbox of a run, in the order in which they came: `signal paid`, `request to cancel`.
///
/// # Errors
/// What the store says.
pub fn unread(session: &Session, run: RunNo) -> Result<Vec<String>, ClientError> {
    let Answer::Snapshot(snapshot) = session.ask(Request::Snapshot { run })? else {
        return Err(ClientError::Answer { run });
    };
    Ok(snapshot.inbox.iter().map(|message| words(&message.body)).collect())
}

fn words(body: &MessageBody) -> String {
    match body {
        MessageBody::Signal { name, .. } => format!("signal {name}"),
        MessageBody::Cancel { reason, .. } if reason.is_empty() => "request to cancel".to_owned(),
        MessageBody::Cancel { reason, .. } => format!("request to cancel ({reason})"),
        MessageBody::Resolve { token, .. } => format!("the reply to token {token}"),
        MessageBody::Answer { choice, .. } => format!("answer {} to {}", choice.choice, asked(choice)),
        MessageBody::Update { name, .. } => format!("update {name}"),
        MessageBody::Grant { name, .. } => format!("lock {name} granted"),
        MessageBody::ChildEnded { child, outcome, .. } => format!("child run {child} {}", outcome.word()),
    }
}
