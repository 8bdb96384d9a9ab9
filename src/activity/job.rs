//! A job as a process: argv, environment and stdin of an activity, `exec` or `sh`.

use super::outcome::Failed;
use super::process::{GRACE, ProcessSpec};
use super::registry::find_activity;
use crate::history::{CommandKind, CommandLabel, Failure, RunStart, Value, kind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a process is told of the command that it serves.
pub struct Circumstances<'a> {
    /// The run's name.
    pub run_id: &'a str,
    /// The command's number.
    pub op: u32,
    /// From 1.
    pub attempt: u32,
    /// The same for every attempt.
    pub idempotency_key: &'a str,
    /// The longest that it may take, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// Where its pid is noted.
    pub note: Option<PathBuf>,
}

/// The process of a job, and the exit codes that are no errors.
///
/// # Errors
/// A permanent failure where there is no such activity, or the input is not that of a process.
pub fn process_of(
    label: &CommandLabel,
    input: &Value,
    start: &RunStart,
    told: Circumstances<'_>,
) -> Result<(ProcessSpec, Vec<i64>), Failed> {
    let (argv, stdin) = match label.kind {
        CommandKind::Exec => (texts(input.get("argv")), given_stdin(input)),
        CommandKind::Sh => {
            let text = input.get("text").and_then(Value::as_text).unwrap_or_default().to_owned();
            let mut argv = vec!["sh".to_owned(), "-c".to_owned(), text, "sh".to_owned()];
            argv.extend(texts(input.get("args")));
            (argv, given_stdin(input))
        }
        CommandKind::Activity => {
            let program = find_activity(Path::new(&start.program.path), &label.name)?;
            (vec![program.display().to_string()], input.to_string().into_bytes())
        }
        CommandKind::Step
        | CommandKind::Sleep
        | CommandKind::WaitSignal
        | CommandKind::WaitUntil
        | CommandKind::RunTimeout
        | CommandKind::Grace => {
            let failure = Failure::new(kind::FAULT, format!("{label} is no process"));
            return Err(Failed { failure, permanent: true, retry_after_ms: None });
        }
    };
    let mut environment: BTreeMap<String, String> = start.environment.clone();
    environment.extend(
        [
            ("DURUN_RUN_ID", told.run_id.to_owned()),
            ("DURUN_OP", told.op.to_string()),
            ("DURUN_ATTEMPT", told.attempt.to_string()),
            ("DURUN_IDEMPOTENCY_KEY", told.idempotency_key.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let is_process = label.kind != CommandKind::Activity;
    if is_process && let Some(Value::Map(given)) = input.get("env") {
        let given =
            given.iter().filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned())));
        environment.extend(given);
    }
    let mut directory = PathBuf::from(&start.directory);
    if is_process && let Some(cwd) = input.get("cwd").and_then(Value::as_text) {
        directory.push(cwd);
    }
    let ok_codes = match input.get("ok_codes") {
        Some(Value::List(codes)) if is_process => codes.iter().filter_map(Value::as_int).collect(),
        Some(_) | None => vec![0],
    };
    let timeout = told.timeout_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
    Ok((
        ProcessSpec { argv, directory, environment, stdin, timeout, grace: GRACE, note: told.note },
        ok_codes,
    ))
}

fn texts(list: Option<&Value>) -> Vec<String> {
    match list {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_text).map(str::to_owned).collect(),
        Some(_) | None => Vec::new(),
    }
}

fn given_stdin(input: &Value) -> Vec<u8> {
    match input.get("stdin") {
        Some(Value::Text(text)) => text.clone().into_bytes(),
        Some(Value::Bytes(bytes)) => bytes.clone(),
        Some(_) | None => Vec::new(),
    }
}
