//! How a run that is stuck or has failed goes on: under the text that was mended, at its failed step, or from before it.

use super::escape::{self, shell};
use crate::client::{
    ClientError, Edited, LoadedProgram, MendError, RunView, Session, WayBack, before_last_step, edited,
    new_text, plan_retry,
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
    /// This came after the failure, and what was done before that has been taken back: no earlier entry is true any more.
    Undone {
        /// In words.
        effect: String,
    },
    /// Its script ended it; `durun rewind` to the entry before its last step, which is done once more.
    Before {
        /// That step, in words.
        step: String,
        /// The entry.
        before: Seq,
    },
    /// The file of its script says something else now; `durun retry` with that, or `durun upgrade` of a run that has not ended.
    NewText,
    /// The file says something else now, which its history fits up to an entry only; `durun rewind` to that first.
    Back {
        /// What does not fit, in words.
        misfit: String,
        /// To where.
        back: WayBack,
    },
    /// The file says something else now, under which the run cannot go on either.
    Unfit {
        /// Why, in words.
        misfit: String,
    },
    /// No single command.
    None,
}

impl WayOn {
    /// Of a run that may be stuck or have failed, or that goes on under a text that its file has no more. Nothing is written.
    pub(crate) fn of(session: &Session, (run, id): (RunNo, &RunId), status: &StoredStatus) -> Self {
        let is_of_step = match status {
            StoredStatus::Ended(RunEnd::Failed { failure }) => failure.data.contains_key("name"),
            StoredStatus::Ended(RunEnd::TimedOut { .. }) => true,
            StoredStatus::Stuck(_) => return Self::of_stuck(session, run),
            StoredStatus::Open => {
                let is_edited = new_text(session, run).is_ok_and(|text| text.is_some());
                return if is_edited { Self::NewText } else { Self::None };
            }
            StoredStatus::Ended(
                RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. },
            ) => return Self::None,
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
            Err(ClientError::Mend(MendError::EffectBetween { effect, has_undone: true, .. })) => {
                Self::Undone { effect }
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

    fn of_stuck(session: &Session, run: RunNo) -> Self {
        match edited(session, run) {
            Ok(Edited::Fits) => Self::NewText,
            Ok(Edited::Differs(mut difference)) => {
                let misfit = escape::line(&difference.to_string());
                match difference.back.take() {
                    Some(back) => Self::Back { misfit, back },
                    None => Self::Unfit { misfit },
                }
            }
            Ok(Edited::NoScript(error)) => Self::Unfit { misfit: escape::line(&error.to_string()) },
            // What cannot be read says nothing.
            Ok(Edited::No) | Err(_) => Self::None,
        }
    }

    /// What is to be said of the file of its script, where that has changed.
    pub(crate) fn edited(&self) -> Option<String> {
        match self {
            Self::NewText => Some(
                "the script's file has changed since; the run keeps its text until it is given the new one"
                    .to_owned(),
            ),
            Self::Back { misfit, back } => Some(format!(
                "the script's file has changed since, and what is recorded fits it up to entry {} only: {misfit}",
                back.to
            )),
            Self::Unfit { misfit } => Some(format!(
                "the script's file has changed since, and the run cannot go on under it: {misfit}"
            )),
            Self::Retry | Self::Rewind { .. } | Self::Undone { .. } | Self::Before { .. } | Self::None => {
                None
            }
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
            Self::NewText if matches!(view.row.status, StoredStatus::Open) => {
                upgrade_commands(id, &shell(&view.row.script))
            }
            Self::NewText => vec![format!("retry {id} --script {}", shell(&view.row.script))],
            Self::Back { back, .. } => back_commands(id, back),
            Self::Undone { .. } | Self::Unfit { .. } | Self::None => match &view.row.status {
                StoredStatus::Stuck(_) => upgrade_commands(id, &shell(&view.row.script)),
                StoredStatus::Open | StoredStatus::Ended(_) => vec![format!("history {id}")],
            },
        }
    }
}

/// What lets a run go on under another text, in a file as a shell reads it: words behind `durun`.
pub(crate) fn upgrade_commands(id: &RunId, file: &str) -> Vec<String> {
    vec![format!("upgrade {id} --script {file}"), format!("resume {id}")]
}

/// The same from the last entry that fits it.
pub(crate) fn back_commands(id: &RunId, back: &WayBack) -> Vec<String> {
    [vec![format!("rewind {id} --to {}", back.to)], upgrade_commands(id, &shell(&back.file))].concat()
}

/// So many effects are named that would be done once more.
const NAMED: usize = 4;

/// The same in a sentence, with what it costs.
pub(crate) fn back_hint(id: &RunId, back: &WayBack) -> String {
    let entries = match back.aside {
        1 => "the entry after it is set aside".to_owned(),
        many => format!("the {many} entries after it are set aside"),
    };
    let named: Vec<String> = back.effects.iter().take(NAMED).map(|effect| escape::line(effect)).collect();
    let more = match back.effects.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let effects = if named.is_empty() {
        String::new()
    } else {
        format!(
            "; done once more where the script asks for it, under another key, whatever at_most_once says: {}{more}",
            named.join(", ")
        )
    };
    let commands = back_commands(id, back).join(" && durun ");
    format!(
        "to go on under the new text from entry {}, the last that fits it ({entries}{effects}): durun {commands}",
        back.to
    )
}
