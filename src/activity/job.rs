//! A job as a process: argv, environment and stdin of an activity, `exec` or `sh`.

use super::heartbeat::DESCRIPTOR;
use super::outcome::Failed;
use super::process::{GRACE, ProcessSpec, STDOUT_BYTES};
use super::registry::{Found, find_activity};
use super::secrets::{Form, Secrets};
use super::stdout_file::StdoutFile;
use super::transcript::TranscriptPlace;
use crate::config::{Config, Notice};
use crate::history::{CommandKind, CommandLabel, Failure, HOOK_SCRIPT, RunStart, Value, kind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    /// The details of the last heartbeat of an earlier attempt.
    pub last_heartbeat: Option<&'a Value>,
    /// What `durun.toml` says.
    pub config: &'a Config,
    /// The script's own functions.
    pub functions: &'a [String],
    /// Where its pid is noted.
    pub note: Option<PathBuf>,
    /// Where all that it writes is kept.
    pub transcript: Option<TranscriptPlace>,
    /// What stands for secrets in its input.
    pub secrets: &'a Arc<Secrets>,
}

/// The process of a job, and the exit codes that are no errors.
///
/// `exec` and `sh` have a map as input: `argv`, or `text` and `args`; and `cwd`, `env`, `stdin`, `ok_codes`, `stdout` where given.
///
/// # Errors
/// A permanent failure where there is no such activity, or the input is not that of a process.
pub fn process_of(
    label: &CommandLabel,
    input: &Value,
    start: &RunStart,
    told: Circumstances<'_>,
) -> Result<(ProcessSpec, Vec<i64>), Failed> {
    let mut spec = ProcessSpec {
        argv: Vec::new(),
        directory: PathBuf::from(&start.directory),
        environment: start.environment.clone(),
        stdin: Vec::new(),
        stdin_form: Form::Plain,
        secrets: Arc::clone(told.secrets),
        // A time-out that is over before it begins is one all the same.
        timeout: told.timeout_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))),
        grace: GRACE,
        note: told.note,
        stdout_bytes: STDOUT_BYTES,
        on_line: None,
        on_heartbeat: None,
        last_heartbeat: told.last_heartbeat.cloned(),
        transcript: told.transcript,
        stdout_file: None,
    };
    let mut ok_codes = vec![0];
    if label.kind == CommandKind::Activity {
        match find_activity(Path::new(&start.program.path), &label.name, told.config, told.functions)? {
            Found::Executable(program) => spec.argv.push(path_text(program)?),
            Found::Program { words } => spec.argv = words,
            Found::Notice(Notice::Program(words)) => spec.argv.clone_from(words),
            Found::Notice(Notice::Shell(text)) => {
                spec.argv = ["sh", "-c", text, "sh"].map(str::to_owned).to_vec();
            }
            Found::Endpoint(_) | Found::Notice(Notice::Url(_)) => {
                return Err(Failed::for_good(Failure::new(kind::FAULT, format!("{label} is no process"))));
            }
        }
        spec.stdin = input.to_string().into_bytes();
        spec.stdin_form = Form::Json;
        if start.program.path.ends_with(HOOK_SCRIPT) {
            // The document as it was made, a line for whatever reads lines.
            spec.stdin = format!("{}\n", input.as_text().unwrap_or_default()).into_bytes();
        } else if let Some(config) = told.config.activities.get(&label.name) {
            let given = config.env.iter();
            spec.environment.extend(given.map(|(name, value)| (name.clone(), value.text(start.secret))));
        }
    } else {
        spec.argv = argv(label, input)?;
        if let Some(Value::Map(given)) = input.get("env") {
            let given = given.iter().filter_map(|(name, value)| Some((name.clone(), plain_text(value)?)));
            spec.environment.extend(given);
        }
        if let Some(cwd) = input.get("cwd").and_then(Value::as_text) {
            spec.directory.push(cwd);
        }
        if let Some(Value::List(codes)) = input.get("ok_codes") {
            ok_codes = codes.iter().filter_map(Value::as_int).collect();
        }
        if let Some(file) = input.get("stdout").and_then(Value::as_text) {
            let owner = format!("{} {} {}", told.run_id, told.op, told.idempotency_key);
            let target = spec.directory.join(file);
            let file = StdoutFile::new(target, &owner, ok_codes.clone());
            let always = input.get("stdout_always") == Some(&Value::Bool(true));
            spec.stdout_file = Some(if always { file.always() } else { file });
        }
        spec.stdin = match input.get("stdin") {
            Some(Value::Text(text)) => text.clone().into_bytes(),
            Some(Value::Bytes(bytes)) => bytes.clone(),
            Some(Value::Null) | None => Vec::new(),
            Some(other) => {
                spec.stdin_form = Form::Json;
                other.to_string().into_bytes()
            }
        };
    }
    // Last, so that a given environment cannot change what they say.
    spec.environment.extend(
        [
            ("DURUN_RUN_ID", told.run_id.to_owned()),
            ("DURUN_OP", told.op.to_string()),
            ("DURUN_ATTEMPT", told.attempt.to_string()),
            ("DURUN_IDEMPOTENCY_KEY", told.idempotency_key.to_owned()),
            ("DURUN_HEARTBEAT", DESCRIPTOR.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if let Some(last) = told.last_heartbeat {
        let details = last.as_text().map_or_else(|| last.to_string(), str::to_owned);
        spec.environment.insert("DURUN_LAST_HEARTBEAT".to_owned(), details);
    }
    Ok((spec, ok_codes))
}

fn argv(label: &CommandLabel, input: &Value) -> Result<Vec<String>, Failed> {
    if label.kind == CommandKind::Exec {
        return Ok(texts(input.get("argv")));
    }
    let text = input.get("text").and_then(Value::as_text);
    match text {
        Some(text) if label.kind == CommandKind::Sh => {
            // The second "sh" is `$0`; the arguments are `$1` and so on, never pasted into the text.
            let begin = ["sh", "-c", text, "sh"].map(str::to_owned);
            Ok(begin.into_iter().chain(texts(input.get("args"))).collect())
        }
        Some(_) | None => Err(Failed::for_good(Failure::new(kind::FAULT, format!("{label} is no process")))),
    }
}

fn path_text(path: PathBuf) -> Result<String, Failed> {
    path.into_os_string().into_string().map_err(|path| {
        let message = format!("{} is no UTF-8 text", path.display());
        Failed::for_good(Failure::new(kind::ACTIVITY, message).with("type", "not_found"))
    })
}

/// A list's elements as arguments: text as it is, numbers and such as they are printed.
fn texts(list: Option<&Value>) -> Vec<String> {
    match list {
        Some(Value::List(items)) => items.iter().filter_map(plain_text).collect(),
        Some(_) | None => Vec::new(),
    }
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(value.to_string()),
        Value::Null | Value::Bytes(_) | Value::List(_) | Value::Map(_) => None,
    }
}
