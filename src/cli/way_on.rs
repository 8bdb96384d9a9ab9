//! How a run that is stuck or has failed goes on: under the text that was mended, at its failed step, or from before it.

use super::escape::shell;
use crate::client::{
    ClientError, LoadedProgram, MendError, RunView, Session, before_last_step, is_edited, new_text,
    plan_retry,
};
use crate::history::{RunEnd, RunId, RunNo, Seq, StoredStatus};

/// What lets a failed run go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WayOn {
    /// `durun retry`.
    Retry,
    /// This came after the failed step; `durun rewind` to the entry before that.
    Rewind {
        /// In words.
        effect: String,
        /// The entry.
        before: Seq,
    },
    /// Its script ended it; `durun rewind` to the entry before its last step, which is done once more.
    Before {
        /// That step, in words.
        step: String,
        /// The entry.
        before: Seq,
    },
    /// The file of its script says something else now; `durun retry` with that.
    NewText,
    /// No single command.
    None,
}

impl WayOn {
    /// Of a run that may be stuck or have failed. Nothing is written.
    pub(crate) fn of(session: &Session, (run, id): (RunNo, &RunId), status: &StoredStatus) -> Self {
        let is_of_step = match status {
            StoredStatus::Ended(RunEnd::Failed { failure }) => failure.data.contains_key("name"),
            StoredStatus::Ended(RunEnd::TimedOut { .. }) => true,
            // What cannot be read says nothing.
            StoredStatus::Stuck(_) if is_edited(session, run).unwrap_or(false) => return Self::NewText,
            StoredStatus::Ended(
                RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. },
            )
            | StoredStatus::Open
            | StoredStatus::Stuck(_) => return Self::None,
        };
        let before = |last_step: Option<(String, Seq)>| {
            last_step.map_or(Self::None, |(step, before)| Self::Before { step, before })
        };
        match plan_retry(session, id.as_str(), None) {
            Ok(_) => {
                let fits = |text: &LoadedProgram| plan_retry(session, id.as_str(), Some(text)).is_ok();
                let text = new_text(session, run).ok().flatten();
                if text.as_ref().is_some_and(fits) { Self::NewText } else { Self::Retry }
            }
            Err(ClientError::Mend(MendError::EffectBetween { effect, before, .. })) if is_of_step => {
                Self::Rewind { effect, before }
            }
            Err(ClientError::Mend(MendError::NoFailedStep { last_step, .. })) => before(last_step),
            // A step that failed and was caught is not why it ended.
            Err(ClientError::Mend(MendError::EffectBetween { .. })) => {
                before_last_step(session, id.as_str()).map_or(Self::None, before)
            }
            Err(_) => Self::None,
        }
    }

    /// The commands behind `durun` that go on.
    pub(crate) fn commands(&self, view: &RunView) -> Vec<String> {
        let id = &view.row.id;
        match self {
            Self::Retry => vec![format!("retry {id}")],
            Self::Rewind { before, .. } | Self::Before { before, .. } => {
                vec![format!("rewind {id} --to {before}"), format!("resume {id}")]
            }
            Self::NewText => vec![format!("retry {id} --script {}", shell(&view.row.script))],
            Self::None => vec![format!("history {id}")],
        }
    }
}
