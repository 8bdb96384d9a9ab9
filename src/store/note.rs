//! What the hub has to know of a request once it was done: who executes, who watches, what was said to whom.

use super::{NewMessage, Request};
use crate::history::{MessageBody, MessageId, RunNo};

/// What the hub has to know of a request once it was done.
pub(super) enum Note {
    Began,
    Recorded,
    Attends,
    Claimed(RunNo),
    Released(RunNo),
    Appended { run: RunNo, delivered: Vec<MessageId>, ends: bool },
    Terminated(RunNo),
    RetriedNow(RunNo),
    Refused(RunNo),
    Watched(RunNo),
    Signalled(Box<(MessageId, MessageBody)>),
    Posted(Box<NewMessage>),
    Nothing,
}

impl Note {
    /// What is to be known of this one.
    pub(super) fn of(request: &Request) -> Self {
        match request {
            Request::Start(new) => {
                if new.claim.is_some() {
                    Self::Began
                } else {
                    Self::Recorded
                }
            }
            Request::Attend => Self::Attends,
            Request::Claim { run, .. } => Self::Claimed(*run),
            Request::Release { run, .. } => Self::Released(*run),
            Request::Append(append) => Self::Appended {
                run: append.run,
                delivered: append.delivered.iter().map(|(_, id)| *id).collect(),
                ends: matches!(append.row.status, Some(crate::history::StoredStatus::Ended(_))),
            },
            // Whoever executed it is fenced off; whoever attends may take it up.
            Request::Rewind(new) => Self::Released(new.run),
            Request::Terminate { run, .. } => Self::Terminated(*run),
            Request::RetryNow { run } => Self::RetriedNow(*run),
            Request::RefuseUpdate(refused) => Self::Refused(refused.run),
            Request::Watch { run } => Self::Watched(*run),
            Request::Signal(new) => {
                let body = MessageBody::Signal { name: new.name.clone(), payload: new.payload.clone() };
                Self::Signalled(Box::new((new.id, body)))
            }
            Request::Post(message) => Self::Posted(message.clone()),
            Request::Upgrade(_)
            | Request::Branch { .. }
            | Request::Upkeep(_)
            | Request::Due { .. }
            | Request::Awake { .. }
            | Request::Deliver(_)
            | Request::Find { .. }
            | Request::List(_)
            | Request::View { .. }
            | Request::Snapshot { .. }
            | Request::History { .. }
            | Request::Past { .. }
            | Request::Script { .. }
            | Request::Logs { .. }
            | Request::Recall { .. }
            | Request::UpdateAnswer { .. }
            | Request::TakeOnce { .. }
            | Request::Admit { .. }
            | Request::ForgetOnce { .. }
            | Request::ListOnce { .. }
            | Request::Schedule(_)
            | Request::Schedules
            | Request::Published { .. } => Self::Nothing,
        }
    }
}
