//! Messages of which the script of a run was never told, as they are named to people.

use super::{Message, MessageBody, Moment};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a name.
const LONGEST_NAME: usize = 200;

/// A message of which the script of a run was never told, without what it carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// When it was accepted.
    pub accepted_at: Moment,
    /// What it is.
    pub kind: UnreadKind,
    /// Its name; of a request to end the reason, of an answer the choice and the question, of a child how it ended. May be empty.
    pub name: String,
}

/// What such a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreadKind {
    /// A signal.
    Signal,
    /// An update.
    Update,
    /// A request to end.
    Cancel,
    /// The reply to a token.
    Token,
    /// The answer to a question.
    Answer,
    /// The grant of a lock.
    Lock,
    /// The end of a child run.
    Child,
}

impl Unread {
    /// The name of a message.
    pub fn of(message: &Message) -> Self {
        let (kind, name) = match &message.body {
            MessageBody::Signal { name, .. } => (UnreadKind::Signal, name.clone()),
            MessageBody::Update { name, .. } => (UnreadKind::Update, name.clone()),
            MessageBody::Cancel { reason, .. } => (UnreadKind::Cancel, reason.clone()),
            MessageBody::Resolve { token, .. } => (UnreadKind::Token, token.clone()),
            MessageBody::Answer { choice, .. } => {
                let asked = if choice.asked.is_empty() { "the question" } else { &choice.asked };
                (UnreadKind::Answer, format!("{} to {asked}", choice.choice))
            }
            MessageBody::Grant { name, .. } => (UnreadKind::Lock, name.clone()),
            MessageBody::ChildEnded { child, outcome, .. } => {
                (UnreadKind::Child, format!("{child} {}", outcome.word()))
            }
        };
        let name = name.chars().take(LONGEST_NAME).collect();
        Self { accepted_at: message.accepted_at, kind, name }
    }
}

impl UnreadKind {
    /// The word in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Update => "update",
            Self::Cancel => "cancel",
            Self::Token => "token",
            Self::Answer => "answer",
            Self::Lock => "lock",
            Self::Child => "child",
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            UnreadKind::Signal | UnreadKind::Update => write!(f, "{} {name}", self.kind.word()),
            UnreadKind::Cancel if name.is_empty() => write!(f, "request to cancel"),
            UnreadKind::Cancel => write!(f, "request to cancel ({name})"),
            UnreadKind::Token => write!(f, "the reply to token {name}"),
            UnreadKind::Answer => write!(f, "answer {name}"),
            UnreadKind::Lock => write!(f, "lock {name} granted"),
            UnreadKind::Child => write!(f, "child run {name}"),
        }
    }
}
