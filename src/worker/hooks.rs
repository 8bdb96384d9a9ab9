//! Hooks: whoever `[notify]` names is told how a run came out, by a run of its own that is recorded with that.
//!
//! So the telling is as durable as what it tells of: it is there where the end is there, it is tried again after a crash, and its
//! history says what became of it.

use super::executing::{Executing, Phase};
use super::worker::Worker;
use crate::config::Config;
use crate::history::{
    CommandLabel, Failure, HOOK_SCRIPT, MessageId, Moment, Placeholder, Program, RunEnd, RunId, RunStart,
    ScriptHash, StoredStatus, Stuck, Value,
};
use crate::run::{Onward, Run};
use crate::script::in_shell;
use crate::store::{Answer, NewRun, Request};
use crate::timer::rfc3339;
use std::collections::BTreeMap;
use std::path::Path;

/// The script of a run that tells somebody.
const SCRIPT: &str = include_str!("notify.rhai");
/// A message or result that is told is cut after so many characters.
const MOST_CHARACTERS: usize = 4_096;
/// So much is told of the end of what a failed program wrote on stderr, in characters.
const MOST_STDERR: usize = 2_048;
/// The longest id of a run, in characters.
const ID_LENGTH: usize = 128;

/// What is to be told. Whom, `durun.toml` says when it is told.
pub struct Hook<'a> {
    /// The key of `[notify]`: `on_failure`, `on_stuck`, `on_success` or `on_missed`.
    pub key: &'a str,
    /// Of what the id of the run is made: the id of the run, or the name of the schedule, that it tells of.
    pub of: &'a str,
    /// What distinguishes it from others of the same key: the number and the epoch of the run, or the slot.
    pub place: &'a str,
    /// What there is to tell, one JSON document.
    pub about: Value,
    /// The path of the script that it tells of.
    pub script: &'a str,
    /// The directory that its processes are started in.
    pub directory: &'a str,
    /// The environment that they are given.
    pub environment: &'a BTreeMap<String, String>,
    /// Chance that it alone has.
    pub secret: [u8; 16],
}

impl Hook<'_> {
    /// The run that tells it. The same again is the same run.
    pub fn run(self) -> Option<NewRun> {
        let folder = Path::new(self.script).parent().unwrap_or(Path::new("/"));
        // In the folder of the script that it tells of: the same `durun.toml` holds for it.
        let path = folder.join(HOOK_SCRIPT).to_string_lossy().into_owned();
        let input = Value::from([("event", Value::from(self.key)), ("about", self.about.to_string().into())]);
        let id = hook_id(self.of, self.key, self.place)?;
        let nonce = MessageId::of_hook(id.as_str());
        let hash = blake3::hash(&[self.secret.as_slice(), id.as_str().as_bytes()].concat());
        let secret = hash.as_bytes().first_chunk().copied().unwrap_or_default();
        Some(NewRun::new(
            nonce,
            id,
            RunStart {
                program: telling_program(path),
                input,
                directory: self.directory.to_owned(),
                environment: self.environment.clone(),
                timeout_ms: None,
                secret,
                patches: crate::history::Patches::default(),
            },
            telling_texts(),
        ))
    }
}

/// The program of a run that tells somebody, under a path.
pub fn telling_program(path: String) -> Program {
    Program { path, main: ScriptHash::of(SCRIPT), modules: BTreeMap::new() }
}

/// Its text.
pub fn telling_texts() -> Vec<(ScriptHash, String)> {
    vec![(ScriptHash::of(SCRIPT), SCRIPT.to_owned())]
}

/// `order-1001.on_failure.12-1`; of a name that is too long, its hash.
fn hook_id(of: &str, key: &str, place: &str) -> Option<RunId> {
    let id = format!("{of}.{key}.{place}");
    let id = if id.len() <= ID_LENGTH {
        id
    } else {
        let hash = blake3::hash(of.as_bytes()).to_hex();
        format!("{}.{key}.{place}", hash.get(..32).unwrap_or_default())
    };
    RunId::parse(&id).ok()
}

/// Whether a script is the one that tells somebody: nobody is told of that.
fn is_hook(script: &str) -> bool {
    Path::new(script).file_name().is_some_and(|name| name == HOOK_SCRIPT)
}

/// Which key tells of a status; nothing where it names nobody. How a child ends is its parent's business.
fn wanted(config: &Config, status: &StoredStatus, is_child: bool) -> Option<&'static str> {
    let key = match status {
        StoredStatus::Stuck(_) => "on_stuck",
        StoredStatus::Ended(_) if is_child => return None,
        StoredStatus::Ended(RunEnd::Failed { .. } | RunEnd::TimedOut { .. }) => "on_failure",
        StoredStatus::Ended(RunEnd::Completed { .. }) => "on_success",
        // Somebody wanted it so.
        StoredStatus::Ended(RunEnd::Cancelled { .. } | RunEnd::Terminated { .. }) | StoredStatus::Open => {
            return None;
        }
    };
    config.notify.of(key).map(|_| key)
}

impl Executing {
    /// Whether it tells somebody of another run.
    pub(super) fn is_hook(&self) -> bool {
        is_hook(&self.start.program.path)
    }

    /// The run that tells somebody of how this one comes out.
    pub(super) fn hook(&self, status: &StoredStatus, now: Moment) -> Option<Box<NewRun>> {
        // One that still stands where it stood is told of already.
        let is_known = self.was_stuck && matches!(status, StoredStatus::Stuck(_));
        if self.is_hook() || is_known {
            return None;
        }
        let key = wanted(&self.config, status, self.is_child)?;
        let about = self.about(status, now).to_string();
        // It goes to whoever is told, not to whom the secrets of the run are for.
        let about = Placeholder::forget_in(&about, self.start.secret);
        let hook = Hook {
            key,
            of: &self.id,
            // Neither is ever given again: a run that is retried, or another of that id, is told of once more.
            place: &format!("{}-{}", self.no, self.epoch),
            about: Value::from_json_text(&about).unwrap_or(Value::Null),
            script: &self.start.program.path,
            directory: &self.start.directory,
            environment: &self.start.environment,
            secret: self.start.secret,
        };
        hook.run().map(Box::new)
    }

    fn about(&self, status: &StoredStatus, now: Moment) -> Value {
        let nothing = || (Value::Null, Value::Null, Value::Null);
        let (word, (error, step, result)) = match status {
            StoredStatus::Stuck(stuck) => ("stuck", (of_stuck(stuck), Value::Null, Value::Null)),
            StoredStatus::Ended(RunEnd::Failed { failure }) => {
                ("failed", (failed(failure), step(failure), Value::Null))
            }
            StoredStatus::Ended(end @ RunEnd::TimedOut { reason }) => {
                let error = [("kind", Value::from("timed_out")), ("message", cut(reason).into())];
                let trail = self.run.as_ref().map(Run::trail);
                let step = trail.as_ref().and_then(|trail| trail.cut_off()).map_or(Value::Null, cut_off);
                (end.status().word(), (Value::from(error), step, Value::Null))
            }
            StoredStatus::Ended(RunEnd::Completed { result }) => {
                ("completed", (Value::Null, Value::Null, short(result)))
            }
            StoredStatus::Ended(end @ (RunEnd::Cancelled { .. } | RunEnd::Terminated { .. })) => {
                (end.status().word(), nothing())
            }
            StoredStatus::Open => ("open", nothing()),
        };
        let origin = self.origin.as_ref();
        Value::from([
            ("event", Value::from(word)),
            ("run", (*self.id).into()),
            ("script", self.start.program.path.as_str().into()),
            ("at", rfc3339(now).into()),
            ("schedule", origin.map_or(Value::Null, |origin| origin.schedule.as_str().into())),
            ("slot", origin.map_or(Value::Null, |origin| rfc3339(origin.slot).into())),
            ("error", error),
            ("step", step),
            ("commands", Value::List(self.ways_on(status).into_iter().map(Value::Text).collect())),
            ("result", result),
        ])
    }

    /// The commands that let it go on, one after the other.
    fn ways_on(&self, status: &StoredStatus) -> Vec<String> {
        let (id, script, aim) = (&self.id, &self.start.program.path, &self.aim);
        match status {
            StoredStatus::Stuck(_) => {
                vec![
                    format!("durun{aim} upgrade {id} --script {}", in_shell(script)),
                    format!("durun{aim} resume {id}"),
                ]
            }
            StoredStatus::Ended(end) => {
                match self.run.as_ref().map(Run::trail).map(|trail| trail.onward(end)) {
                    Some(Onward::Retry) => vec![format!("durun{aim} retry {id}")],
                    Some(Onward::Behind(entry)) => {
                        vec![
                            format!("durun{aim} rewind {id} --to {entry}"),
                            format!("durun{aim} resume {id}"),
                        ]
                    }
                    Some(Onward::Nowhere) | None => Vec::new(),
                }
            }
            StoredStatus::Open => Vec::new(),
        }
    }

    /// Whether all that it does is wait for another attempt.
    fn waits_for_a_retry(&self) -> bool {
        matches!(self.phase, Phase::Blocked)
            && self.outcomes.is_empty()
            && !self.attempts.is_empty()
            && self.attempts.values().all(|attempt| attempt.next_try().is_some() && !attempt.is_under_way())
    }
}

fn of_stuck(stuck: &Stuck) -> Value {
    Value::from([
        ("kind", Value::from(stuck.kind.as_str())),
        ("message", cut(&stuck.message).into()),
        ("file", stuck.file.as_deref().map_or(Value::Null, Value::from)),
        ("line", stuck.line.map_or(Value::Null, Value::from)),
        ("hint", stuck.hint.as_deref().map_or(Value::Null, Value::from)),
    ])
}

/// The step whose failure ended the run, or caused what did; nothing where none did.
fn step(failure: &Failure) -> Value {
    let of = |key: &str| failure.data.get(key).or_else(|| failure.data.get("cause")?.get(key));
    let Some(name) = of("name").and_then(Value::as_text) else { return Value::Null };
    let known = |key: &str| of(key).cloned().unwrap_or(Value::Null);
    let stderr = of("stderr").and_then(Value::as_text).map(str::trim_end);
    Value::from([
        ("name", name.into()),
        ("attempts", known("attempts")),
        ("exit_code", known("exit_code")),
        ("status", known("status")),
        ("stderr", stderr.map_or(Value::Null, |text| end(text).into())),
    ])
}

/// A step that had no outcome when the run's time was over.
fn cut_off(label: &CommandLabel) -> Value {
    let name = if label.name.is_empty() { label.kind.word() } else { &label.name };
    let unknown = ["attempts", "exit_code", "status", "stderr"].map(|key| (key, Value::Null));
    Value::Map(
        unknown.into_iter().chain([("name", name.into())]).map(|(key, it)| (key.to_owned(), it)).collect(),
    )
}

/// The end of a text.
fn end(text: &str) -> String {
    let over = text.chars().count().saturating_sub(MOST_STDERR);
    text.chars().skip(over).collect()
}

fn failed(failure: &Failure) -> Value {
    Value::from([
        ("kind", Value::from(failure.kind.as_str())),
        ("message", cut(&failure.message).into()),
        ("line", failure.raised_line().map_or(Value::Null, Value::from)),
    ])
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}

/// A result that is short enough to be told; of another, its beginning as text.
fn short(result: &Value) -> Value {
    let text = result.to_string();
    if text.len() <= MOST_CHARACTERS { result.clone() } else { format!("{}…", cut(&text)).into() }
}

impl Worker {
    /// Goes on with a run that tells somebody. Where it cannot, whoever goes on with runs does.
    pub(super) fn take_up_hook(&mut self, id: &RunId) {
        let Some(claim) = self.settings.claim.filter(|_| self.stopping.is_none() && !self.finishing) else {
            return;
        };
        let Ok(Answer::Runs(found)) = self.store.ask(Request::Find { text: id.to_string() }) else { return };
        let Some(run) = found.into_iter().find(|run| run.id == *id) else { return };
        if run.claim.is_none()
            && let Ok(Answer::Claimed { epoch }) = self.store.ask(Request::Claim { run: run.no, claim })
            && self.adopt(run.no, epoch).is_err()
        {
            drop(self.store.ask(Request::Release { run: run.no, epoch }));
        }
    }

    /// Whether all that is left are runs that tell somebody, and each waits for another attempt: nobody waits for that.
    pub(super) fn has_only_hooks_that_wait(&self) -> bool {
        !self.runs.is_empty() && self.runs.values().all(|run| run.is_hook() && run.waits_for_a_retry())
    }
}
