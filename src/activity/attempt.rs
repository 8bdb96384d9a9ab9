//! What the end of a process means: a value, a failure to be tried again, or one that is for good.

use super::outcome::{Done, Failed};
use super::process::{ProcessEnd, ProcessOutput};
use crate::history::{CommandKind, CommandLabel, Failure, MAX_BYTES, Value, kind};
use crate::timer::{parse_duration, show_duration};
use std::io;
use std::os::unix::process::ExitStatusExt;

/// How much of stderr goes into a failure, in bytes.
const FAILURE_STDERR: usize = 4096;

/// What an attempt came to. `ok_codes` are the exit codes that are no errors, `timeout_ms` is for the message.
///
/// # Errors
/// [`Failed`]: the failure that the script would catch, and whether another attempt makes sense.
pub fn judge(
    label: &CommandLabel,
    output: ProcessOutput,
    ok_codes: &[i64],
    timeout_ms: Option<i64>,
) -> Result<Done, Failed> {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.end {
        ProcessEnd::NotStarted(error) => Err(not_started(label, &error)),
        ProcessEnd::TimedOut => {
            let limit = timeout_ms.map(show_duration).unwrap_or_default();
            Err(again(noted(
                Failure::new(kind::TIMEOUT, format!("took longer than its timeout of {limit}")),
                label,
                &stderr,
            )))
        }
        ProcessEnd::Stopped => {
            Err(again(noted(Failure::new(kind::CANCELLED, "was stopped"), label, &stderr)))
        }
        ProcessEnd::Ended(_) if output.overflowed => Err(too_large(label)),
        ProcessEnd::Ended(status) => match status.code().map(i64::from) {
            Some(code) if ok_codes.contains(&code) => value(label, &output.stdout, code, stderr),
            Some(code) => Err(exited(label, code, &output.stdout, &stderr)),
            None => {
                let signal = status.signal().unwrap_or_default();
                let failure = Failure::new(own_kind(label), format!("was ended by signal {signal}"));
                Err(again(noted(failure, label, &stderr)))
            }
        },
    }
}

fn own_kind(label: &CommandLabel) -> &'static str {
    match label.kind {
        CommandKind::Exec | CommandKind::Sh => kind::EXEC,
        CommandKind::Activity
        | CommandKind::Step
        | CommandKind::Sleep
        | CommandKind::WaitSignal
        | CommandKind::WaitUntil
        | CommandKind::RunTimeout
        | CommandKind::Grace => kind::ACTIVITY,
    }
}

fn is_process(label: &CommandLabel) -> bool {
    own_kind(label) == kind::EXEC
}

fn again(failure: Failure) -> Failed {
    Failed { failure, permanent: false, retry_after_ms: None }
}

fn for_good(failure: Failure) -> Failed {
    Failed { failure, permanent: true, retry_after_ms: None }
}

fn noted(failure: Failure, label: &CommandLabel, stderr: &str) -> Failure {
    let failure = failure.with("name", label.name.as_str());
    if stderr.trim().is_empty() { failure } else { failure.with("stderr", tail(stderr)) }
}

/// The last bytes of a text, at a character.
fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(FAILURE_STDERR);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

fn not_started(label: &CommandLabel, error: &io::Error) -> Failed {
    let failure = Failure::new(own_kind(label), format!("could not be started: {error}"))
        .with("name", label.name.as_str());
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {
            for_good(failure.with("type", "not_started"))
        }
        // Out of processes, memory or descriptors: that passes.
        _ => again(failure),
    }
}

fn too_large(label: &CommandLabel) -> Failed {
    let message = format!(
        "{label} wrote more than {MAX_BYTES} bytes (1 MiB) on stdout; write it to a file and give the file's name"
    );
    for_good(
        Failure::new(kind::ACTIVITY, message).with("name", label.name.as_str()).with("type", kind::TOO_LARGE),
    )
}

fn value(label: &CommandLabel, stdout: &[u8], code: i64, stderr: String) -> Result<Done, Failed> {
    let text = String::from_utf8(stdout.to_vec());
    let value = if is_process(label) {
        let stdout = match text {
            Ok(text) => Value::from(text.trim_end_matches('\n')),
            Err(bytes) => Value::Bytes(bytes.into_bytes()),
        };
        Value::from([
            ("stdout", stdout),
            ("stderr", tail(&stderr).trim_end_matches('\n').into()),
            ("code", Value::Int(code)),
        ])
    } else {
        match text {
            Ok(text) if text.trim().is_empty() => Value::Null,
            Ok(text) => Value::from_json_text(&text)
                .unwrap_or_else(|_| Value::from(text.strip_suffix('\n').unwrap_or(&text))),
            Err(bytes) => Value::Bytes(bytes.into_bytes()),
        }
    };
    if value.check().is_err() {
        return Err(too_large(label));
    }
    Ok(Done { value, stderr })
}

/// A code that is no success: the program may say more as JSON on stdout.
fn exited(label: &CommandLabel, code: i64, stdout: &[u8], stderr: &str) -> Failed {
    let said = std::str::from_utf8(stdout).ok().and_then(|text| Value::from_json_text(text).ok());
    let error = said.as_ref().and_then(|said| said.get("error"));
    let text = |key: &str| error.and_then(|error| error.get(key)).and_then(Value::as_text);
    let last_line = stderr.lines().rev().find(|line| !line.trim().is_empty());
    let message = match (text("message"), last_line) {
        (Some(message), _) => message.to_owned(),
        (None, Some(line)) => format!("exit code {code}: {}", line.trim()),
        (None, None) => format!("exit code {code}"),
    };
    let mut failure =
        noted(Failure::new(own_kind(label), message), label, stderr).with("exit_code", Value::Int(code));
    if let Some(type_) = text("type") {
        failure = failure.with("type", type_);
    }
    let says = error.and_then(|error| error.get("retryable"));
    let permanent = match says {
        Some(Value::Bool(retryable)) => !retryable,
        Some(_) | None => matches!(code, 64..=68 | 76..=78 | 126 | 127),
    };
    let retry_after_ms = text("retry_after").and_then(|text| parse_duration(text).ok());
    Failed { failure, permanent, retry_after_ms }
}
