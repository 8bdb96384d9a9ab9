//! Updates: what others ask of a run and its script answers.

use super::{Failure, MessageId, MessageNo, Moment, Value};
use serde::{Deserialize, Serialize};

/// How an update came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateAnswer {
    /// The handler gave this.
    Gave(Value),
    /// An error left the handler.
    Threw(Failure),
    /// The script refused it before it began: the history knows nothing of it.
    Refused(Failure),
}

/// An update that the script has let in: its handler begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateAccepted {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The sender's id for it, by which it is known when it is sent again.
    pub message_id: MessageId,
    /// The update's name.
    pub name: String,
    /// What was sent with it.
    #[serde(default)]
    pub argument: Value,
    /// When the store accepted it.
    pub accepted_at: Moment,
}

/// The handler of an update has ended, and this is the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateCompleted {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The sender's id for it.
    pub message_id: MessageId,
    /// The update's name.
    pub name: String,
    /// What the handler gave, or the error that left it.
    pub answer: UpdateAnswer,
}
