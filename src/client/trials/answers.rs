//! What a mock's answer means for a job: the same that the process, the service or the function would have meant.

use crate::activity::{
    Done, Failed, ProcessEnd, ProcessOutput, Secrets, Written, http_ask, judge, judge_reply,
};
use crate::history::{CommandKind, Failure, Moment, Value, kind};
use crate::script::Play;
use crate::worker::Job;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;

/// After how many milliseconds a job ends, and how; never, where nothing is said.
pub(super) fn outcome(job: &Job, play: Play, now: Moment) -> (Option<i64>, Result<Done, Failed>) {
    let limit = job.timeout_ms;
    let is_late = limit.is_some_and(|limit| play.after_ms.is_none_or(|after| after > limit));
    if is_late {
        return (limit, judge(&job.label, output(ProcessEnd::TimedOut, Vec::new(), Vec::new()), &[0], limit));
    }
    let result = match play.result {
        Ok(value) => given(job, value, now),
        Err(failure) => Err(Failed {
            permanent: play.permanent || failure.kind == kind::FAILURE,
            failure: of_world(job, failure),
            retry_after_ms: None,
        }),
    };
    (play.after_ms, result)
}

fn given(job: &Job, value: Value, now: Moment) -> Result<Done, Failed> {
    match job.label.kind {
        CommandKind::Exec | CommandKind::Sh => process(job, &value),
        CommandKind::Http => answered(job, &value, now),
        _ => Ok(Done { value, stderr: String::new() }),
    }
}

fn output(end: ProcessEnd, stdout: Vec<u8>, stderr: Vec<u8>) -> ProcessOutput {
    ProcessOutput { end, stdout, overflowed: false, stdout_end: Vec::new(), stderr, file: None }
}

/// Text is what a process wrote; a map says its `stdout`, `stderr` and `code`; all else is written as JSON.
fn process(job: &Job, value: &Value) -> Result<Done, Failed> {
    let says = |name: &str| value.get(name).is_some();
    let is_described = says("stdout") || says("stderr") || says("code");
    let (stdout, stderr, code) = if is_described {
        let code = value.get("code").and_then(Value::as_int).unwrap_or(0);
        (bytes(value.get("stdout")), bytes(value.get("stderr")), code)
    } else {
        (bytes(Some(value)), Vec::new(), 0)
    };
    let ok_codes: Vec<i64> = match job.input.get("ok_codes") {
        Some(Value::List(codes)) => codes.iter().filter_map(Value::as_int).collect(),
        _ => vec![0],
    };
    let status = ExitStatus::from_raw(i32::try_from(code.clamp(0, 255)).unwrap_or(255) << 8);
    let mut output = output(ProcessEnd::Ended(status), stdout, stderr);
    if job.input.get("stdout").is_some() {
        let digest = sha2::Sha256::digest(&output.stdout);
        let sha256 = digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let bytes = u64::try_from(output.stdout.len()).unwrap_or(u64::MAX);
        output.file = Some(Ok(Written { bytes, sha256 }));
    }
    judge(&job.label, output, &ok_codes, job.timeout_ms)
}

fn bytes(value: Option<&Value>) -> Vec<u8> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Text(text)) => text.clone().into_bytes(),
        Some(Value::Bytes(bytes)) => bytes.clone(),
        Some(other) => other.to_string().into_bytes(),
    }
}

/// A map with a `status`, `headers`, and a `body` or `json` is the whole answer; all else is the body of a good one.
fn answered(job: &Job, value: &Value, now: Moment) -> Result<Done, Failed> {
    let says = |name: &str| value.get(name).is_some();
    let (status, body, headers) = if says("status") || says("body") || says("json") {
        let status = value.get("status").and_then(Value::as_int).unwrap_or(200);
        let headers = match value.get("headers") {
            Some(Value::Map(map)) => map
                .iter()
                .map(|(name, value)| {
                    (name.to_lowercase(), value.as_text().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect(),
            _ => BTreeMap::new(),
        };
        (
            status,
            bytes(value.get("json").map(|json| Value::Text(json.to_string())).as_ref().or(value.get("body"))),
            headers,
        )
    } else {
        (200, bytes(Some(value)), BTreeMap::new())
    };
    let ask =
        http_ask(&job.input, &job.start, &job.idempotency_key, job.timeout_ms, Arc::new(Secrets::none()))?;
    judge_reply(&ask, u16::try_from(status).unwrap_or(599), headers, body, now)
}

/// A failure that a mock gives, with what the world would have told of it.
fn of_world(job: &Job, failure: Failure) -> Failure {
    let by_function = job.label.kind == CommandKind::Step || job.functions.contains(&job.label.name);
    let own = match job.label.kind {
        CommandKind::Exec | CommandKind::Sh => kind::EXEC,
        CommandKind::Http => kind::HTTP,
        CommandKind::ReadFile | CommandKind::WriteFile | CommandKind::Glob => kind::FILE,
        _ => kind::ACTIVITY,
    };
    let is_plain = [kind::ACTIVITY, kind::FAILURE, kind::THROWN].contains(&failure.kind.as_str());
    if !is_plain || by_function && failure.kind != kind::ACTIVITY {
        return failure;
    }
    // The line is one of the test, not of the script.
    let mut failure = Failure { line: None, raised: None, ..failure };
    own.clone_into(&mut failure.kind);
    failure.data.remove("value");
    failure.data.entry("name".to_owned()).or_insert_with(|| job.label.name.as_str().into());
    failure
}
