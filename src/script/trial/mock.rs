//! What stands in for the world: which commands a mock answers, and with what.

use super::super::closure::Closure;
use super::super::convert::to_value;
use super::super::raise::type_word;
use crate::history::{CommandKind, CommandLabel, Failure, Value};
use rhai::{Dynamic, FnPtr, NativeCallContext};

/// An answer of a mock, as the test wrote it.
#[derive(Clone)]
pub(super) enum Answer {
    /// This value.
    Value(Value),
    /// This failure; whether it is for good.
    Fails(Failure, bool),
    /// So many milliseconds later.
    After(i64, Box<Answer>),
    /// It never answers.
    Never,
    /// One after the other; the last again and again.
    Each(Vec<Answer>),
    /// What the closure gives.
    Closure(Closure),
}

impl Answer {
    /// The answer that a value of the test means.
    pub(super) fn of(context: &NativeCallContext<'_>, given: &Dynamic) -> Result<Self, String> {
        if let Some(answer) = given.read_lock::<Self>() {
            return Ok(answer.clone());
        }
        if let Some(function) = given.read_lock::<FnPtr>() {
            return Ok(Self::Closure(Closure::shared(context, function.clone())));
        }
        Self::plain(given)
    }

    /// The same of a value that no closure can be in any more.
    pub(super) fn plain(given: &Dynamic) -> Result<Self, String> {
        if let Some(answer) = given.read_lock::<Self>() {
            return Ok(answer.clone());
        }
        to_value(given).map(Self::Value).map_err(|_| {
            format!("a mock answers with a value that can be recorded, not with {}", type_word(given))
        })
    }
}

/// A mock: what it stands in for, and its answer.
#[derive(Clone)]
pub(super) struct Mock {
    pub(super) pattern: String,
    pub(super) answer: Answer,
    /// The line that says it, where known.
    pub(super) line: Option<u32>,
}

impl Mock {
    /// Whether it stands in for a command: by its name, by `KIND NAME`, or by the beginning of either before a `*`.
    pub(super) fn is_of(&self, label: &CommandLabel) -> bool {
        let pattern = self.pattern.as_str();
        let whole = shown(label);
        match pattern.strip_suffix('*') {
            Some(beginning) => whole.starts_with(beginning) || label.name.starts_with(beginning),
            None => pattern == whole || pattern == label.name || pattern == label.kind.word(),
        }
    }
}

/// A command as a mock names it: an activity by its name, all else with its kind.
pub(super) fn shown(label: &CommandLabel) -> String {
    if label.kind == CommandKind::Activity {
        label.name.clone()
    } else {
        format!("{} {}", label.kind.word(), label.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mock_is_found_by_name_by_kind_and_by_beginning() {
        let is_of = |pattern: &str, kind, name: &str| {
            let answer = Answer::Never;
            Mock { pattern: pattern.into(), answer, line: None }
                .is_of(&CommandLabel { kind, name: name.into() })
        };
        for (pattern, kind, name, fits) in [
            ("charge", CommandKind::Activity, "charge", true),
            ("charge", CommandKind::Activity, "charge_customer", false),
            ("charge*", CommandKind::Activity, "charge_customer", true),
            ("exec tar", CommandKind::Exec, "tar", true),
            ("tar", CommandKind::Exec, "tar", true),
            ("exec", CommandKind::Exec, "tar", true),
            ("exec", CommandKind::Sh, "tar", false),
            ("http POST https://a/*", CommandKind::Http, "POST https://a/b", true),
            ("http GET*", CommandKind::Http, "POST https://a/b", false),
            ("*", CommandKind::Env, "HOME", true),
        ] {
            assert_eq!(is_of(pattern, kind, name), fits, "{pattern} {name}");
        }
    }
}
