//! An entry of a history as a JSON document, schema 1.

use super::loose;
use super::rewinds::Rewinds;
use super::run_json::{self, SCHEMA};
use crate::history::{
    ChildEnded, ChildOutcome, Entry, Fact, Moment, Resolution, RunEnd, RunId, Seq, TokenResolved,
    UpdateAnswer, UpdateCompleted,
};
use crate::timer::rfc3339;
use serde_json::{Value as Json, json};

/// One entry with its place.
pub(crate) fn entry(run: &RunId, script: &str, seq: Seq, entry: &Entry, rewinds: &Rewinds) -> Json {
    let took = |asked, ended, attempts| rewinds.took(seq, asked, ended, attempts);
    let mut document = json!({
        "schema": SCHEMA,
        "run": run.as_str(),
        "seq": seq.0,
        "at": rfc3339(entry.at),
        "kind": entry.fact.word(),
    });
    if let (Json::Object(document), Json::Object(more)) = (&mut document, facts(&entry.fact, script, &took)) {
        document.extend(more);
    }
    document
}

fn facts(fact: &Fact, script: &str, took: &dyn Fn(Moment, Moment, u32) -> i64) -> Json {
    match fact {
        Fact::RunBegan { seed } => json!({"seed": seed.to_string()}),
        Fact::ActivityCompleted(done) => json!({
            "op": done.op.0,
            "command": done.label.kind.word(),
            "name": done.label.name,
            "input": done.input.to_json(),
            "result": done.result.to_json(),
            "attempts": done.attempts,
            "scheduled_at": rfc3339(done.scheduled_at),
            "ended_at": rfc3339(done.ended_at),
            "took_ms": took(done.scheduled_at, done.ended_at, done.attempts),
        }),
        Fact::ActivityFailed(failed) => json!({
            "op": failed.op.0,
            "command": failed.label.kind.word(),
            "name": failed.label.name,
            "input": failed.input.to_json(),
            "error": run_json::failure(&failed.failure, script),
            "attempts": failed.attempts,
            "scheduled_at": rfc3339(failed.scheduled_at),
            "ended_at": rfc3339(failed.ended_at),
            "took_ms": took(failed.scheduled_at, failed.ended_at, failed.attempts),
        }),
        Fact::TimerFired(fired) => json!({
            "op": fired.op.0,
            "command": fired.label.kind.word(),
            "name": fired.label.name,
            "due": rfc3339(fired.due),
        }),
        Fact::SignalReceived(signal) => json!({
            "message_no": signal.message_no.0,
            "message_id": format!("{:?}", signal.message_id),
            "name": signal.name,
            "payload": signal.payload.to_json(),
            "accepted_at": rfc3339(signal.accepted_at),
        }),
        Fact::CancelRequested(cancel) => json!({
            "message_no": cancel.message_no.0,
            "message_id": format!("{:?}", cancel.message_id),
            "reason": cancel.reason,
            "accepted_at": rfc3339(cancel.accepted_at),
        }),
        Fact::TokenResolved(resolved) => token_resolved(resolved),
        Fact::QuestionAnswered(answered) => json!({
            "message_no": answered.message_no.0,
            "message_id": format!("{:?}", answered.message_id),
            "op": answered.question.0,
            "choice": answered.choice.choice,
            "who": answered.choice.who,
            "note": answered.choice.note,
            // Not known of answers that an older durun recorded.
            "question": Some(&answered.choice.asked).filter(|asked| !asked.is_empty()),
            "accepted_at": rfc3339(answered.accepted_at),
        }),
        Fact::LockGranted(granted) => json!({
            "message_no": granted.message_no.0,
            "message_id": format!("{:?}", granted.message_id),
            "op": granted.op.0,
            "name": granted.label.name,
            "accepted_at": rfc3339(granted.accepted_at),
        }),
        Fact::ChildEnded(ended) => child_ended(ended),
        Fact::UpdateAccepted(update) => json!({
            "message_no": update.message_no.0,
            "message_id": format!("{:?}", update.message_id),
            "name": update.name,
            "argument": update.argument.to_json(),
            "accepted_at": rfc3339(update.accepted_at),
        }),
        Fact::UpdateCompleted(update) => update_completed(update, script),
        Fact::RunEnded(ended) => {
            let mut document = end(&ended.end, script);
            if let Json::Object(fields) = &mut document {
                fields.extend(loose::fields(&ended.loose));
            }
            document
        }
        Fact::RunRestarted(restarted) => {
            json!({"generation": restarted.generation, "input": restarted.input.to_json()})
        }
        Fact::Unknown { code, raw } => json!({"code": code, "bytes": raw.len()}),
    }
}

fn token_resolved(resolved: &TokenResolved) -> Json {
    let (message_no, message_id) = (resolved.message_no.0, format!("{:?}", resolved.message_id));
    let (token, accepted_at) = (&resolved.token, rfc3339(resolved.accepted_at));
    let (key, how) = match &resolved.resolution {
        Resolution::Resolved(value) => ("value", value.to_json()),
        Resolution::Rejected(message) => ("rejected", json!(message)),
    };
    json!({
        "message_no": message_no, "message_id": message_id, "token": token, "accepted_at": accepted_at, key: how,
    })
}

fn update_completed(update: &UpdateCompleted, script: &str) -> Json {
    let (message_no, message_id) = (update.message_no.0, format!("{:?}", update.message_id));
    let name = &update.name;
    match &update.answer {
        UpdateAnswer::Gave(value) => json!({
            "message_no": message_no, "message_id": message_id, "name": name, "result": value.to_json(),
        }),
        UpdateAnswer::Threw(failure) | UpdateAnswer::Refused(failure) => json!({
            "message_no": message_no, "message_id": message_id, "name": name, "error": run_json::failure(failure, script),
        }),
    }
}

fn child_ended(ended: &ChildEnded) -> Json {
    let mut document = json!({
        "message_no": ended.message_no.0,
        "message_id": format!("{:?}", ended.message_id),
        "op": ended.op.0,
        "child": ended.child.as_str(),
        "status": ended.outcome.word(),
        "accepted_at": rfc3339(ended.accepted_at),
    });
    let more = match &ended.outcome {
        // Its calls are of the script of the child.
        ChildOutcome::Ended(how) => end(how, ""),
        ChildOutcome::Stuck(stuck) => json!({"error": {"kind": stuck.kind, "message": stuck.message}}),
    };
    if let (Json::Object(document), Json::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

fn end(end: &RunEnd, script: &str) -> Json {
    match end {
        RunEnd::Completed { result } => json!({"result": result.to_json()}),
        RunEnd::Failed { failure } => json!({"error": run_json::failure(failure, script)}),
        RunEnd::Cancelled { reason } | RunEnd::TimedOut { reason } | RunEnd::Terminated { reason } => {
            json!({"reason": reason})
        }
    }
}
