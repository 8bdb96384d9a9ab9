//! Attempts: an effect is tried, fails, waits and is tried again, until it gives a value or fails for good.

use super::attempt::{Attempt, Intent, Queued, State, Verdict};
use super::effects::{Job, JobDone, JobKey};
use super::executing::Phase;
use super::progress::Progress;
use super::slots::Quota;
use super::worker::Worker;
use crate::activity::{Decision, Failed, decide, idempotency_key};
use crate::history::{
    CommandLabel, EffectOptions, Failure, Moment, OpId, RetryPolicy, RunNo, StoredStatus, Stuck, Value, kind,
};
use crate::run::Work;
use crate::script::Body;
use std::sync::Arc;
use std::time::Duration;

/// The wait above which the count of failures and the next try are written at once.
const URGENT_WAIT_MS: i64 = 50;

/// What an attempt that is about to begin needs to know.
struct Begin {
    label: CommandLabel,
    input: Value,
    options: EffectOptions,
    body: Option<Body>,
    probe: Option<Body>,
    key: String,
}

impl Worker {
    /// Starts the attempts whose time has come, goes on with bodies, ends what took too long. False where nothing could be done.
    pub(super) fn advance_attempts(&mut self) -> bool {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let ask_again = self.slots.take_freed() || self.ask_slots_at.is_some_and(|at| at <= monotonic);
        let mut due = Vec::new();
        let mut ready = Vec::new();
        for run in self.runs.values() {
            let may_begin = !self.finishing
                && matches!(run.phase, Phase::Blocked | Phase::Sliced)
                && run.dying.is_empty();
            for (op, attempt) in &run.attempts {
                match &attempt.state {
                    // Also while the script computes: what it asked for before is on disk.
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
        if self.finishing || self.runs.get(&no).is_some_and(|run| !run.dying.is_empty()) {
            return;
        }
        let Some(begin) = self.begin_of(no, op) else { return };
        let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        if !attempt.is_due(now) {
            return;
        }
        if begin.options.deadline.is_some_and(|deadline| deadline <= now) {
            self.missed(no, op);
            return;
        }
        if attempt.intent == Intent::Unknown && begin.probe.is_none() {
            self.verdict(no, op, Verdict::Missed(unknown_outcome(&begin.label)));
            return;
        }
        // A call that is served takes no slot and nothing of a rate.
        if let Some(once) = &begin.options.once
            && !attempt.holds_once
            && !self.take_once(no, op, once)
        {
            return;
        }
        if !self.take_slot(no, op, &begin, monotonic) {
            return;
        }
        self.leave_queue(no, op);
        let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        attempt.alive = monotonic;
        if attempt.intent == Intent::Unknown
            && let Some(probe) = &begin.probe
        {
            self.start_body(no, op, probe, begin.key, true);
        } else if begin.options.at_most_once && attempt.intent == Intent::None {
            self.intend(no, op);
        } else {
            self.launch(no, op, begin);
        }
    }

    /// Whether an attempt has its slot; where not, it queues.
    fn take_slot(&mut self, no: RunNo, op: OpId, begin: &Begin, monotonic: Duration) -> bool {
        let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op)) else {
            return false;
        };
        if attempt.slot.is_some() {
            return true;
        }
        let quota = Quota { max_concurrent: begin.options.max_concurrent, rate: begin.options.rate };
        match self.slots.take(&begin.label, quota, monotonic) {
            Ok(slot) => {
                attempt.slot = Some(slot);
                true
            }
            Err(refused) => {
                if let Some(until) = refused.until {
                    self.ask_slots_at = Some(self.ask_slots_at.map_or(until, |at| at.min(until)));
                }
                self.queue(no, op, refused.waits_for);
                false
            }
        }
    }

    /// The intent of an at-most-once attempt is on disk: now its effect may begin.
    pub(super) fn intended(&mut self, no: RunNo, op: OpId) {
        let is_intended = |attempt: &Attempt| matches!(attempt.state, State::Intends);
        if !self.runs.get(&no).and_then(|run| run.attempts.get(&op)).is_some_and(is_intended) {
            return;
        }
        if let Some(begin) = self.begin_of(no, op) {
            self.launch(no, op, begin);
        }
    }

    fn begin_of(&self, no: RunNo, op: OpId) -> Option<Begin> {
        let run = self.runs.get(&no)?;
        let command = run.open.get(&op)?;
        let Work::Effect { input, options, body, probe } = &command.work else { return None };
        let own_key = options.key.clone().or_else(|| options.once.clone());
        let key = own_key.unwrap_or_else(|| {
            idempotency_key(&run.store_id, no, run.generation_of(op), op, &command.label.name, input)
        });
        Some(Begin {
            label: command.label.clone(),
            input: input.clone(),
            options: options.clone(),
            body: body.clone(),
            probe: probe.clone(),
            key,
        })
    }

    /// The effect begins.
    fn launch(&mut self, no: RunNo, op: OpId, begin: Begin) {
        let monotonic = self.clock.monotonic();
        let serial = self.next_serial();
        let Some(run) = self.runs.get_mut(&no) else { return };
        let secrets = run.secret_names();
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        let number = attempt.failures + 1;
        attempt.alive = monotonic;
        attempt.timeout = None;
        let timeout_ms = begin.options.timeout_ms;
        if let Some(body) = begin.body.filter(|_| !self.effects.does_itself(&begin.label)) {
            attempt.timeout =
                timeout_ms.map(|ms| monotonic + Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
            self.tell(no, Progress::AttemptStarted { op, attempt: number });
            self.start_body(no, op, &body, begin.key, false);
            return;
        }
        let key = JobKey { run: no, op, serial };
        attempt.state = State::Job(key);
        let job = Job {
            key,
            run_id: run.id.clone(),
            label: begin.label,
            input: begin.input,
            attempt: number,
            idempotency_key: begin.key,
            timeout_ms,
            last_heartbeat: attempt.heartbeat.clone(),
            start: run.start.clone(),
            config: Arc::clone(&run.config),
            secrets,
            functions: Arc::clone(&run.functions),
        };
        self.tell(no, Progress::AttemptStarted { op, attempt: number });
        self.effects.start(job);
    }

    /// It could begin and has to wait for others.
    pub(super) fn queue(&mut self, no: RunNo, op: OpId, waits_for: String) {
        let Some(attempt) = self.runs.get_mut(&no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        if let Some(queued) = &mut attempt.queued {
            queued.waits_for = waits_for;
        } else {
            attempt.queued = Some(Queued { waits_for, ticket: self.slots.ticket() });
            self.keep_attempt(no, op, self.clock.monotonic());
        }
    }

    fn leave_queue(&mut self, no: RunNo, op: OpId) {
        let Some(run) = self.runs.get_mut(&no) else { return };
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        if attempt.queued.take().is_some() {
            self.keep_attempt(no, op, self.clock.monotonic());
        }
    }

    /// What is known of a command's attempts goes into its pending row with the next lazy records.
    pub(super) fn keep_attempt(&mut self, no: RunNo, op: OpId, monotonic: Duration) {
        let Some(run) = self.runs.get_mut(&no) else { return };
        if let Some(row) = run.open.get(&op).map(|command| run.pending_row(command)) {
            run.lazy.pending.insert(op, row);
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
        let Some(run) = self.runs.get_mut(&no) else { return };
        run.dying.remove(&done.key);
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
            (None, Err(failed), true) => self.answer_body(no, op, Err(failed.failure)),
            (None, Err(failed), false) => self.verdict(no, op, Verdict::Failed(failed)),
        }
    }

    /// What an attempt came to: an outcome, another attempt, or a stuck run.
    pub(super) fn verdict(&mut self, no: RunNo, op: OpId, verdict: Verdict) {
        let Some(verdict) = self.poll_again(no, op, verdict) else { return };
        let now = self.clock.now();
        let Some(run) = self.runs.get_mut(&no) else { return };
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        attempt.timeout = None;
        attempt.slot = None;
        attempt.queued = None;
        attempt.seeks = None;
        // Its job is over, or was never begun.
        attempt.state = State::Waits(Moment::MAX);
        match verdict {
            Verdict::Completed(value) => self.arrived(no, op, now, Ok(value)),
            Verdict::Served(value) => self.served(no, op, now, value),
            Verdict::Missed(failure) => self.arrived(no, op, now, Err(failure)),
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
        let Some(run) = self.runs.get_mut(&no) else { return };
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
            None => self.arrived(no, op, now, Err(failed.failure.clone())),
        }
    }

    pub(super) fn try_again(&mut self, no: RunNo, op: OpId, at: Moment, now: Moment) {
        let monotonic = self.clock.monotonic();
        let Some(run) = self.runs.get_mut(&no) else { return };
        if let Some(attempt) = run.attempts.get_mut(&op) {
            attempt.state = State::Waits(at);
        }
        self.keep_attempt(no, op, monotonic);
        if at.since_ms(now) > URGENT_WAIT_MS
            && let Some(run) = self.runs.get_mut(&no)
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
