//! How a run that is stuck or has failed goes on: under the text that was mended, at its failed step, or from before it.

use super::escape::{self, shell};
use super::render::few;
use crate::client::{
    ClientError, Edited, LoadedProgram, MOST_LOOKED_AT, Mark, MendError, Milestone, RunView, Session,
    TurningPoint, WayBack, before_last_step, before_stuck, edited, new_text, plan_retry, turning_point, view,
};
use crate::history::{RunEnd, RunId, RunNo, Seq, StoredStatus, Stuck, kind};

/// What lets a failed run go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WayOn {
    /// `durun retry`.
    Retry {
        /// Why it does so under its own text only, where the file of its script has another, in words.
        misfit: Option<String>,
    },
    /// This came after the failed step; `durun rewind` to the entry before that.
    Rewind {
        /// In words.
        effect: String,
        /// The entry.
        before: TurningPoint,
        /// Why it does so under its own text only, where the file of its script has another, in words.
        misfit: Option<String>,
    },
    /// This came after the failure, and what was done before that has been taken back: no earlier entry is true any more.
    Undone {
        /// In words.
        effect: String,
        /// The last entry before all that was taken back.
        before: Seq,
    },
    /// Its script ended it, or it held a lock where its step failed; `durun rewind` to before that, so that it is done once more.
    Before {
        /// From where.
        from: Milestone,
        /// Why it does so under its own text only, where the file of its script has another, in words.
        misfit: Option<String>,
    },
    /// It is stuck over what its last step gave, or its script is wrong; `durun rewind` to the entry before that step, which is done once
    /// more.
    Redo {
        /// That step, in words.
        step: String,
        /// The entry.
        before: TurningPoint,
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
        match status {
            StoredStatus::Ended(RunEnd::Failed { .. } | RunEnd::TimedOut { .. }) => {}
            StoredStatus::Stuck(stuck) => return Self::of_stuck(session, run, stuck),
            StoredStatus::Open => return Self::of_open(session, run),
            StoredStatus::Ended(
                RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. },
            ) => return Self::None,
        }
        let misfit = |before: &TurningPoint| if before.file.is_none() { misfit(session, run) } else { None };
        let before = |from: Option<Milestone>| {
            from.map_or(Self::None, |from| Self::Before { misfit: misfit(&from.before), from })
        };
        match plan_retry(session, id.as_str(), None) {
            Ok(_) => {
                let fits = |text: &LoadedProgram| plan_retry(session, id.as_str(), Some(text)).is_ok();
                let text = new_text(session, run).ok().flatten();
                if text.as_ref().is_some_and(fits) {
                    Self::NewText
                } else {
                    Self::Retry { misfit: self::misfit(session, run) }
                }
            }
            Err(ClientError::Mend(MendError::Undone { effect, before, .. })) => {
                Self::Undone { effect, before }
            }
            Err(ClientError::Mend(MendError::EffectBetween { effect, before, .. }))
                if status.is_of_step() =>
            {
                Self::Rewind { effect, misfit: misfit(&before), before }
            }
            Err(ClientError::Mend(MendError::NoFailedStep { last_step, .. })) => before(last_step),
            Err(ClientError::Mend(MendError::HeldLock { before: Some(at), .. })) => {
                let lock = |point| Milestone { mark: Mark::Lock, is_timeout: false, before: point };
                before(turning_point(session, id.as_str(), at).ok().map(lock))
            }
            // A step that failed and was caught is not why it ended.
            Err(ClientError::Mend(MendError::EffectBetween { .. })) => {
                before_last_step(session, id.as_str(), None).map_or(Self::None, before)
            }
            Err(_) => Self::None,
        }
    }

    fn of_open(session: &Session, run: RunNo) -> Self {
        let is_edited = new_text(session, run).is_ok_and(|text| text.is_some());
        // A long history is tried where somebody upgrades.
        let is_short = || view(session, run).is_ok_and(|view| view.entries.0 <= MOST_LOOKED_AT);
        match is_edited {
            true if is_short() => Self::of_edited(session, run),
            true => Self::NewText,
            false => Self::None,
        }
    }

    fn of_stuck(session: &Session, run: RunNo, stuck: &Stuck) -> Self {
        let way = Self::of_edited(session, run);
        // Where there is a hint, it is known what is wrong, and that is the script.
        let is_of_script = stuck.hint.is_some() || is_of_script(&stuck.message);
        if way != Self::None || stuck.kind != kind::FAULT || is_of_script {
            return way;
        }
        let before = before_stuck(session, run).ok().flatten();
        before.map_or(Self::None, |(step, before)| Self::Redo { step, before })
    }

    /// What the file of its script says now, and whether its history fits that.
    fn of_edited(session: &Session, run: RunNo) -> Self {
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

    /// What is to be said of the file of the script of an open run: a process that executes it has to put it down first.
    pub(crate) fn edited_while(&self, view: &RunView, file: &str) -> Option<String> {
        let said = self.edited(file)?;
        let then = match (self, view.executor) {
            (Self::Back { .. } | Self::Unfit { .. }, _) => "; it goes on under its own text".to_owned(),
            (_, Some(claim)) => format!(", once it is parked (Ctrl-C, or kill {})", claim.pid),
            (_, None) => String::new(),
        };
        Some(format!("{said}{then}"))
    }

    /// What is to be said of the file of its script, which is called so, where that has changed.
    pub(crate) fn edited(&self, file: &str) -> Option<String> {
        match self {
            Self::NewText
            | Self::Rewind { before: TurningPoint { file: Some(_), .. }, .. }
            | Self::Before { from: Milestone { before: TurningPoint { file: Some(_), .. }, .. }, .. } => {
                Some(format!(
                    "{file} has changed since; the run keeps its text until it is given the new one"
                ))
            }
            Self::Back { misfit, back } => Some(format!(
                "{file} has changed since, and what is recorded fits it up to entry {} only: {misfit}",
                back.to
            )),
            Self::Unfit { misfit }
            | Self::Retry { misfit: Some(misfit) }
            | Self::Rewind { misfit: Some(misfit), .. }
            | Self::Before { misfit: Some(misfit), .. } => {
                Some(format!("{file} has changed since, and the run cannot go on under it: {misfit}"))
            }
            Self::Retry { misfit: None }
            | Self::Rewind { misfit: None, .. }
            | Self::Before { misfit: None, .. }
            | Self::Undone { .. }
            | Self::Redo { .. }
            | Self::None => None,
        }
    }

    /// What goes on from an earlier entry, or why nothing does, in a sentence.
    pub(crate) fn back_in_words(&self, id: &RunId) -> Option<String> {
        match self {
            Self::Rewind { effect, before, .. } => Some(after(id, effect, before)),
            Self::Undone { effect, before } => Some(undone(id, effect, *before)),
            Self::Before { from, .. } => Some(again(id, from)),
            Self::Retry { .. }
            | Self::Redo { .. }
            | Self::NewText
            | Self::Back { .. }
            | Self::Unfit { .. }
            | Self::None => None,
        }
    }

    /// The same of a run that is stuck.
    pub(crate) fn redo_in_words(&self, id: &RunId) -> Option<String> {
        let Self::Redo { step, before } = self else { return None };
        Some(format!(
            "where it is what a step gave that is wrong, mend that, and have the step done once more. If it was the last, {step}: {}; an earlier \
             one: durun history {id} shows the entry before it",
            rewind_line(id, before)
        ))
    }

    /// What does the last step of a run that is stuck once more: words behind `durun`.
    pub(crate) fn redo(&self, view: &RunView) -> Option<(&str, Vec<String>)> {
        let Self::Redo { step, before } = self else { return None };
        Some((step, rewind_commands(&view.row.id, before)))
    }

    /// The commands behind `durun` that go on.
    pub(crate) fn commands(&self, view: &RunView) -> Vec<String> {
        let id = &view.row.id;
        match self {
            // It goes on as it is: nobody has to go back for it.
            Self::Back { .. } | Self::Unfit { .. } if matches!(view.row.status, StoredStatus::Open) => {
                vec![format!("upgrade {id} --script {} --dry-run", shell(&view.row.script))]
            }
            Self::Retry { .. } => vec![format!("retry {id}")],
            Self::Rewind { before, .. } | Self::Before { from: Milestone { before, .. }, .. } => {
                rewind_commands(id, before)
            }
            Self::NewText if matches!(view.row.status, StoredStatus::Open) => {
                upgrade_commands(id, &shell(&view.row.script))
            }
            Self::NewText => vec![format!("retry {id} --script {}", shell(&view.row.script))],
            Self::Back { back, .. } => back_commands(id, back),
            Self::Undone { .. } | Self::Redo { .. } | Self::Unfit { .. } | Self::None => {
                match &view.row.status {
                    StoredStatus::Stuck(_) => upgrade_commands(id, &shell(&view.row.script)),
                    StoredStatus::Open | StoredStatus::Ended(_) => vec![format!("history {id}")],
                }
            }
        }
    }
}

/// Whether a fault is one of the script, whatever values it has: a name that there is not, or a call where none may be. A field may be missing
/// in what a step gave.
fn is_of_script(message: &str) -> bool {
    let names = ["function", "variable", "option", "activity", "query", "module"];
    let missing = message.strip_prefix("there is no ");
    missing.is_some_and(|what| names.iter().any(|name| what.starts_with(name)))
        || message.contains(" exists only ")
}

/// What lets a run go on under another text, in a file as a shell reads it: words behind `durun`.
pub(crate) fn upgrade_commands(id: &RunId, file: &str) -> Vec<String> {
    vec![format!("upgrade {id} --script {file}"), format!("resume {id}")]
}

/// What lets a run go on from an earlier entry, under the text that is to be its own then: words behind `durun`.
fn rewind_commands(id: &RunId, before: &TurningPoint) -> Vec<String> {
    let on = before
        .file
        .as_ref()
        .map_or_else(|| vec![format!("resume {id}")], |file| upgrade_commands(id, &shell(file)));
    [vec![format!("rewind {id} --to {}", before.at)], on].concat()
}

/// The same in a line, as it is typed.
pub(crate) fn rewind_line(id: &RunId, before: &TurningPoint) -> String {
    format!("durun {}", rewind_commands(id, before).join(" && durun "))
}

/// What goes on from before a failure, where something was done since.
fn after(id: &RunId, effect: &str, before: &TurningPoint) -> String {
    format!(
        "{effect} came after the failure; to go on from before it{}: {}",
        under(before),
        rewind_line(id, before)
    )
}

/// What goes on from before what ended the run, where it is not the failed step alone that is done once more.
pub(crate) fn again(id: &RunId, from: &Milestone) -> String {
    let (under, line) = (under(&from.before), rewind_line(id, &from.before));
    let by = ended_by(from);
    match &from.mark {
        Mark::Step(step) => format!("{by}; to go on from before its last step, {step}{under}: {line}"),
        Mark::Beginning => format!("{by}; to go on from its beginning{under}: {line}"),
        Mark::Lock => format!("{by}; to go on from before the lock was granted{under}: {line}"),
    }
}

/// What ended such a run, in words.
pub(crate) fn ended_by(from: &Milestone) -> &'static str {
    match from.mark {
        Mark::Lock => "it held a lock, which it gave up when it ended",
        Mark::Step(_) | Mark::Beginning if from.is_timeout => {
            "a time-out that its script did not catch ended it"
        }
        Mark::Step(_) | Mark::Beginning => "its script ended it",
    }
}

/// What to do where the run has taken back what it did.
pub(crate) fn undone(id: &RunId, effect: &str, before: Seq) -> String {
    format!("{effect} came after the failure, and {}", taken_back(id, before))
}

/// The same where no failed step came before that.
pub(crate) fn taken_back(id: &RunId, before: Seq) -> String {
    format!(
        "what was done before has been taken back: going on from there would count it as done. \
         Start a new run; or see what going back to before all that would set aside: durun rewind {id} --to {before} --dry-run"
    )
}

fn under(before: &TurningPoint) -> &'static str {
    if before.file.is_some() { ", under the new text" } else { "" }
}

/// Why a run cannot go on under what the file of its script says now, in words; nothing where it says the same, or could.
fn misfit(session: &Session, run: RunNo) -> Option<String> {
    match edited(session, run) {
        Ok(Edited::Differs(difference)) => Some(escape::line(&difference.to_string())),
        Ok(Edited::NoScript(error)) => Some(escape::line(&error.to_string())),
        // What cannot be read says nothing.
        Ok(Edited::No | Edited::Fits) | Err(_) => None,
    }
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
    let effects = if named.is_empty() {
        String::new()
    } else {
        format!(
            "; done once more where the script asks for it, under another key, whatever at_most_once says: {}",
            few::of_many(&named, back.effects.len())
        )
    };
    let commands = back_commands(id, back).join(" && durun ");
    format!(
        "to go on under the new text from entry {}, the last that fits it ({entries}{effects}): durun {commands}",
        back.to
    )
}
