//! Bodies: the functions and closures of a script that do an attempt, driven until they end or ask for a direct call.

use super::attempt::{Running, State, Verdict};
use super::attempts::fault;
use super::body_host::BodyHost;
use super::effects::{Job, JobKey};
use super::executing::Executing;
use super::worker::Worker;
use crate::activity::Failed;
use crate::history::{Failure, Moment, OpId, RunNo, Value, kind};
use crate::run::Work;
use crate::script::{Ask, Asked, Effect, Reply, Rest, RunFacts, Thrown};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

impl Worker {
    /// Starts a body as the attempt of a command, or as the probe that looks whether its effect has happened.
    pub(super) fn start_body(&mut self, no: RunNo, op: OpId, is_probe: bool, now: Moment) {
        let Some(run) = self.runs.get(no) else { return };
        let (Some(command), Some(attempt)) = (run.open.get(&op), run.attempts.get(&op)) else { return };
        let Work::Effect { input, options, body, probe } = &command.work else { return };
        let Some(body) = (if is_probe { probe } else { body }) else { return };
        let key = run.key_of(command, input, options);
        let probed = is_probe.then(|| Value::Text(key.to_string()));
        let host = Rc::new(BodyHost {
            now,
            attempt: attempt.failures + 1,
            key,
            facts: facts(run, now),
            chance: Cell::new(0),
            said: RefCell::default(),
            told: RefCell::default(),
            start: Arc::clone(&run.start),
            secrets: RefCell::default(),
            heartbeat: RefCell::new((attempt.heartbeat.clone().unwrap_or(Value::Null), false)),
        });
        let to_host = Rc::<BodyHost>::clone(&host);
        let started = match probed {
            Some(key) => body.start_with(&self.interpreter, to_host, Some(key)),
            None => body.start(&self.interpreter, to_host),
        };
        match started {
            Ok(strand) => {
                if let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) {
                    let reply = Some(Ok(Value::Null));
                    let running = Running { strand, host, reply, job: None, refused: None, is_probe };
                    attempt.state = State::Body(Box::new(running));
                }
                self.go_on_with_body(no, op);
            }
            Err(message) => {
                let failure = Failure::new(kind::ACTIVITY, message);
                self.verdict(no, op, Verdict::Failed(Failed::passing(failure)));
            }
        }
    }

    /// Resumes a body until it needs something or ends.
    pub(super) fn go_on_with_body(&mut self, no: RunNo, op: OpId) {
        let Some(run) = self.runs.get_mut(no) else { return };
        let Some(State::Body(running)) = run.attempts.get_mut(&op).map(|attempt| &mut attempt.state) else {
            return;
        };
        let Some(reply) = running.reply.take() else { return };
        let rest = running.strand.resume(reply);
        let (is_probe, refused) = (running.is_probe, running.refused.clone());
        let said = running.host.said.take();
        let told = running.host.told.take();
        run.secrets.append(&mut running.host.secrets.borrow_mut());
        let beat = running.host.take_heartbeat();
        self.keep_lines(no, op, said, told);
        if let Some(details) = beat {
            self.alive(no, op, details);
        }
        match rest {
            Rest::Asked(Asked { ask: Ask::Direct(effect), .. }) => self.start_direct(no, op, *effect),
            Rest::Sliced => self.answer_body(no, op, Ok(Value::Null)),
            Rest::Asked(_) => {
                let failure =
                    Failure::new(kind::NESTED, "a command may not stand inside an activity or step");
                self.answer_body(no, op, Err(failure));
            }
            Rest::OverLimit(limit) => {
                self.verdict(
                    no,
                    op,
                    Verdict::Fault(Box::new(fault(format!("the activity is over a limit: {limit}")))),
                );
            }
            Rest::Ended(Ok(value)) if is_probe => self.probed(no, op, value),
            Rest::Ended(Ok(value)) => self.verdict(no, op, Verdict::Completed(value)),
            Rest::Ended(Err(Thrown::Fault(stuck))) => self.verdict(no, op, Verdict::Fault(stuck)),
            Rest::Ended(Err(Thrown::Failure(failure))) => {
                self.verdict(no, op, Verdict::Failed(of_body(failure, refused)));
            }
        }
    }

    pub(super) fn answer_body(&mut self, no: RunNo, op: OpId, reply: Reply) {
        if let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op))
            && let State::Body(running) = &mut attempt.state
        {
            running.reply = Some(reply);
            running.job = None;
        }
    }

    /// A direct call of a body failed.
    pub(super) fn refuse_body(&mut self, no: RunNo, op: OpId, failed: Failed) {
        if failed.permanent
            && let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op))
            && let State::Body(running) = &mut attempt.state
        {
            running.refused = Some(failed.failure.clone());
        }
        self.answer_body(no, op, Err(failed.failure));
    }

    /// A direct call of a body: a job whose result goes back to the body and not into the history.
    fn start_direct(&mut self, no: RunNo, op: OpId, effect: Effect) {
        let serial = self.next_serial();
        let Some(run) = self.runs.get_mut(no) else { return };
        let secrets = run.secret_names();
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        let State::Body(running) = &mut attempt.state else { return };
        let key = JobKey { run: no, op, serial };
        running.job = Some(key);
        let job = Job {
            key,
            run_id: run.id.to_string(),
            label: effect.label,
            input: effect.input,
            attempt: attempt.failures + 1,
            idempotency_key: running.host.key.to_string(),
            timeout_ms: effect.options.timeout_ms,
            last_heartbeat: attempt.heartbeat.clone(),
            start: run.start.clone(),
            config: Arc::clone(&run.config),
            secrets,
            functions: run.script.functions(),
        };
        self.effects.start(job);
    }
}

/// The facts of the run as a body sees them.
fn facts(run: &Executing, now: Moment) -> RunFacts {
    RunFacts {
        id: run.id.clone(),
        generation: run.generation,
        started_at: run.run.as_ref().map_or(now, crate::run::Run::started_at),
        cancelled: run.run.as_ref().is_some_and(crate::run::Run::is_cancelled),
        answers: run.run.as_ref().map(crate::run::Run::answers).unwrap_or_default(),
    }
}

/// What a body threw: `fail`, a secret that is nowhere, output that is not what it was read as, and what a call of its failed with for good
/// are permanent, all else is tried again.
fn of_body(failure: Failure, refused: Option<Failure>) -> Failed {
    let is_handed_on =
        refused.is_some_and(|refused| (&refused.kind, &refused.message) == (&failure.kind, &failure.message));
    let permanent = is_handed_on
        || failure.kind == kind::FAILURE
        || failure.kind == kind::TOO_LARGE
        || failure.kind == kind::SECRET_MISSING
        || crate::script::is_misread(&failure);
    Failed { failure, permanent, retry_after_ms: None }
}
