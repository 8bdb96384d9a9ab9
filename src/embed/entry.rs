//! An entry of a run's history as others read it: what happened, and its facts as data.

use crate::history::{self, Fact, Moment, Seq, Value};
use serde::Serialize;

/// One fact of a run, in the order in which its script was told of them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Its place, from 0.
    pub number: u32,
    /// When it was recorded. Never decreases along a history.
    pub at: Moment,
    /// What happened: `RunBegan`, `ActivityCompleted`, `ActivityFailed`, `TimerFired`, `SignalReceived`, `RunCompleted` …
    pub kind: &'static str,
    /// The name of the activity, signal or update that it is about.
    pub name: Option<String>,
    /// Its facts: of an `ActivityCompleted` for one `op`, `input`, `result` and `attempts`. The fields are those of the file
    /// format; later versions may add some.
    pub data: Value,
}

impl Entry {
    pub(super) fn of((Seq(number), entry): (Seq, history::Entry)) -> Self {
        let data = match &entry.fact {
            Fact::RunBegan { .. } | Fact::Unknown { .. } => Value::Null,
            Fact::ActivityCompleted(it) => facts(it),
            Fact::ActivityFailed(it) => facts(it),
            Fact::TimerFired(it) => facts(it),
            Fact::SignalReceived(it) => facts(it),
            Fact::CancelRequested(it) => facts(it),
            Fact::TokenResolved(it) => facts(it),
            Fact::QuestionAnswered(it) => facts(it),
            Fact::LockGranted(it) => facts(it),
            Fact::ChildEnded(it) => facts(it),
            Fact::UpdateAccepted(it) => facts(it),
            Fact::UpdateCompleted(it) => facts(it),
            Fact::RunEnded(it) => facts(it),
            Fact::RunRestarted(it) => facts(it),
        };
        let name = data.get("name").and_then(Value::as_text).map(str::to_owned);
        Self { number, at: entry.at, kind: entry.fact.word(), name, data }
    }
}

/// The fields of a fact; the bytes by which the store knows a message are of no use to others.
fn facts(fact: &impl Serialize) -> Value {
    match Value::of(fact) {
        Ok(Value::Map(mut fields)) => {
            fields.remove("message_id");
            Value::Map(fields)
        }
        Ok(other) => other,
        Err(_) => Value::Null,
    }
}
