//! A line of a run's log, for people and as JSON.

use super::paint::Paint;
use super::run_json::SCHEMA;
use super::when::absolute;
use crate::cli::escape;
use crate::client::{LogLevel, LogLine, LogStream, StepName, Steps};
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

/// What a screen shows of it as it comes: of the end of an output only stderr, and of that the last lines.
pub(crate) fn on_screen(line: &LogLine) -> Vec<String> {
    const LINES: usize = 10;
    match line.wrote {
        None => vec![text(line)],
        Some((_, LogStream::Stdout)) => Vec::new(),
        Some((_, LogStream::Stderr)) => {
            let lines: Vec<&str> = line.text.lines().collect();
            let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
            last.iter().copied().map(escape::line).collect()
        }
    }
}

/// A line for `logs`.
pub(crate) fn render(line: &LogLine, steps: &Steps, color: bool) -> String {
    if let Some((attempt, stream)) = line.wrote {
        let step = line.op.and_then(|op| steps.get(op)).map(called).unwrap_or_default();
        let (word, paint) = match stream {
            LogStream::Stdout => ("out", Paint::Plain),
            LogStream::Stderr => ("err", Paint::Yellow),
        };
        let place = Paint::Dim.paint(&format!("{step}attempt {attempt}:"), color);
        let word = paint.paint(&format!("{word:<5}"), color);
        return format!("{}  {word}  {place} {}\n", absolute(line.at), text(line));
    }
    let (word, paint) = match line.level {
        LogLevel::Debug => ("debug", Paint::Dim),
        LogLevel::Info => ("info", Paint::Plain),
        LogLevel::Warn => ("warn", Paint::Yellow),
        LogLevel::Error => ("error", Paint::Red),
    };
    format!("{}  {}  {}\n", absolute(line.at), paint.paint(&format!("{word:<5}"), color), text(line))
}

/// What a step is called before its lines: as history calls it, the number of its entry and its name; by its strand while it
/// has no entry.
fn called(step: &StepName) -> String {
    /// The longest name that is shown, in columns.
    const LONGEST: usize = 32;
    let name = if step.label.name.is_empty() { step.label.kind.word() } else { &step.label.name };
    let name = escape::cut(&escape::line(name), LONGEST);
    match (step.entry, &step.strand) {
        (Some(entry), _) => format!("#{entry} {name}, "),
        (None, Some(strand)) => format!("{name} ({}), ", escape::cut(&escape::line(strand), LONGEST)),
        (None, None) => format!("{name}, "),
    }
}

/// A line for `logs -o json`.
pub(crate) fn document(run: &RunId, line: &LogLine, steps: &Steps) -> Json {
    let step = line.op.and_then(|op| steps.get(op));
    json!({
        "schema": SCHEMA,
        "run": run.as_str(),
        "at": rfc3339(line.at),
        "level": word(line.level),
        "text": line.text,
        "fields": line.fields.to_json(),
        "op": line.op.map(|op| op.0),
        "step": step.map(|step| step.label.name.as_str()),
        "entry": step.and_then(|step| step.entry).map(|entry| entry.0),
        "attempt": line.wrote.map(|(attempt, _)| attempt),
        "stream": line.wrote.map(|(_, stream)| match stream {
            LogStream::Stdout => "stdout",
            LogStream::Stderr => "stderr",
        }),
    })
}
