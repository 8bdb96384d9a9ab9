//! What the end of a process means: a value, a failure to be tried again, or one that is for good.

use super::outcome::{Done, Failed};
use super::process::{ProcessEnd, ProcessOutput};
use super::program::NotStarted;
use super::stdout_file::{Written, WrittenFile};
use super::telling::telling;
use crate::history::{CommandKind, CommandLabel, Failure, MAX_BYTES, Value, ValueError, kind};
use crate::timer::{parse_duration, show_duration};
use std::os::unix::process::ExitStatusExt;

/// How much of the end of stderr goes into a failure, in bytes.
const FAILURE_STDERR: usize = 4096;
/// The type of a failure whose result cannot be recorded: not its kind, for an error of that kind is the script's mistake.
const TOO_LARGE: &str = kind::TOO_LARGE;

/// What an attempt came to. `ok_codes` are the exit codes that are no errors, `timeout_ms` is for the message.
///
/// # Errors
/// The failure, and whether another attempt makes sense. One that was stopped has the kind `cancelled`.
pub fn judge(
    label: &CommandLabel,
    output: ProcessOutput,
    ok_codes: &[i64],
    timeout_ms: Option<i64>,
) -> Result<Done, Failed> {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let failure = |kind: &str, message: String| told(Failure::new(kind, message), label, &stderr);
    match output.end {
        ProcessEnd::NotStarted(NotStarted::Secret(error)) => {
            let mut failed = Failed::from(error);
            failed.failure.data.insert("name".to_owned(), label.name.as_str().into());
            Err(failed)
        }
        ProcessEnd::NotStarted(error) => {
            let mut failure = failure(own_kind(label), error.to_string()).with("type", "not_started");
            if let NotStarted::NotInPath { program, path } = &error {
                failure = failure.with("program", program.as_str()).with("path", path.as_str());
            }
            Err(if error.is_permanent() { Failed::for_good(failure) } else { Failed::passing(failure) })
        }
        ProcessEnd::TimedOut => {
            let limit = timeout_ms.map(|ms| format!(" of {}", show_duration(ms))).unwrap_or_default();
            let failure = failure(kind::TIMEOUT, format!("took longer than its timeout{limit}"));
            Err(Failed::passing(failure.with("limit", "timeout")))
        }
        // It may have done its work; that is so after every crash, and the key is the same.
        ProcessEnd::Lost => {
            Err(Failed::passing(failure(own_kind(label), "ended, and its exit status was lost".to_owned())))
        }
        ProcessEnd::Stopped => Err(Failed::passing(failure(kind::CANCELLED, "was stopped".to_owned()))),
        ProcessEnd::Ended(status) => match status.code().map(i64::from) {
            Some(code) if ok_codes.contains(&code) && output.file.is_some() => {
                written(output.file, code, &stderr).map_err(|message| {
                    Failed::passing(failure(own_kind(label), message).with("type", "stdout_file"))
                })
            }
            Some(code) if ok_codes.contains(&code) => {
                value(label, output.stdout, output.overflowed, code, &stderr)
                    .map_err(|(type_, message)| {
                        Failed::for_good(failure(own_kind(label), message).with("type", type_))
                    })
                    .map(|value| Done { value, stderr: stderr.clone() })
            }
            Some(code) => Err(exited(label, code, &output.stdout, &stderr)),
            None => {
                let signal = status.signal().unwrap_or_default();
                let message = format!("was ended by signal {signal}{}", signal_name(signal));
                let failure = failure(own_kind(label), message).with("signal", signal);
                Err(Failed::passing(failure))
            }
        },
    }
}

fn is_activity(label: &CommandLabel) -> bool {
    label.kind == CommandKind::Activity
}

fn own_kind(label: &CommandLabel) -> &'static str {
    if is_activity(label) { kind::ACTIVITY } else { kind::EXEC }
}

/// The failure with what is known of every attempt of a process.
fn told(failure: Failure, label: &CommandLabel, stderr: &str) -> Failure {
    let failure = failure.with("name", label.name.as_str());
    if stderr.trim().is_empty() { failure } else { failure.with("stderr", end_of(stderr, FAILURE_STDERR)) }
}

/// The last bytes of a text, from a character's beginning.
fn end_of(text: &str, bytes: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(bytes))..).unwrap_or_default()
}

/// The result of a process whose stdout went to a file, or why the file could not be kept.
fn written(file: Option<WrittenFile>, code: i64, stderr: &str) -> Result<Done, String> {
    let Written { bytes, sha256 } = match file {
        Some(Ok(written)) => written,
        Some(Err((path, error))) => {
            return Err(format!("its stdout could not be kept as {}: {error}", path.display()));
        }
        None => return Err("its stdout could not be kept".to_owned()),
    };
    let value = Value::from([
        ("stdout_bytes", Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX))),
        ("stdout_sha256", sha256.into()),
        ("stderr", end_of(stderr, FAILURE_STDERR).trim_end_matches('\n').into()),
        ("code", Value::Int(code)),
    ]);
    Ok(Done { value, stderr: stderr.to_owned() })
}

/// The result of a process that succeeded, or why it cannot be recorded: the failure's type and message.
fn value(
    label: &CommandLabel,
    stdout: Vec<u8>,
    overflowed: bool,
    code: i64,
    stderr: &str,
) -> Result<Value, (&'static str, String)> {
    let too_large = || {
        let advice = if is_activity(label) {
            "let it write a file and give the file's name"
        } else {
            "give stdout: FILE"
        };
        (TOO_LARGE, format!("wrote more than {MAX_BYTES} bytes (1 MiB) on stdout; {advice}"))
    };
    let bad = |error: ValueError| match error {
        ValueError::TooLarge { .. } => too_large(),
        ValueError::TooDeep | ValueError::NotFinite(_) | ValueError::Json(_) | ValueError::NumberRange(_) => {
            (kind::BAD_VALUE, format!("wrote on stdout what cannot be recorded: {error}"))
        }
    };
    if overflowed {
        return Err(too_large());
    }
    let text = String::from_utf8(stdout);
    let value = if is_activity(label) {
        match text {
            Ok(text) => text_or_json(text).map_err(bad)?,
            Err(bytes) => Value::Bytes(bytes.into_bytes()),
        }
    } else {
        let stdout = match text {
            Ok(text) => text.trim_end_matches('\n').into(),
            Err(bytes) => Value::Bytes(bytes.into_bytes()),
        };
        let stderr = end_of(stderr, FAILURE_STDERR).trim_end_matches('\n');
        Value::from([("stdout", stdout), ("stderr", stderr.into()), ("code", Value::Int(code))])
    };
    value.check().map_err(bad)?;
    Ok(value)
}

/// JSON where it is JSON, else the text without the newline that ends it.
fn text_or_json(text: String) -> Result<Value, ValueError> {
    let bare = text.trim();
    if bare.is_empty() {
        return Ok(Value::Null);
    }
    // A number too long for an integer is more likely an id or a digest than a rounded float.
    let is_long_number = bare.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
        && bare.parse::<i64>().is_err();
    match Value::from_json_text(&text) {
        Ok(value) if !is_long_number => Ok(value),
        Err(error) if !is_long_number && !matches!(error, ValueError::Json(_)) => Err(error),
        Ok(_) | Err(_) => {
            let text = text.strip_suffix('\n').map(str::to_owned).unwrap_or(text);
            Ok(Value::Text(text))
        }
    }
}

/// A code that is no success: an activity may say more as JSON on stdout.
fn exited(label: &CommandLabel, code: i64, stdout: &[u8], stderr: &str) -> Failed {
    let said = std::str::from_utf8(stdout).ok().filter(|_| is_activity(label));
    let said = said.and_then(|text| Value::from_json_text(text).ok());
    let error = said.as_ref().and_then(|said| said.get("error"));
    let text = |key: &str| error?.get(key)?.as_text();
    let message = match (text("message").or(error.and_then(Value::as_text)), telling(stderr)) {
        (Some(message), _) => message.to_owned(),
        (None, Some(lines)) => format!("exit code {code}: {lines}"),
        (None, None) => format!("exit code {code}"),
    };
    let failure = told(Failure::new(own_kind(label), message), label, stderr).with("exit_code", code);
    let failure = match text("type") {
        Some(type_) => failure.with("type", type_),
        None => failure,
    };
    let permanent = match error.and_then(|error| error.get("retryable")) {
        Some(Value::Bool(retryable)) => !retryable,
        Some(_) | None => matches!(code, 64..=68 | 76..=78 | 126 | 127),
    };
    let retry_after_ms = error.and_then(|error| match error.get("retry_after")? {
        Value::Text(text) => parse_duration(text).ok(),
        Value::Int(seconds) => Some(seconds.saturating_mul(1000).max(0)),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => {
            None
        }
    });
    Failed { failure, permanent, retry_after_ms }
}

/// The signals that end a process, by the numbers that they have on Linux.
fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (HUP)",
        2 => " (INT)",
        3 => " (QUIT)",
        4 => " (ILL)",
        6 => " (ABRT)",
        7 => " (BUS)",
        8 => " (FPE)",
        9 => " (KILL; perhaps the memory ran out)",
        11 => " (SEGV)",
        13 => " (PIPE)",
        14 => " (ALRM)",
        15 => " (TERM)",
        24 => " (XCPU)",
        25 => " (XFSZ)",
        31 => " (SYS)",
        _ => "",
    }
}
