//! Notices: the command of `[notify]` is told of something, as JSON on its stdin; what becomes of it is logged.

use super::effects::{Job, JobKey};
use super::worker::Worker;
use crate::activity::{Done, Failed};
use crate::config::Notice;
use crate::history::{CommandKind, CommandLabel, Failure, Moment, OpId, Placeholder, RunNo, Value};
use crate::store::{LogLevel, LogLine};
use crate::timer::rfc3339;
use std::sync::Arc;

/// The longest that a notice may take, in milliseconds.
const TIMEOUT_MS: i64 = 60_000;

/// A command that has been failing for long.
pub(super) struct Struggle<'a> {
    pub(super) label: &'a CommandLabel,
    pub(super) line: Option<u32>,
    pub(super) failures: u32,
    pub(super) since: Moment,
    pub(super) failure: &'a Failure,
}

impl Worker {
    /// Tells whom `[notify] on_struggling` names.
    pub(super) fn notify_of_struggle(&mut self, no: RunNo, op: OpId, struggle: &Struggle<'_>) {
        let serial = self.next_serial();
        let Some(run) = self.runs.get(no) else { return };
        let Some(notice) = &run.config.notify.on_struggling else { return };
        let about = Value::from([
            ("event", "struggling".into()),
            ("run", (*run.id).into()),
            ("script", run.start.program.path.as_str().into()),
            ("op", op.0.into()),
            ("kind", struggle.label.kind.word().into()),
            ("name", struggle.label.name.as_str().into()),
            ("line", struggle.line.map_or(Value::Null, Value::from)),
            ("failures", struggle.failures.into()),
            ("since", rfc3339(struggle.since).into()),
            ("error", struggle.failure.to_value()),
            ("commands", Value::List(vec![format!("durun{} retry {}", run.aim, run.id).into()])),
        ]);
        let (kind, mut input) = match notice {
            Notice::Program(words) => {
                let words = words.iter().map(|word| Value::from(word.as_str())).collect();
                (CommandKind::Exec, vec![("argv", Value::List(words))])
            }
            Notice::Shell(text) => (CommandKind::Sh, vec![("text", text.as_str().into())]),
            Notice::Url(url) => {
                let json = Value::from([("content-type", "application/json".into())]);
                let input = vec![("method", "POST".into()), ("url", url.as_str().into()), ("headers", json)];
                (CommandKind::Http, input)
            }
        };
        // It goes to whoever is told, not to whom the secrets of the run are for.
        let about = Placeholder::forget_in(&about.to_string(), run.start.secret);
        input.push(if kind == CommandKind::Http {
            ("body", about.into())
        } else {
            ("stdin", format!("{about}\n").into())
        });
        let input = Value::Map(input.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        self.effects.start(Job {
            key: JobKey { run: no, op: OpId::NOTICE, serial },
            run_id: run.id.to_string(),
            label: CommandLabel { kind, name: "on_struggling".to_owned() },
            input,
            attempt: 1,
            idempotency_key: format!("{}/{no}/{op}/struggling", run.store_id),
            timeout_ms: Some(TIMEOUT_MS),
            last_heartbeat: None,
            start: Arc::clone(&run.start),
            config: Arc::clone(&run.config),
            secrets: run.secret_names(),
            functions: run.script.functions(),
        });
    }

    /// A notice that failed is a line of the run's log: nobody else would say that nobody was told.
    pub(super) fn noticed(&mut self, no: RunNo, result: &Result<Done, Failed>) {
        if let Err(failed) = result {
            let text = format!("[notify] on_struggling failed: {}", failed.failure.message);
            let (at, level) = (self.clock.now(), LogLevel::Warn);
            let line = LogLine { at, level, text, fields: Value::Null, op: None, wrote: None };
            self.keep_line(no, line);
        }
    }
}
