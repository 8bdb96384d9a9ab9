//! A line of a run's log, for people and as JSON.

use super::paint::Paint;
use super::run_json::SCHEMA;
use super::when::absolute;
use crate::cli::escape;
use crate::client::{LogLevel, LogLine};
use crate::history::{RunId, Value};
use crate::timer::rfc3339;
use serde_json::{Value as Json, json};

/// The word for a level.
pub(crate) fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// The text with its fields, harmless, on one line.
pub(crate) fn text(line: &LogLine) -> String {
    let fields = if line.fields == Value::Null { String::new() } else { format!(" {}", line.fields) };
    format!("{}{}", escape::line(&line.text), escape::line(&fields))
}

/// A line for `logs`.
pub(crate) fn render(line: &LogLine, color: bool) -> String {
    let (word, paint) = match line.level {
        LogLevel::Debug => ("debug", Paint::Dim),
        LogLevel::Info => ("info", Paint::Plain),
        LogLevel::Warn => ("warn", Paint::Yellow),
        LogLevel::Error => ("error", Paint::Red),
    };
    format!("{}  {}  {}\n", absolute(line.at), paint.paint(&format!("{word:<5}"), color), text(line))
}

/// A line for `logs -o json`.
pub(crate) fn document(run: &RunId, line: &LogLine) -> Json {
    json!({
        "schema": SCHEMA,
        "run": run.as_str(),
        "at": rfc3339(line.at),
        "level": word(line.level),
        "text": line.text,
        "fields": line.fields.to_json(),
        "op": line.op.map(|op| op.0),
    })
}
