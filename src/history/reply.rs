//! Replies: what others say to something that a run waits for by name, a token or a question.

use super::flat::flat;
use super::{Failure, MessageId, MessageNo, Moment, OpId, Value, failure::kind};
use serde::{Deserialize, Serialize};

/// How a token was resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// With a value.
    Resolved(Value),
    /// With an error.
    Rejected(String),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// One of the choices.
    pub choice: String,
    /// Who chose, as the process that asked for it was known; may be empty.
    #[serde(default)]
    pub who: String,
    /// What was said with it; may be empty.
    #[serde(default)]
    pub note: String,
    /// The question as it was asked; empty where an older durun recorded the answer.
    #[serde(default)]
    pub asked: String,
}

/// A token whose resolution was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenResolved {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The sender's id for it: the same for every resolution of one token.
    pub message_id: MessageId,
    /// The token.
    pub token: String,
    /// How.
    pub resolution: Resolution,
    /// When the store accepted it.
    pub accepted_at: Moment,
}

/// A question whose answer was delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionAnswered {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The sender's id for it: the same for every answer to one question.
    pub message_id: MessageId,
    /// The command that asks.
    pub question: OpId,
    /// The answer.
    pub choice: Choice,
    /// When the store accepted it.
    pub accepted_at: Moment,
}

flat!(QuestionAnswered {
    choice: Choice {
        choice: String,
        #[serde(default)]
        who: String,
        #[serde(default)]
        note: String,
        #[serde(default)]
        asked: String,
    },
    message_no: MessageNo,
    message_id: MessageId,
    question: OpId,
    accepted_at: Moment,
});

impl Resolution {
    /// What `wait_token` gives or throws.
    ///
    /// # Errors
    /// The failure `rejected`, with the message given.
    pub fn reply(&self) -> Result<Value, Failure> {
        match self {
            Self::Resolved(value) => Ok(value.clone()),
            Self::Rejected(message) => Err(Failure::new(kind::REJECTED, message.as_str())),
        }
    }
}
