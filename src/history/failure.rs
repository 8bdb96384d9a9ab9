//! A failure as data: the kind and message that `catch (err)` sees, and whatever else is known of it.

use super::raised::Raised;
use super::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds of failure that durun itself makes. A script may throw others.
pub mod kind {
    /// An activity ended with a permanent failure or used up its attempts.
    pub const ACTIVITY: &str = "activity";
    /// A process of `exec` or `sh` ended with a code that is not in `ok_codes`.
    pub const EXEC: &str = "exec";
    /// A call of a service failed: no answer, or a status that is no success.
    pub const HTTP: &str = "http";
    /// A file could not be read, written or found.
    pub const FILE: &str = "file";
    /// A time limit was reached.
    pub const TIMEOUT: &str = "timeout";
    /// The run was asked to end.
    pub const CANCELLED: &str = "cancelled";
    /// Thrown by `fail(…)`.
    pub const FAILURE: &str = "failure";
    /// Thrown by the script as something that is no map with `kind` and `message`.
    pub const THROWN: &str = "thrown";
    /// A mistake in the script: unknown function, wrong type, limit.
    pub const FAULT: &str = "fault";
    /// A value that may not enter a history: too large, too deep, not finite, a function.
    pub const BAD_VALUE: &str = "bad_value";
    /// A value over the size limit.
    pub const TOO_LARGE: &str = "too_large";
    /// An option that does not exist or does not fit.
    pub const BAD_OPTION: &str = "bad_option";
    /// A command where none may stand: inside an activity, a predicate or a query.
    pub const NESTED: &str = "nested";
    /// A variable that another strand holds.
    pub const HELD: &str = "held";
    /// A lock that a strand asks for while it holds it.
    pub const LOCK: &str = "lock";
    /// An undo that failed, told by `undo()`.
    pub const UNDO: &str = "undo";
    /// A secret that is nowhere where it was looked for.
    pub const SECRET_MISSING: &str = "secret_missing";
    /// A run that has ended, to which nothing can be said any more.
    pub const ENDED: &str = "ended";
    /// No run has that id.
    pub const NO_SUCH_RUN: &str = "no_such_run";
    /// A child run that did not complete, or could not be started.
    pub const CHILD: &str = "child";
    /// A name that is in use for something else.
    pub const CONFLICT: &str = "conflict";
    /// The script has no update of that name where it stands.
    pub const NO_SUCH_UPDATE: &str = "no_such_update";
    /// A token that was rejected.
    pub const REJECTED: &str = "rejected";
    /// An at-most-once step whose outcome a crash hid.
    pub const UNKNOWN_OUTCOME: &str = "unknown_outcome";
}

/// How something went wrong, as stored and as a script catches it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// One of [`kind`], or a word of the script's own.
    pub kind: String,
    /// One sentence for a person.
    pub message: String,
    /// Whatever else is known: `name`, `type`, `attempts`, `exit_code`, `stderr`, `cause`, `data`.
    #[serde(default)]
    pub data: BTreeMap<String, Value>,
    /// The line of the script as it catches it: of the command, where one failed.
    #[serde(default)]
    pub line: Option<u32>,
    /// Where it was raised, inside the command too, once it has left a strand or a body. Not kept before there were calls.
    // The last field: left out, it leaves the places of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised: Option<Box<Raised>>,
}

impl Failure {
    /// A failure with a kind and a message.
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.into(),
            data: BTreeMap::new(),
            line: None,
            raised: None,
        }
    }

    /// The same with one more fact.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }

    /// The line in which it was raised, as far as it is known.
    pub fn raised_line(&self) -> Option<u32> {
        self.raised.as_ref().map(|raised| raised.line).or(self.line)
    }

    /// The map that a script catches: `kind`, `message` and the data beside them, not the calls: what is caught stays what it
    /// was when the calls were not known.
    pub fn to_value(&self) -> Value {
        let mut map = self.data.clone();
        map.insert("kind".to_owned(), Value::Text(self.kind.clone()));
        map.insert("message".to_owned(), Value::Text(self.message.clone()));
        if let Some(line) = self.line {
            map.entry("line".to_owned()).or_insert(Value::Int(i64::from(line)));
        }
        Value::Map(map)
    }

    /// The failure that a thrown value means: a map with `kind` and `message` is itself, all else is `thrown`.
    pub fn from_value(value: Value) -> Self {
        match value {
            Value::Map(mut map)
                if matches!(map.get("kind"), Some(Value::Text(_)))
                    && matches!(map.get("message"), Some(Value::Text(_))) =>
            {
                let text = |value: Option<Value>| match value {
                    Some(Value::Text(text)) => text,
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
                let kind = text(map.remove("kind"));
                let message = text(map.remove("message"));
                let line = map.get("line").and_then(Value::as_int).and_then(|line| u32::try_from(line).ok());
                if line.is_some() {
                    map.remove("line");
                }
                Self { kind, message, data: map, line, raised: None }
            }
            Value::Text(text) => Self::new(kind::THROWN, text.clone()).with("value", text),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Map(_)) => Self::new(kind::THROWN, other.to_string()).with("value", other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::call_site::CallSite;
    use super::*;

    #[test]
    fn a_failure_survives_being_caught_and_thrown_again() {
        let failure = Failure { line: Some(7), ..Failure::new(kind::ACTIVITY, "card declined") }
            .with("type", "card_declined")
            .with("attempts", 3_i64);
        assert_eq!(Failure::from_value(failure.to_value()), failure);
    }

    #[test]
    fn a_failure_stored_before_calls_were_kept_is_read_and_one_without_calls_says_none() {
        #[derive(Serialize)]
        struct Before {
            kind: String,
            message: String,
            line: Option<u32>,
        }
        let before = Before { kind: "exec".to_owned(), message: "no".to_owned(), line: Some(3) };
        let old = rmp_serde::to_vec_named(&before).expect("encodes");
        let failure = Failure { line: Some(3), ..Failure::new("exec", "no") };
        assert_eq!(rmp_serde::from_slice::<Failure>(&old).expect("decodes"), failure);
        assert_eq!(rmp_serde::to_vec(&failure).expect("encodes").first(), Some(&0x94), "four fields");
        let calls = vec![CallSite { name: "charge".to_owned(), line: 7, file: None }];
        let raised = Raised { line: 3, column: Some(5), file: Some("lib".to_owned()), calls };
        let chained = Failure { raised: Some(Box::new(raised)), ..failure };
        for bytes in [rmp_serde::to_vec_named(&chained), rmp_serde::to_vec(&chained)] {
            assert_eq!(rmp_serde::from_slice::<Failure>(&bytes.expect("encodes")).expect("decodes"), chained);
        }
    }

    #[test]
    fn a_thrown_text_is_its_own_message() {
        let failure = Failure::from_value(Value::Text("no money".to_owned()));
        assert_eq!((failure.kind.as_str(), failure.message.as_str()), ("thrown", "no money"));
    }
}
