//! A run as a JSON document, schema 1. Fields are added, never renamed.

use super::when::relative;
use crate::client::{Descendant, RunView, open_question, path_of};
use crate::history::{
    CallSite, Edit, Failure, LockView, Moment, Pending, RunEnd, SkippedStarts, StoredStatus, Unread, Value,
    WokenBy,
};
use crate::timer::rfc3339;
use serde_json::{Map, Value as Json, json};

/// The schema that the documents carry.
pub(crate) const SCHEMA: u32 = 1;

/// So many of the messages that its script was not told of.
const MOST_UNREAD: usize = 100;

/// One run as `status` tells it: with all that it waits for, and what it has published.
pub(crate) fn full(
    view: &RunView,
    children: &[Descendant],
    published: &[(String, Value)],
    unread: &[Unread],
    now: Moment,
) -> Json {
    let mut document = common(view, now);
    document.insert("waits_for".to_owned(), view.pending.iter().map(waits_for).collect());
    document.insert("unread".to_owned(), unread.iter().take(MOST_UNREAD).map(message).collect());
    document.insert("skipped_starts".to_owned(), skipped(&view.row.skipped));
    document.insert("locks".to_owned(), view.locks.iter().map(lock).collect());
    document.insert("children".to_owned(), children.iter().map(child).collect());
    let published: Map<String, Json> =
        published.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
    document.insert("published".to_owned(), Json::Object(published));
    Json::Object(document)
}

/// One run as `list` tells it: of what it waits for, kind, name and due time.
pub(crate) fn brief(view: &RunView, now: Moment) -> Json {
    let mut document = common(view, now);
    let waits = view.pending.iter().map(|pending| {
        json!({
            "kind": pending.label.kind.word(),
            "name": pending.label.name,
            "due": time(pending.due),
            "attempt": pending.failures.saturating_add(1),
            "attempts": pending.attempts,
            "next_try": time(pending.next_try),
            "last_error": pending.last_failure.as_ref().map(|failure| failure.message.as_str()),
        })
    });
    document.insert("waits_for".to_owned(), waits.collect());
    Json::Object(document)
}

fn skipped(starts: &SkippedStarts) -> Json {
    let latest = starts.latest.iter().map(|start| json!({"id": start.id.as_str(), "at": rfc3339(start.at)}));
    json!({"count": starts.count, "latest": latest.collect::<Vec<_>>()})
}

fn message(unread: &Unread) -> Json {
    json!({"kind": unread.kind.word(), "name": unread.name, "at": rfc3339(unread.accepted_at)})
}

fn child(child: &Descendant) -> Json {
    let row = &child.view.row;
    json!({
        "id": row.id.as_str(),
        "parent": row.parent.as_ref().map(|parent| parent.id.as_str()),
        "script": row.script,
        "status": child.view.status.word(),
    })
}

fn lock(lock: &LockView) -> Json {
    json!({
        "name": lock.name,
        "op": lock.op.0,
        "held": lock.before == 0,
        "holder": lock.holder.as_str(),
        "holder_status": lock.holder_status.word(),
        "since": rfc3339(lock.since),
        "before": lock.before,
    })
}

fn common(view: &RunView, now: Moment) -> Map<String, Json> {
    let row = &view.row;
    let document = json!({
        "schema": SCHEMA,
        "id": row.id.as_str(),
        "parent": row.parent.as_ref().map(|parent| parent.id.as_str()),
        "script": row.script,
        "generation": row.generation,
        "status": view.status.word(),
        "executor": view.executor.map(|claim| claim.pid),
        "woken_by": woken_by(view, now),
        "schedule": row.origin.as_ref().map(|origin| {
            json!({"name": origin.schedule.as_str(), "slot": rfc3339(origin.slot)})
        }),
        "unread_signals": view.unread,
        "summary": row.summary,
        "progress": row.progress,
        "started_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at.max(view.last_at)),
        "cancel_requested_at": time(row.cancel_requested_at),
        "result": result(&row.status),
        "error": error(&row.status, &row.script),
        "entries": view.entries.0,
        "edits": row.edits.iter().map(edit).collect::<Vec<_>>(),
    });
    match document {
        Json::Object(map) => map,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => Map::new(),
    }
}

/// That it has another text since.
fn edit(edit: &Edit) -> Json {
    json!({
        "at": rfc3339(edit.at),
        "generation": edit.generation,
        "before_entry": edit.before.0,
        "from": edit.from.to_string(),
        "to": edit.to.to_string(),
    })
}

/// Who goes on with it: nothing for a run that has ended or cannot go on.
fn woken_by(view: &RunView, now: Moment) -> Option<String> {
    Some(match view.woken_by? {
        WokenBy::Process { pid } => format!("pid {pid}"),
        WokenBy::Serve { pid } => format!("serve {pid}"),
        WokenBy::Tick { last: Some(last) } => format!("tick, last {}", relative(last, now)),
        WokenBy::Tick { last: None } => "tick, none so far".to_owned(),
        WokenBy::Nobody { .. } => "nobody".to_owned(),
    })
}

fn waits_for(pending: &Pending) -> Json {
    let mut document = json!({
        "kind": pending.label.kind.word(),
        "name": pending.label.name,
        "op": pending.op.0,
        "due": time(pending.due),
        "attempt": pending.failures.saturating_add(1),
        "attempts": pending.attempts,
        "next_try": time(pending.next_try),
        "last_error": pending.last_failure.as_ref().map(|failure| failure.message.as_str()),
        "line": pending.line,
        "strand": pending.strand,
        "scheduled_at": rfc3339(pending.scheduled_at),
        "waits_for": pending.waits_for,
        "heartbeat": pending.heartbeat.as_ref().map(crate::history::Value::to_json),
        "deadline": time(pending.deadline),
        "failing_since": time(pending.failing_since),
        "begun": pending.begun,
    });
    if let (Some(question), Json::Object(document)) = (open_question(pending), &mut document) {
        document.insert("question".to_owned(), json!(question.text));
        document.insert("choices".to_owned(), json!(question.choices));
        document.insert("show".to_owned(), question.show.to_json());
    }
    document
}

fn result(status: &StoredStatus) -> Json {
    match status {
        StoredStatus::Ended(RunEnd::Completed { result }) => result.to_json(),
        StoredStatus::Ended(
            RunEnd::Failed { .. }
            | RunEnd::Cancelled { .. }
            | RunEnd::TimedOut { .. }
            | RunEnd::Terminated { .. },
        )
        | StoredStatus::Stuck(_)
        | StoredStatus::Open => Json::Null,
    }
}

/// Why a run ended otherwise than well, or cannot go on.
pub(crate) fn error(status: &StoredStatus, script: &str) -> Json {
    let because =
        |kind: &str, reason: &str| json!({"kind": kind, "message": reason, "line": null, "hint": null});
    match status {
        StoredStatus::Open | StoredStatus::Ended(RunEnd::Completed { .. }) => Json::Null,
        StoredStatus::Stuck(stuck) => json!({
            "kind": stuck.kind, "message": stuck.message, "line": stuck.line, "hint": stuck.hint,
            "file": file(script, stuck.file.as_deref()), "calls": calls(&stuck.calls, script),
        }),
        StoredStatus::Ended(RunEnd::Failed { failure }) => json!({
            "kind": failure.kind, "message": failure.message, "line": failure.raised_line(), "hint": null,
            "file": failure.raised.as_ref().map(|raised| file(script, raised.file.as_deref())),
            "calls": failure.raised.as_ref().map_or_else(|| json!([]), |raised| calls(&raised.calls, script)),
        }),
        StoredStatus::Ended(RunEnd::Cancelled { reason }) => because("cancelled", reason),
        StoredStatus::Ended(RunEnd::TimedOut { reason }) => because("timed_out", reason),
        StoredStatus::Ended(RunEnd::Terminated { reason }) => because("terminated", reason),
    }
}

/// A failure as a script catches it, and where it was raised, with the calls that led there.
pub(crate) fn failure(failure: &Failure, script: &str) -> Json {
    let mut document = failure.to_value().to_json();
    if let (Json::Object(document), Some(raised)) = (&mut document, &failure.raised) {
        document.insert(
            "raised".to_owned(),
            json!({
                "line": raised.line, "column": raised.column, "file": file(script, raised.file.as_deref()),
                "calls": calls(&raised.calls, script),
            }),
        );
    }
    document
}

/// The calls that led to an error, innermost first.
fn calls(calls: &[CallSite], script: &str) -> Json {
    let call = |call: &CallSite| json!({"name": call.name, "line": call.line, "file": file(script, call.file.as_deref())});
    calls.iter().map(call).collect()
}

/// The path of a file as errors name it: that of the script where they name none.
fn file(script: &str, named: Option<&str>) -> String {
    path_of(script, named.filter(|named| !std::path::Path::new(script).ends_with(named)))
}

pub(crate) fn time(moment: Option<Moment>) -> Option<String> {
    moment.map(rfc3339)
}
