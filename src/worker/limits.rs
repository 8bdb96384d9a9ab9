//! Limits of time: how long an attempt may take and be silent, until when a command must be done, when a person is told.

use super::attempt::{Attempt, State, Verdict};
use super::effects::JobKey;
use super::executing::{Executing, Phase};
use super::notices::Struggle;
use super::progress::Progress;
use super::worker::Worker;
use crate::activity::Failed;
use crate::history::{
    CommandKind, CommandLabel, EffectOptions, Fact, Failure, Moment, OpId, RunNo, Value, kind,
};
use crate::run::{Command, Work};
use crate::timer::{rfc3339, show_duration};
use std::time::Duration;

/// What is over.
enum Over {
    Timeout,
    Heartbeat,
    Deadline,
    Patience,
}

impl Worker {
    /// Ends what is over a limit, and tells what has struggled for long. False where there was nothing.
    pub(super) fn keep_limits(&mut self, now: Moment, monotonic: Duration) -> bool {
        let mut over = Vec::new();
        for run in self.runs.awake() {
            for (op, attempt, options) in run.with_options() {
                if let Some(what) = attempt.over(options, now, monotonic) {
                    over.push((run.no, op, what));
                }
            }
        }
        let any = !over.is_empty();
        for (no, op, what) in over {
            match what {
                Over::Timeout => self.time_out(no, op),
                Over::Heartbeat => self.silent(no, op),
                Over::Deadline => self.missed(no, op),
                Over::Patience => self.struggles(no, op),
            }
        }
        any
    }

    /// A job lives: its details are kept, on disk within a moment, for the next attempt.
    pub(super) fn heartbeat(&mut self, key: JobKey, details: Value) {
        let Some(run) = self.runs.get(key.run) else { return };
        if run.attempts.get(&key.op).is_some_and(|attempt| attempt.job() == Some(key)) {
            self.alive(key.run, key.op, details);
        }
    }

    /// The attempt under way lives, and this is how far it is.
    pub(super) fn alive(&mut self, no: RunNo, op: OpId, details: Value) {
        let monotonic = self.clock.monotonic();
        let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        attempt.alive = monotonic;
        if let State::Body(running) = &attempt.state {
            running.host.hear(details.clone());
        }
        attempt.heartbeat = Some(details.clone());
        self.keep_attempt(no, op, monotonic);
        self.tell(no, Progress::Heartbeat { op, details });
    }

    /// The deadline of a command has come, or comes before its next attempt could begin.
    pub(super) fn missed(&mut self, no: RunNo, op: OpId) {
        let Some((label, options)) = self.command_of(no, op) else { return };
        let Some(attempt) = self.runs.get(no).and_then(|run| run.attempts.get(&op)) else { return };
        let deadline = options.deadline.map(rfc3339).unwrap_or_default();
        let last = attempt.last_failure.as_ref();
        let because = last.map(|last| format!("; the last error: {}", last.message)).unwrap_or_default();
        // Of a poll, what its script calls timeout is the deadline of all its tries.
        let (limit, message) = if label.kind == CommandKind::Poll {
            ("timeout", format!("{label} had given nothing by its timeout, at {deadline}{because}"))
        } else {
            ("deadline", format!("could not be done by its deadline, {deadline}{because}"))
        };
        let mut failure = timed_out(&label, limit, message);
        if let Some(last) = last {
            failure = failure.with("cause", last.to_value());
        }
        self.stop_attempt(no, op, Verdict::Missed(failure));
    }

    fn time_out(&mut self, no: RunNo, op: OpId) {
        let Some((label, options)) = self.command_of(no, op) else { return };
        let limit = options.timeout_ms.map(show_duration).unwrap_or_default();
        let message = format!("the attempt took longer than its timeout of {limit}");
        let failure = timed_out(&label, "timeout", message);
        self.stop_attempt(no, op, Verdict::Failed(Failed::passing(failure)));
    }

    fn silent(&mut self, no: RunNo, op: OpId) {
        let Some((label, options)) = self.command_of(no, op) else { return };
        let limit = options.heartbeat_ms.map(show_duration).unwrap_or_default();
        let message = format!("the attempt gave no heartbeat for {limit}");
        let failure = timed_out(&label, "heartbeat", message);
        self.stop_attempt(no, op, Verdict::Failed(Failed::passing(failure)));
    }

    /// Stops what is under way. Its verdict counts when nothing of it is left, so that two attempts never run side by side.
    fn stop_attempt(&mut self, no: RunNo, op: OpId, verdict: Verdict) {
        let Some(attempt) = self.runs.get_mut(no).and_then(|run| run.attempts.get_mut(&op)) else { return };
        match attempt.job() {
            Some(key) => {
                let is_direct = matches!(attempt.state, State::Body(_));
                attempt.state = State::Stopping { key, is_direct, verdict: Box::new(verdict) };
                self.effects.stop(key);
            }
            None => self.verdict(no, op, verdict),
        }
    }

    /// A command has been failing for so long that a person is told, once.
    fn struggles(&mut self, no: RunNo, op: OpId) {
        let monotonic = self.clock.monotonic();
        let Some((label, _)) = self.command_of(no, op) else { return };
        let Some(run) = self.runs.get_mut(no) else { return };
        let line = run.open.get(&op).and_then(|command| command.line);
        let Some(attempt) = run.attempts.get_mut(&op) else { return };
        attempt.warned = true;
        let (failures, next_try) = (attempt.failures, attempt.next_try());
        let (since, failure) = (attempt.failing_since, attempt.last_failure.clone());
        self.keep_attempt(no, op, monotonic);
        if let Some(run) = self.runs.get_mut(no) {
            // At once, so that the next process does not tell it again.
            run.lazy.hurry(monotonic);
        }
        if let (Some(since), Some(failure)) = (since, failure) {
            let struggle = Struggle { label: &label, line, failures, since, failure: &failure };
            self.notify_of_struggle(no, op, &struggle);
            self.tell(no, Progress::Struggling { op, label, line, failures, since, failure, next_try });
        }
    }

    fn command_of(&self, no: RunNo, op: OpId) -> Option<(CommandLabel, EffectOptions)> {
        let command = self.runs.get(no)?.open.get(&op)?;
        match &command.work {
            Work::Effect { options, .. } => Some((command.label.clone(), (**options).clone())),
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => None,
        }
    }
}

impl Executing {
    /// The next instant of the wall clock at which a limit of its attempts is to be looked at.
    pub(super) fn next_limit(&self) -> Option<Moment> {
        self.with_options().filter_map(|(_, attempt, options)| attempt.next_limit(options)).min()
    }

    /// The same on the monotonic clock.
    pub(super) fn next_limit_monotonic(&self) -> Option<Duration> {
        self.with_options().filter_map(|(_, attempt, options)| attempt.next_limit_monotonic(options)).min()
    }

    /// The attempts that limits hold for. In a stuck run what is under way goes on; what waits, waits.
    fn with_options(&self) -> impl Iterator<Item = (OpId, &Attempt, &EffectOptions)> {
        let is_stuck = matches!(self.phase, Phase::Stuck(_));
        let kept = self.attempts.iter().filter(move |(_, attempt)| !is_stuck || attempt.is_under_way());
        kept.filter_map(|(op, attempt)| match &self.open.get(op)?.work {
            Work::Effect { options, .. } => Some((*op, &**attempt, &**options)),
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => None,
        })
    }
}

impl Attempt {
    fn over(&self, options: &EffectOptions, now: Moment, monotonic: Duration) -> Option<Over> {
        match &self.state {
            State::Stopping { .. } => return None,
            State::Waits(_) | State::Intends | State::Job(_) | State::Body(_) => {}
        }
        if options.deadline.is_some_and(|deadline| deadline <= now) {
            return Some(Over::Deadline);
        }
        if self.timeout.is_some_and(|timeout| timeout <= monotonic) {
            return Some(Over::Timeout);
        }
        if self.silence(options).is_some_and(|at| at <= monotonic) {
            return Some(Over::Heartbeat);
        }
        self.warns_at(options).is_some_and(|at| at <= now).then_some(Over::Patience)
    }

    /// When its silence becomes too long, on the monotonic clock.
    fn silence(&self, options: &EffectOptions) -> Option<Duration> {
        let limit = options.heartbeat_ms?;
        match self.state {
            State::Job(_) | State::Body(_) => {
                Some(self.alive + Duration::from_millis(u64::try_from(limit).unwrap_or(0)))
            }
            State::Waits(_) | State::Intends | State::Stopping { .. } => None,
        }
    }

    /// When a person is told that it keeps failing.
    fn warns_at(&self, options: &EffectOptions) -> Option<Moment> {
        self.failing_since.filter(|_| !self.warned).map(|since| since.plus_ms(options.warn_after_ms))
    }

    /// The next instant of the wall clock at which one of its limits is to be looked at.
    pub(super) fn next_limit(&self, options: &EffectOptions) -> Option<Moment> {
        match self.state {
            State::Stopping { .. } => None,
            State::Waits(_) | State::Intends | State::Job(_) | State::Body(_) => {
                options.deadline.into_iter().chain(self.warns_at(options)).min()
            }
        }
    }

    /// The same on the monotonic clock.
    pub(super) fn next_limit_monotonic(&self, options: &EffectOptions) -> Option<Duration> {
        match self.state {
            State::Stopping { .. } => None,
            State::Waits(_) | State::Intends | State::Job(_) | State::Body(_) => {
                self.timeout.into_iter().chain(self.silence(options)).min()
            }
        }
    }
}

impl Executing {
    /// A timer that has fired; that of the run's own time with what was under way.
    pub(super) fn fired(&self, op: OpId, label: &CommandLabel, due: Moment) -> Fact {
        let mut fact = Fact::of_timer(op, label, due);
        if let (Fact::CancelRequested(request), Some(under_way)) = (&mut fact, self.under_way()) {
            request.reason = format!("{} during {under_way}", request.reason);
        }
        fact
    }

    /// What the script waits for: the first of several, with its line and attempt.
    fn under_way(&self) -> Option<String> {
        let is_asked = |command: &Command| {
            !matches!(command.label.kind, CommandKind::RunTimeout | CommandKind::Grace | CommandKind::Remind)
        };
        let mut asked = self.open.iter().filter(|(_, command)| is_asked(command));
        let (op, command) = asked.next()?;
        let line = command.line.map(|line| format!("line {line}"));
        let attempt = self.attempts.get(op).map(|attempt| format!("attempt {}", attempt.failures + 1));
        let place: Vec<String> = [line, attempt].into_iter().flatten().collect();
        let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
        let more = match asked.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{}{place}{more}", command.label))
    }
}

/// A time-out that says which limit it was.
fn timed_out(label: &CommandLabel, limit: &str, message: String) -> Failure {
    Failure::new(kind::TIMEOUT, message).with("name", label.name.as_str()).with("limit", limit)
}
