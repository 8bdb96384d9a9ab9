//! Attempts: an effect is tried, fails, waits and is tried again, until it gives a value or fails for good.

use super::attempt::{Intent, Queued, State, Verdict};
use super::effects::{Job, JobDone, JobKey};
use super::executing::{Executing, Phase};
use super::progress::Progress;
use super::slots::Quota;
use super::worker::Worker;
use crate::activity::{Decision, Failed, decide};
use crate::history::{
    CommandLabel, Failure, Moment, OpId, RetryPolicy, RunNo, StoredStatus, Stuck, Value, kind,
};
use crate::run::Work;
use std::sync::Arc;
use std::time::Duration;

/// The wait above which the count of failures and the next try are written at once.
const URGENT_WAIT_MS: i64 = 50;

impl Worker {
    /// Starts the attempts whose time has come, goes on with bodies, ends what took too long. False where nothing could be done.
    pub(super) fn advance_attempts(&mut self) -> bool {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let ask_again = self.slots.take_freed() || self.ask_slots_at.is_some_and(|at| at <= monotonic);
        if ask_again {
            self.runs.wake_in_line();
        }
        let mut due = Vec::new();
        let mut ready = Vec::new();
        for run in self.runs.awake() {
            let may_begin = run.may_begin(self.finishing);
            for (op, attempt) in &run.attempts {
                match &attempt.state {
                    State::Waits(at) if *at <= now && may_begin => match &attempt.queued {
                        None => due.push((u64::MAX, run.no, *op)),
                        Some(queued) if ask_again => due.push((queued.ticket.number, run.no, *op)),
                        Some(_) => {}
                    },
                    State::Body(running) if running.reply.is_some() => ready.push((run.no, *op)),
                    State::Waits(_)
                    | State::Intends
                    | State::Job(_)
                    | State::Body(_)
                    | State::Stopping { .. } => {}
                }
            }
        }
        if ask_again {
            self.ask_slots_at = None;
        }
        let limited = self.keep_limits(now, monotonic);
        let any = !(due.is_empty() && ready.is_empty()) || limited;
        // Who has waited longest comes first, then whoever became due now.
        due.sort_unstable();
        for (_, no, op) in due {
            self.start_attempt(no, op);
        }
        for (no, op) in ready {
            self.go_on_with_body(no, op);
        }
        any
    }

    /// Starts an attempt, unless its time has not come or it has to wait for others.
    pub(super) fn start_attempt(&mut self, no: RunNo, op: OpId) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let may = |run: &&Executing| !self.finishing && run.dying.is_empty() && !run.is_to_end(now);
        let Some(run) = self.runs.get(no).filter(may) else { return };
        let Some((command, options, probe)) = run.effect(op) else { return };
        let Some(attempt) = run.attempts.get(&op).filter(|attempt| attempt.is_due(now)) else { return };
        if options.deadline.is_some_and(|deadline| deadline <= now) {
            self.missed(no, op);
            return;
        }
        let is_unknown = attempt.intent == Intent::Unknown;
        if is_unknown && probe.is_none() {
            let failure = unknown_outcome(&command.label);
            self.verdict(no, op, Verdict::Missed(failure));
            return;
        }
        let intends = options.at_most_once && attempt.intent == Intent::None;
        // A call that is served takes no slot and nothing of a rate.
        if let Some(once) = options.once.clone().filter(|_| !attempt.holds_once)
            && !self.take_once(no, op, &once)
        {
            return;
        }
        if !self.take_slot(no, op, monotonic) {
            return;
        }
        if is_unknown {
            self.start_body(no, op, true, now);
        } else if intends {
            self.intend(no, op);
        } else {
            self.launch(no, op, (now, monotonic));
        }
    }

    /// Whether an attempt has its slot, and is in no queue any more; where not, it queues.
    fn take_slot(&mut self, no: RunNo, op: OpId, monotonic: Duration) -> bool {
        let Some(run) = self.runs.get_mut(no) else { return false };
        let (Some(command), Some(attempt)) = (run.open.get(&op), run.attempts.get_mut(&op)) else {
            return false;
        };
        let Work::Effect { options, .. } = &command.work else { return false };
        if attempt.slot.is_none() {
            let quota = Quota { max_concurrent: options.max_concurrent, rate: options.rate };
            match self.slots.take(&command.label, quota, monotonic) {
                Ok(slot) => attempt.slot = Some(slot),
                Err(refused) => {
                    if let Some(until) = refused.until {
                        self.ask_slots_at = Some(self.ask_slots_at.map_or(until, |at| at.min(until)));
                    }
                    self.queue(no, op, refused.waits_for);
                    return false;
                }
            }
        }
        attempt.alive = monotonic;
        if attempt.queued.take().is_some() {
            self.keep_attempt(no, op, monotonic);
        }
        true
    }

    /// The intent of an at-most-once attempt is on disk: now its effect may begin.
    pub(super) fn intended(&mut self, no: RunNo, op: OpId) {
        let attempt = self.runs.get(no).and_then(|run| run.attempts.get(&op));
        if attempt.is_some_and(|attempt| matches!(attempt.state, State::Intends)) {
            self.launch(no, op, (self.clock.now(), self.clock.monotonic()));
        }
    }

    /// The effect begins.
    fn launch(&mut self, no: RunNo, op: OpId, (now, monotonic): (Moment, Duration)) {
        let serial = self.next_serial();
        let Some(run) = self.runs.get_mut(no) else { return };
        let Some(command) = run.open.get(&op) else { return };
        let Work::Effect { input, options, body, .. } = &command.work else { return };
        let label = &command.label;
        let is_body = body.is_some() && !self.effects.does_itself(label);
        let timeout_ms = options.timeout_ms;
        let job = (!is_body).then(|| Job {
            key: JobKey { run: no, op, serial },
            run_id: run.id.to_string(),
            label: label.clone(),
            input: with_commands(input, &options.commands, &run.aim),
            attempt: 0,
            idempotency_key: run.key_of(command, input, options).to_string(),
            timeout_ms,
            last_heartbeat: None,
            start: run.start.clone(),
            config: Arc::clone(&run.config),
            secrets: run.secret_names(),
            functions: run.script.functions(),
        });
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        let number = attempt.failures + 1;
        attempt.alive = monotonic;
        attempt.timeout = None;
        if let Some(job) = job {
            attempt.state = State::Job(job.key);
            let job = Job { attempt: number, last_heartbeat: attempt.heartbeat.clone(), ..job };
            self.tell(no, Progress::AttemptStarted { op, attempt: number });
            self.effects.start(job);
        } else {
            attempt.timeout =
                timeout_ms.map(|ms| monotonic + Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
            self.tell(no, Progress::AttemptStarted { op, attempt: number });
            self.start_body(no, op, false, now);
        }
        if number > 1 {
            // Where it is cut off, its row says that it was under way, and did not wait for its time any more.
            self.keep_attempt(no, op, monotonic);
        }
    }

    /// It could begin and has to wait for others.
    pub(super) fn queue(&mut self, no: RunNo, op: OpId, waits_for: String) {
        let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        if let Some(queued) = &mut attempt.queued {
            queued.waits_for = waits_for;
        } else {
            attempt.queued = Some(Queued { waits_for, ticket: self.slots.ticket() });
            self.keep_attempt(no, op, self.clock.monotonic());
        }
    }

    /// What is known of a command's attempts goes into its pending row with the next lazy records.
    pub(super) fn keep_attempt(&mut self, no: RunNo, op: OpId, monotonic: Duration) {
        let Some(run) = self.runs.get_mut(no) else { return };
        if run.open.contains_key(&op) {
            run.lazy.pending.insert(op);
            run.lazy.touch(monotonic);
        }
    }

    /// The result of a job. One that nobody waits for any more is ignored.
    pub(super) fn job_done(&mut self, done: JobDone) {
        let (no, op) = (done.key.run, done.key.op);
        if op == OpId::NOTICE {
            self.noticed(no, &done.result);
            return;
        }
        let Some(run) = self.runs.get_mut(no) else { return };
        if run.dying.remove(&done.key).is_some() {
            run.give_back(self.clock.monotonic());
        }
        let Some(attempt) = run.attempts.get_mut(&op).filter(|attempt| attempt.job() == Some(done.key))
        else {
            return;
        };
        let mut stopped = None;
        let is_direct = match &attempt.state {
            State::Body(_) => true,
            State::Stopping { is_direct, .. } => *is_direct,
            State::Waits(_) | State::Intends | State::Job(_) => false,
        };
        if matches!(attempt.state, State::Stopping { .. })
            && let State::Stopping { verdict, .. } =
                std::mem::replace(&mut attempt.state, State::Waits(Moment::MAX))
        {
            stopped = Some(*verdict);
        }
        match (stopped, done.result, is_direct) {
            // It was done before it could be stopped.
            (Some(_) | None, Ok(done), false) => {
                self.verdict(no, op, Verdict::Completed(done.value));
            }
            (Some(verdict), _, _) => self.verdict(no, op, verdict),
            (None, Ok(done), true) => self.answer_body(no, op, Ok(done.value)),
            (None, Err(failed), true) => self.refuse_body(no, op, failed),
            (None, Err(failed), false) => self.verdict(no, op, Verdict::Failed(failed)),
        }
    }

    /// What an attempt came to: an outcome, another attempt, or a stuck run.
    pub(super) fn verdict(&mut self, no: RunNo, op: OpId, verdict: Verdict) {
        let now = self.clock.now();
        let Some(verdict) = self.poll_again(no, op, verdict, now) else { return };
        let Some(run) = self.runs.get_mut(no) else { return };
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        attempt.timeout = None;
        attempt.slot = None;
        attempt.queued = None;
        attempt.seeks = None;
        // Its job is over, or was never begun.
        attempt.state = State::Waits(Moment::MAX);
        match verdict {
            Verdict::Completed(value) => run.arrived(op, now, Ok(value)),
            Verdict::Served(value) => run.served(op, now, value),
            Verdict::Missed(failure) => run.arrived(op, now, Err(failure)),
            Verdict::Failed(failed) => self.failed(no, op, &failed),
            Verdict::Fault(mut stuck) => {
                stuck.line = stuck.line.or_else(|| run.open.get(&op).and_then(|command| command.line));
                let monotonic = self.clock.monotonic();
                run.run = None;
                run.lazy.status(StoredStatus::Stuck((*stuck).clone()));
                run.lazy.hurry(monotonic);
                run.phase = Phase::Stuck(stuck);
            }
        }
    }

    /// An attempt failed: there is another, or its failure is the outcome.
    fn failed(&mut self, no: RunNo, op: OpId, failed: &Failed) {
        let now = self.clock.now();
        let chance = self.next_chance();
        let Some(run) = self.runs.get_mut(no) else { return };
        let Some(Work::Effect { options, probe, .. }) = run.open.get(&op).map(|command| &command.work) else {
            return;
        };
        let (policy, deadline): (&RetryPolicy, _) = (&options.retry, options.deadline);
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        attempt.failures += 1;
        attempt.failing_since.get_or_insert(now);
        attempt.last_failure = Some(failed.failure.clone());
        // With a probe nothing is done again before it was looked whether it has happened; without one the script asked
        // for another attempt after a failure that is known.
        attempt.intent = match attempt.intent {
            Intent::Begun | Intent::Unknown if probe.is_some() => Intent::Unknown,
            Intent::Begun | Intent::Unknown | Intent::None => Intent::None,
        };
        let (number, attempts) = (attempt.failures, policy.attempts);
        let next_try = match decide(policy, number, failed, chance) {
            Decision::TryAgain { in_ms } => Some(now.plus_ms(in_ms)),
            Decision::GiveUp => None,
        };
        let is_too_late = next_try.is_some_and(|at| deadline.is_some_and(|deadline| at >= deadline));
        let next_try = next_try.filter(|_| !is_too_late);
        let failure = failed.failure.clone();
        self.tell(no, Progress::AttemptFailed { op, attempt: number, failure, next_try, attempts });
        match next_try {
            Some(at) => self.try_again(no, op, at, now),
            None if is_too_late => self.missed(no, op),
            None => {
                if let Some(run) = self.runs.get_mut(no) {
                    run.arrived(op, now, Err(failed.failure.clone()));
                }
            }
        }
    }

    pub(super) fn try_again(&mut self, no: RunNo, op: OpId, at: Moment, now: Moment) {
        let monotonic = self.clock.monotonic();
        let Some(run) = self.runs.get_mut(no) else { return };
        if let Some(attempt) = run.attempts.get_mut(&op) {
            attempt.state = State::Waits(at);
        }
        self.keep_attempt(no, op, monotonic);
        if at.since_ms(now) > URGENT_WAIT_MS
            && let Some(run) = self.runs.get_mut(no)
        {
            run.lazy.hurry(monotonic);
        }
        self.leave_if_stuck(no);
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

/// The input with commands at the end of what its program reads. They are aimed at the store as it is meant now, whatever is recorded.
fn with_commands(input: &Value, commands: &[String], aim: &str) -> Value {
    let mut input = input.clone();
    if let Value::Map(fields) = &mut input
        && let Some(Value::Text(text)) = fields.get_mut("stdin")
    {
        text.extend(commands.iter().map(|command| format!("  durun{aim} {command}\n")));
    }
    input
}

/// The failure of an at-most-once effect that a crash cut off.
fn unknown_outcome(label: &CommandLabel) -> Failure {
    let message = format!(
        "{label} had begun when its process ended, and is to be done at most once: whether it happened is not known"
    );
    Failure::new(kind::UNKNOWN_OUTCOME, message).with("name", label.name.as_str())
}

/// A mistake in a body.
pub(super) fn fault(message: String) -> Stuck {
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
