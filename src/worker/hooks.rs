//! Hooks: whoever `[notify]` names is told how a run came out, by a run of its own that is recorded with that.
//!
//! So the telling is as durable as what it tells of: it is there where the end is there, it is tried again after a crash, and its
//! history says what became of it.

use super::executing::{Executing, Phase};
use super::worker::Worker;
use crate::config::{Config, Notice};
use crate::history::{
    Failure, HOOK_SCRIPT, MessageId, Moment, Placeholder, Program, RunEnd, RunId, RunStart, ScriptHash,
    StoredStatus, Value,
};
use crate::store::{Answer, NewRun, Request};
use crate::timer::rfc3339;
use std::collections::BTreeMap;
use std::path::Path;

/// The script of a run that tells somebody.
const SCRIPT: &str = include_str!("notify.rhai");
/// A message or result that is told is cut after so many characters.
const MOST_CHARACTERS: usize = 4_096;
/// The longest id of a run, in characters.
const ID_LENGTH: usize = 128;

/// What is to be told, and to whom.
pub struct Hook<'a> {
    /// The key of `[notify]`: `on_failure`, `on_stuck`, `on_success` or `on_missed`.
    pub key: &'a str,
    /// Whom it names.
    pub notice: &'a Notice,
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
        let main = ScriptHash::of(SCRIPT);
        // In the folder of the script that it tells of: the same `durun.toml` holds for it.
        let path = folder.join(HOOK_SCRIPT).to_string_lossy().into_owned();
        let mut input = vec![("event", Value::from(self.key)), ("about", self.about.to_string().into())];
        input.push(match self.notice {
            Notice::Program(words) => {
                ("argv", Value::List(words.iter().map(|word| Value::from(word.as_str())).collect()))
            }
            Notice::Shell(text) => ("text", text.as_str().into()),
            Notice::Url(url) => ("url", url.as_str().into()),
        });
        let input = Value::Map(input.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let id = hook_id(self.of, self.key, self.place)?;
        let nonce = MessageId::of_hook(id.as_str());
        let hash = blake3::hash(&[self.secret.as_slice(), id.as_str().as_bytes()].concat());
        let secret = hash.as_bytes().first_chunk().copied().unwrap_or_default();
        Some(NewRun::new(
            nonce,
            id,
            RunStart {
                program: Program { path, main, modules: BTreeMap::new() },
                input,
                directory: self.directory.to_owned(),
                environment: self.environment.clone(),
                timeout_ms: None,
                secret,
                patches: crate::history::Patches::default(),
            },
            vec![(main, SCRIPT.to_owned())],
        ))
    }
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

/// Which key tells of a status, and whom it names; nothing where nobody is to be told. How a child ends is its parent's business.
fn wanted<'a>(
    config: &'a Config,
    status: &StoredStatus,
    is_child: bool,
) -> Option<(&'static str, &'a Notice)> {
    let notify = &config.notify;
    let (key, notice) = match status {
        StoredStatus::Stuck(_) => ("on_stuck", &notify.on_stuck),
        StoredStatus::Ended(_) if is_child => return None,
        StoredStatus::Ended(RunEnd::Failed { .. } | RunEnd::TimedOut { .. }) => {
            ("on_failure", &notify.on_failure)
        }
        StoredStatus::Ended(RunEnd::Completed { .. }) => ("on_success", &notify.on_success),
        // Somebody wanted it so.
        StoredStatus::Ended(RunEnd::Cancelled { .. } | RunEnd::Terminated { .. }) | StoredStatus::Open => {
            return None;
        }
    };
    notice.as_ref().map(|notice| (key, notice))
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
        let (key, notice) = wanted(&self.config, status, self.is_child)?;
        let about = self.about(status, now).to_string();
        // It goes to whoever is told, not to whom the secrets of the run are for.
        let about = Placeholder::forget_in(&about, self.start.secret);
        let hook = Hook {
            key,
            notice,
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
        let (word, error, result) = match status {
            StoredStatus::Stuck(stuck) => {
                let error = Value::from([
                    ("kind", Value::from(stuck.kind.as_str())),
                    ("message", cut(&stuck.message).into()),
                    ("file", stuck.file.as_deref().map_or(Value::Null, Value::from)),
                    ("line", stuck.line.map_or(Value::Null, Value::from)),
                    ("hint", stuck.hint.as_deref().map_or(Value::Null, Value::from)),
                ]);
                ("stuck", error, Value::Null)
            }
            StoredStatus::Ended(RunEnd::Failed { failure }) => ("failed", failed(failure), Value::Null),
            StoredStatus::Ended(end @ RunEnd::TimedOut { reason }) => {
                let error = [("kind", Value::from("timed_out")), ("message", cut(reason).into())];
                (end.status().word(), Value::from(error), Value::Null)
            }
            StoredStatus::Ended(RunEnd::Completed { result }) => ("completed", Value::Null, short(result)),
            StoredStatus::Ended(end @ (RunEnd::Cancelled { .. } | RunEnd::Terminated { .. })) => {
                (end.status().word(), Value::Null, Value::Null)
            }
            StoredStatus::Open => ("open", Value::Null, Value::Null),
        };
        let origin = self.origin.as_ref();
        Value::from([
            ("event", Value::from(word)),
            ("run", self.id.as_str().into()),
            ("script", self.start.program.path.as_str().into()),
            ("at", rfc3339(now).into()),
            ("schedule", origin.map_or(Value::Null, |origin| origin.schedule.as_str().into())),
            ("slot", origin.map_or(Value::Null, |origin| rfc3339(origin.slot).into())),
            ("error", error),
            ("result", result),
        ])
    }

    /// Whether all that it does is wait for another attempt.
    fn waits_for_a_retry(&self) -> bool {
        matches!(self.phase, Phase::Blocked)
            && self.outcomes.is_empty()
            && !self.attempts.is_empty()
            && self.attempts.values().all(|attempt| attempt.next_try().is_some() && !attempt.is_under_way())
    }
}

fn failed(failure: &Failure) -> Value {
    Value::from([
        ("kind", Value::from(failure.kind.as_str())),
        ("message", cut(&failure.message).into()),
        ("line", failure.line.map_or(Value::Null, Value::from)),
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
