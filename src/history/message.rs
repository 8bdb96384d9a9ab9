//! Messages: what others say to a run. They wait in its inbox until its script is told.

use super::{CancelCause, ChildOutcome, Choice, MessageNo, Moment, OpId, Resolution, RunId, RunNo, Value};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The sender's id for a message: the same id again is the same message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(#[serde(with = "serde_bytes")] pub [u8; 16]);

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its number within the run.
    pub no: MessageNo,
    /// The sender's id for it.
    pub id: MessageId,
    /// When it was accepted: stamped by the owner of the store, never decreasing within a run.
    pub accepted_at: Moment,
    /// What it says.
    pub body: MessageBody,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageBody {
    /// A named signal with a payload.
    Signal {
        /// Its name.
        name: String,
        /// What is sent with it; null where nothing is.
        payload: Value,
    },
    /// A request to end.
    Cancel {
        /// By request or by time-out.
        cause: CancelCause,
        /// The reason given; may be empty.
        reason: String,
    },
    /// A token is resolved.
    Resolve {
        /// The token.
        token: String,
        /// With a value or an error.
        resolution: Resolution,
    },
    /// A question is answered.
    Answer {
        /// The command that asks.
        question: OpId,
        /// The answer.
        choice: Choice,
    },
    /// The script is asked something that it answers, and that may change it.
    Update {
        /// The update's name.
        name: String,
        /// What is sent with it; null where nothing is.
        argument: Value,
    },
    /// A lock is granted to a command that asked for it.
    Grant {
        /// The command.
        op: OpId,
        /// The name of the lock.
        name: String,
    },
    /// A child run that a command started has ended, or is stuck.
    ChildEnded {
        /// The command.
        op: OpId,
        /// The child.
        child: RunId,
        /// How it came out.
        outcome: ChildOutcome,
    },
}

impl MessageBody {
    /// Whether it is the answer to the question of a command.
    pub fn answers(&self, op: OpId) -> bool {
        matches!(self, Self::Answer { question, .. } if *question == op)
    }
}

impl MessageId {
    /// The id that a user's key means within one run.
    pub fn of_key(run: &str, key: &str) -> Self {
        Self::of_parts(run, 0, key.as_bytes())
    }

    /// The id of every resolution of a token: the first one counts.
    pub fn of_token(token: &str) -> Self {
        Self::of_parts(token, 1, &[])
    }

    /// The id of every answer to a question of a run: the first one counts.
    pub fn of_question(run: &str, generation: u32, question: OpId) -> Self {
        Self::of_parts(run, 2, &[generation.to_be_bytes(), question.0.to_be_bytes()].concat())
    }

    /// The id of the grant of a lock to a command of a run, by its place among those that ever asked for it.
    pub fn of_grant(run: &str, op: OpId, place: u64) -> Self {
        Self::of_parts(run, 10, &[op.0.to_be_bytes().as_slice(), &place.to_be_bytes()].concat())
    }

    /// The id that a user's key means for the updates of a name within one run.
    pub fn of_update(run: &str, name: &str, key: &str) -> Self {
        let length = u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes();
        Self::of_parts(run, 30, &[length.as_slice(), name.as_bytes(), key.as_bytes()].concat())
    }

    /// The id of every end of a child that a command started: the first one counts.
    pub fn of_child(run: RunNo, generation: u32, op: OpId) -> Self {
        Self::of_parts("", 20, &super::generation::parts(run, generation, op))
    }

    /// The id of the request to end that a child has when its parent closes.
    pub fn of_close(run: RunNo, generation: u32, op: OpId) -> Self {
        Self::of_parts("", 21, &super::generation::parts(run, generation, op))
    }

    /// The id of the request to end that a run has when another is started in its place.
    pub fn of_overlap(new: RunNo, other: RunNo) -> Self {
        Self::of_parts("", 50, &[new.0.to_be_bytes(), other.0.to_be_bytes()].concat())
    }

    /// The id of what a command of a run sends to another run: sent again after a crash, it is the same.
    pub fn of_command(run: RunNo, generation: u32, op: OpId) -> Self {
        Self::of_parts("", 3, &super::generation::parts(run, generation, op))
    }

    /// The id by which the start of a run that tells somebody is known.
    pub fn of_hook(id: &str) -> Self {
        Self::of_parts(id, 41, &[])
    }

    /// No run and no token has a byte below the letters in its name, so the mark parts what must not meet.
    fn of_parts(name: &str, mark: u8, rest: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(name.as_bytes()).update(&[mark]).update(rest);
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(id)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
