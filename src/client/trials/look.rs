//! How a run of a test stands: every field that a test can read of it.

use super::super::{ClientError, LogReader, Session, published, read_history, view};
use crate::history::{Entry, Fact, MessageId, RunEnd, RunNo, RunStatus, StoredStatus, UpdateAnswer, Value};
use crate::script::Played;
use crate::store::{Answer, Request};
use crate::timer::{rfc3339, show_duration};
use std::collections::BTreeMap;

/// Reads a run; `sent` are the updates that it was sent.
pub(super) fn look(
    session: &Session,
    run: RunNo,
    sent: &[(String, MessageId)],
) -> Result<Played, ClientError> {
    let seen = view(session, run)?;
    let entries = read_history(session, run, seen.row.id.clone())?;
    let mut logs = LogReader::new(session, run, None);
    let mut lines = Vec::new();
    loop {
        let page = logs.page(session)?;
        if page.is_empty() {
            break;
        }
        lines.extend(page.into_iter().map(|line| Value::Text(line.text)));
    }
    let began = entries.first().map_or(seen.row.created_at, |(_, entry)| entry.at);
    let last = entries.last().map_or(began, |(_, entry)| entry.at);
    let took_ms = last.since_ms(began);
    let waits = seen.pending.iter().map(|pending| &pending.label);
    let waits = waits
        .map(|label| Value::Text(format!("{} {}", label.kind, label.name).trim_end().to_owned()))
        .collect();
    let (result, error) = end(&seen.row.status);
    let values = published(session, run)?;
    let summary = seen.row.summary.as_deref().map_or(Value::Null, Value::from);
    let history = entries.iter().map(|(_, entry)| shown(entry)).collect();
    let fields = [
        ("id", Value::from(seen.row.id.as_str())),
        ("result", result),
        ("error", error),
        ("summary", summary),
        ("published", Value::Map(values.into_iter().collect())),
        ("logs", Value::List(lines)),
        ("history", Value::List(history)),
        ("updates", Value::List(updates(session, run, sent)?)),
        ("waits_for", Value::List(waits)),
        ("started_at", rfc3339(began).into()),
        ("last_at", rfc3339(last).into()),
        ("took", show_duration(took_ms).into()),
        ("took_ms", Value::Int(took_ms)),
    ];
    // Nobody executes it between two plays; to its test it waits.
    let status = match seen.status {
        RunStatus::Parked | RunStatus::Running => RunStatus::Waiting,
        other => other,
    };
    let fields: BTreeMap<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Played { status: status.word().to_owned(), fields })
}

/// The result of a run, and its error.
fn end(status: &StoredStatus) -> (Value, Value) {
    let error = |kind: &str, message: &str| Value::from([("kind", kind.into()), ("message", message.into())]);
    match status {
        StoredStatus::Ended(RunEnd::Completed { result }) => (result.clone(), Value::Null),
        StoredStatus::Ended(RunEnd::Failed { failure }) => (Value::Null, failure.to_value()),
        StoredStatus::Ended(RunEnd::Cancelled { reason }) => (Value::Null, error("cancelled", reason)),
        StoredStatus::Ended(RunEnd::TimedOut { reason }) => (Value::Null, error("timed_out", reason)),
        StoredStatus::Ended(RunEnd::Terminated { reason }) => (Value::Null, error("terminated", reason)),
        StoredStatus::Stuck(stuck) => (Value::Null, error(&stuck.kind, &stuck.message)),
        StoredStatus::Open => (Value::Null, Value::Null),
    }
}

/// The answers to the updates that were sent, those that were refused too; one that has none yet is left out.
fn updates(session: &Session, run: RunNo, sent: &[(String, MessageId)]) -> Result<Vec<Value>, ClientError> {
    let mut answers = Vec::new();
    for (name, id) in sent {
        let Answer::Update(answer) = session.ask(Request::UpdateAnswer { id: *id })? else {
            return Err(ClientError::Answer { run });
        };
        let (answer, error) = match *answer {
            None => continue,
            Some(UpdateAnswer::Gave(value)) => (value, Value::Null),
            Some(UpdateAnswer::Threw(failure) | UpdateAnswer::Refused(failure)) => {
                (Value::Null, failure.to_value())
            }
        };
        answers.push(Value::from([("name", name.as_str().into()), ("answer", answer), ("error", error)]));
    }
    Ok(answers)
}

/// An entry: its kind, its time, and what most ask of it.
fn shown(entry: &Entry) -> Value {
    let (name, value, error) = match &entry.fact {
        Fact::ActivityCompleted(done) => (done.label.name.as_str(), done.result.clone(), Value::Null),
        Fact::ActivityFailed(failed) => (failed.label.name.as_str(), Value::Null, failed.failure.to_value()),
        Fact::TimerFired(fired) => (fired.label.name.as_str(), Value::Null, Value::Null),
        Fact::SignalReceived(signal) => (signal.name.as_str(), signal.payload.clone(), Value::Null),
        Fact::QuestionAnswered(answer) => ("", answer.choice.choice.as_str().into(), Value::Null),
        Fact::UpdateAccepted(update) => (update.name.as_str(), update.argument.clone(), Value::Null),
        Fact::UpdateCompleted(update) => (update.name.as_str(), Value::Null, Value::Null),
        Fact::ChildEnded(child) => (child.child.as_str(), Value::Null, Value::Null),
        Fact::LockGranted(lock) => (lock.label.name.as_str(), Value::Null, Value::Null),
        _ => ("", Value::Null, Value::Null),
    };
    let mut map = vec![("kind", Value::from(entry.fact.word())), ("at", rfc3339(entry.at).into())];
    if !name.is_empty() {
        map.push(("name", name.into()));
    }
    if value != Value::Null {
        map.push(("value", value));
    }
    if error != Value::Null {
        map.push(("error", error));
    }
    Value::Map(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
