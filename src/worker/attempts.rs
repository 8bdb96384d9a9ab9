//! Attempts: an effect is tried, fails, waits and is tried again, until it gives a value or fails for good.

use super::body_host::BodyHost;
use super::effects::{Job, JobDone, JobKey};
use super::executing::{Executing, Phase};
use super::progress::Progress;
use super::worker::Worker;
use crate::activity::{Decision, Done, Failed, decide, idempotency_key};
use crate::history::{Failure, Moment, OpId, Pending, RetryPolicy, RunNo, StoredStatus, Stuck, Value, kind};
use crate::run::Work;
use crate::script::{Ask, Asked, Body, Effect, Input, Reply, Rest, RunFacts, Strand, Thrown};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// The wait above which the count of failures and the next try are written at once.
const URGENT_WAIT_MS: i64 = 50;

/// What is known of the attempts of one command.
pub(super) struct Attempt {
    pub(super) failures: u32,
    pub(super) last_failure: Option<Failure>,
    state: State,
    /// The details of the last heartbeat, of this or an earlier attempt.
    heartbeat: Option<Value>,
    deadline: Option<Duration>,
}

enum State {
    /// Waits for its time.
    Waits(Moment),
    /// A job is under way.
    Job(JobKey),
    /// A body of the script runs; a direct call of its may be under way.
    Body(Box<Running>),
}

struct Running {
    strand: Strand,
    host: Rc<BodyHost>,
    reply: Option<Reply>,
    job: Option<JobKey>,
}

impl Attempt {
    /// Nothing was tried yet.
    pub(super) fn fresh() -> Self {
        Self {
            failures: 0,
            last_failure: None,
            state: State::Waits(Moment(i64::MIN)),
            heartbeat: None,
            deadline: None,
        }
    }

    /// As the store remembers it.
    pub(super) fn remembered(row: &Pending) -> Self {
        Self {
            failures: row.failures,
            last_failure: row.last_failure.clone(),
            state: State::Waits(row.next_try.unwrap_or(Moment(i64::MIN))),
            heartbeat: row.heartbeat.clone(),
            deadline: None,
        }
    }

    /// Writes what is to be remembered into the pending row.
    pub(super) fn remember(&self, row: &mut Pending) {
        row.failures = self.failures;
        row.last_failure.clone_from(&self.last_failure);
        row.next_try = self.next_try();
        row.heartbeat.clone_from(&self.heartbeat);
    }

    /// When the next attempt begins, where it waits for one.
    pub(super) fn next_try(&self) -> Option<Moment> {
        match self.state {
            State::Waits(at) if at.0 > i64::MIN => Some(at),
            State::Waits(_) | State::Job(_) | State::Body(_) => None,
        }
    }

    /// When the attempt under way times out, on the monotonic clock.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// The job under way.
    pub(super) fn job(&self) -> Option<JobKey> {
        match &self.state {
            State::Waits(_) => None,
            State::Job(key) => Some(*key),
            State::Body(running) => running.job,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Waits(_))
    }
}

/// What an attempt came to.
enum Verdict {
    Completed(Value),
    Failed(Failed),
    /// A mistake in the script: no outcome.
    Fault(Box<Stuck>),
}

impl Worker {
    /// Starts the attempts whose time has come, goes on with bodies, ends what took too long. False where nothing could be done.
    pub(super) fn advance_attempts(&mut self) -> bool {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut due = Vec::new();
        let mut late = Vec::new();
        let mut ready = Vec::new();
        for run in self.runs.values() {
            for (op, attempt) in &run.attempts {
                let is_late = attempt.deadline.is_some_and(|deadline| deadline <= monotonic);
                match &attempt.state {
                    State::Waits(at) if *at <= now && matches!(run.phase, Phase::Blocked) => {
                        due.push((run.no, *op));
                    }
                    State::Body(_) if is_late => late.push((run.no, *op)),
                    State::Body(running) if running.reply.is_some() => ready.push((run.no, *op)),
                    State::Waits(_) | State::Job(_) | State::Body(_) => {}
                }
            }
        }
        let any = !(due.is_empty() && late.is_empty() && ready.is_empty());
        for (no, op) in due {
            self.start_attempt(no, op);
        }
        for (no, op) in late {
            self.time_out(no, op);
        }
        for (no, op) in ready {
            self.go_on_with_body(no, op);
        }
        any
    }

    /// Starts an attempt, unless its time has not come.
    pub(super) fn start_attempt(&mut self, no: RunNo, op: OpId) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let serial = self.next_serial();
        let Some(run) = self.runs.get_mut(&no) else { return };
        let Some(command) = run.open.get(&op) else { return };
        let Work::Effect { input, options, body, .. } = &command.work else { return };
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        if attempt.next_try().is_some_and(|at| at > now) {
            return;
        }
        let number = attempt.failures + 1;
        let key = idempotency_key(&run.store_id, no, run.generation, op, &command.label.name, input);
        let (timeout_ms, label, input) = (options.timeout_ms, command.label.clone(), input.clone());
        if let Some(body) = body.clone() {
            attempt.deadline =
                timeout_ms.map(|ms| monotonic + Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
            let host = Rc::new(BodyHost {
                now,
                attempt: number,
                key,
                input: Input::new(&run.start.input),
                facts: facts(run, now),
                chance: Cell::new(0),
                said: RefCell::default(),
                told: RefCell::default(),
            });
            self.tell(no, Progress::AttemptStarted { op, attempt: number });
            self.start_body(no, op, &body, host);
        } else {
            let job_key = JobKey { run: no, op, serial };
            attempt.state = State::Job(job_key);
            attempt.deadline = None;
            let job = Job {
                key: job_key,
                run_id: run.id.clone(),
                label,
                input,
                attempt: number,
                idempotency_key: key,
                timeout_ms,
                last_heartbeat: attempt.heartbeat.clone(),
                start: run.start.clone(),
            };
            self.tell(no, Progress::AttemptStarted { op, attempt: number });
            self.effects.start(job);
        }
    }

    fn start_body(&mut self, no: RunNo, op: OpId, body: &Body, host: Rc<BodyHost>) {
        let started = body.start(&self.interpreter, Rc::<BodyHost>::clone(&host));
        match started {
            Ok(strand) => {
                if let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op)) {
                    let running = Running { strand, host, reply: Some(Ok(Value::Null)), job: None };
                    attempt.state = State::Body(Box::new(running));
                }
                self.go_on_with_body(no, op);
            }
            Err(message) => {
                let failure = Failure::new(kind::ACTIVITY, message);
                self.verdict(
                    no,
                    op,
                    Verdict::Failed(Failed { failure, permanent: false, retry_after_ms: None }),
                );
            }
        }
    }

    /// Resumes a body until it needs something or ends.
    fn go_on_with_body(&mut self, no: RunNo, op: OpId) {
        let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        let State::Body(running) = &mut attempt.state else { return };
        let Some(reply) = running.reply.take() else { return };
        let rest = running.strand.resume(reply);
        let said = running.host.said.take();
        let told = running.host.told.take();
        self.keep_lines(no, op, said, told);
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
            Rest::Ended(Ok(value)) => self.verdict(no, op, Verdict::Completed(value)),
            Rest::Ended(Err(Thrown::Fault(stuck))) => self.verdict(no, op, Verdict::Fault(stuck)),
            Rest::Ended(Err(Thrown::Failure(failure))) => {
                self.verdict(no, op, Verdict::Failed(of_body(failure)));
            }
        }
    }

    fn answer_body(&mut self, no: RunNo, op: OpId, reply: Reply) {
        if let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op))
            && let State::Body(running) = &mut attempt.state
        {
            running.reply = Some(reply);
            running.job = None;
        }
    }

    /// A direct call of a body: a job whose result goes back to the body and not into the history.
    fn start_direct(&mut self, no: RunNo, op: OpId, effect: Effect) {
        let serial = self.next_serial();
        let Some(run) = self.runs.get_mut(&no) else { return };
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        let State::Body(running) = &mut attempt.state else { return };
        let key = JobKey { run: no, op, serial };
        running.job = Some(key);
        let job = Job {
            key,
            run_id: run.id.clone(),
            label: effect.label,
            input: effect.input,
            attempt: attempt.failures + 1,
            idempotency_key: running.host.key.clone(),
            timeout_ms: effect.options.timeout_ms,
            last_heartbeat: attempt.heartbeat.clone(),
            start: run.start.clone(),
        };
        self.effects.start(job);
    }

    /// The result of a job. One that nobody waits for any more is ignored.
    pub(super) fn job_done(&mut self, done: JobDone) {
        let (no, op) = (done.key.run, done.key.op);
        let Some(run) = self.runs.get_mut(&no) else { return };
        let Some(attempt) = run.attempts.get(&op).filter(|attempt| attempt.job() == Some(done.key)) else {
            return;
        };
        let is_direct = matches!(attempt.state, State::Body(_));
        let stderr = match &done.result {
            Ok(Done { stderr, .. }) => stderr.clone(),
            Err(failed) => failed
                .failure
                .data
                .get("stderr")
                .and_then(Value::as_text)
                .map(str::to_owned)
                .unwrap_or_default(),
        };
        self.keep_output(no, op, &stderr);
        match (done.result, is_direct) {
            (Ok(done), true) => self.answer_body(no, op, Ok(done.value)),
            (Err(failed), true) => self.answer_body(no, op, Err(failed.failure)),
            (Ok(done), false) => self.verdict(no, op, Verdict::Completed(done.value)),
            (Err(failed), false) => self.verdict(no, op, Verdict::Failed(failed)),
        }
    }

    /// A job lives: its details are kept, on disk within a moment, for the next attempt.
    pub(super) fn heartbeat(&mut self, key: JobKey, details: Value) {
        let monotonic = self.clock.monotonic();
        let Some(run) = self.runs.get_mut(&key.run) else { return };
        let attempt = run.attempts.get_mut(&key.op).filter(|attempt| attempt.job() == Some(key));
        let Some(attempt) = attempt else { return };
        attempt.heartbeat = Some(details);
        self.keep_attempt(key.run, key.op, monotonic);
    }

    /// What is known of a command's attempts goes into its pending row with the next lazy records.
    fn keep_attempt(&mut self, no: RunNo, op: OpId, monotonic: Duration) {
        let Some(run) = self.runs.get_mut(&no) else { return };
        if let Some(row) = run.open.get(&op).map(|command| run.pending_row(command)) {
            run.lazy.pending.insert(op, row);
            run.lazy.touch(monotonic);
        }
    }

    fn time_out(&mut self, no: RunNo, op: OpId) {
        let job = self.runs.get(&no).and_then(|run| run.attempts.get(&op)).and_then(Attempt::job);
        if let Some(key) = job {
            self.effects.stop(key);
        }
        let failure = Failure::new(kind::TIMEOUT, "the attempt took longer than its timeout");
        self.verdict(no, op, Verdict::Failed(Failed { failure, permanent: false, retry_after_ms: None }));
    }

    /// What an attempt came to: an outcome, another attempt, or a stuck run.
    fn verdict(&mut self, no: RunNo, op: OpId, verdict: Verdict) {
        let now = self.clock.now();
        let chance = self.next_chance();
        let Some(run) = self.runs.get_mut(&no) else { return };
        let Some(policy) = run.open.get(&op).and_then(|command| policy(&command.work)) else { return };
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        attempt.deadline = None;
        match verdict {
            Verdict::Completed(value) => self.arrived(no, op, now, Ok(value)),
            Verdict::Failed(failed) => {
                attempt.failures += 1;
                attempt.last_failure = Some(failed.failure.clone());
                let number = attempt.failures;
                let decision = decide(&policy, number, &failed, chance);
                let next_try = match decision {
                    Decision::TryAgain { in_ms } => Some(now.plus_ms(in_ms)),
                    Decision::GiveUp => None,
                };
                self.tell(
                    no,
                    Progress::AttemptFailed {
                        op,
                        attempt: number,
                        failure: failed.failure.clone(),
                        next_try,
                        attempts: policy.attempts,
                    },
                );
                match next_try {
                    Some(at) => self.try_again(no, op, at, now),
                    None => self.arrived(no, op, now, Err(failed.failure)),
                }
            }
            Verdict::Fault(mut stuck) => {
                stuck.line = stuck.line.or_else(|| run.open.get(&op).and_then(|command| command.line));
                attempt.state = State::Waits(Moment::MAX);
                let monotonic = self.clock.monotonic();
                run.run = None;
                run.lazy.status(StoredStatus::Stuck((*stuck).clone()));
                run.lazy.hurry(monotonic);
                run.phase = Phase::Stuck(stuck);
            }
        }
    }

    fn try_again(&mut self, no: RunNo, op: OpId, at: Moment, now: Moment) {
        let monotonic = self.clock.monotonic();
        let Some(run) = self.runs.get_mut(&no) else { return };
        if let Some(attempt) = run.attempts.get_mut(&op) {
            attempt.state = State::Waits(at);
        }
        if let Some(row) = run.open.get(&op).map(|command| run.pending_row(command)) {
            run.lazy.pending.insert(op, row);
        }
        if at.since_ms(now) > URGENT_WAIT_MS {
            run.lazy.hurry(monotonic);
        } else {
            run.lazy.touch(monotonic);
        }
        self.leave_if_stuck(no);
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
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

fn policy(work: &Work) -> Option<RetryPolicy> {
    match work {
        Work::Effect { options, .. } => Some(options.retry.clone()),
        Work::Timer { .. } | Work::Wait => None,
    }
}

/// What a body threw: `fail` is permanent, all else is tried again.
fn of_body(failure: Failure) -> Failed {
    let permanent = failure.kind == kind::FAILURE || failure.kind == kind::TOO_LARGE;
    Failed { failure, permanent, retry_after_ms: None }
}

fn fault(message: String) -> Stuck {
    Stuck {
        kind: kind::FAULT.to_owned(),
        message,
        file: None,
        line: None,
        column: None,
        calls: Vec::new(),
        hint: None,
    }
}
