//! Outcomes: the end of an effect becomes a fact that waits to be recorded; what it wrote becomes log lines.

use super::advance::log_line;
use super::attempt::Intent;
use super::effects::JobKey;
use super::executing::{Arrival, Executing};
use super::progress::Progress;
use super::slots::Slot;
use super::worker::Worker;
use crate::activity::LastLine;
use crate::history::{
    ActivityCompleted, ActivityFailed, Fact, Failure, HowFar, LooseEnds, Moment, OpId, RunNo, Seq, Value,
    kind,
};
use crate::run::{Run, Work};
use crate::script::Said;
use crate::store::{LogKey, LogLevel, LogLine, LogStream};

/// Lines of attempts are numbered from here, so that they never take a number of the script's own lines.
const ATTEMPT_LINES: u32 = 1 << 31;

impl Executing {
    /// The key of the next log line.
    pub(super) fn log_key(&mut self) -> LogKey {
        let key = LogKey { seq: Seq(self.next_seq.0.saturating_sub(1)), line: self.log_lines };
        self.log_lines += 1;
        key
    }

    /// Nobody waits for a command any more, whatever came of it; gives the job of it that is to be stopped, and its slot.
    pub(super) fn settle(&mut self, op: OpId) -> Option<(JobKey, Option<Slot>)> {
        self.release_once(op);
        let is_in_doubt = self.is_in_doubt(op);
        let doubt = self.open.remove(&op).filter(|_| is_in_doubt).and_then(|command| command.in_doubt());
        self.in_doubt.get_or_insert_default().extend(doubt);
        self.outcomes.retain(|arrival| arrival.op != op);
        self.lazy.settle(op);
        let mut attempt = self.attempts.remove(&op)?;
        attempt.job().map(|job| (job, attempt.slot.take()))
    }

    /// Whether an effect without a recorded outcome may have happened: it is under way, was when its process ended, or is done.
    fn is_in_doubt(&self, op: OpId) -> bool {
        let is_done =
            |arrival: &Arrival| arrival.op == op && matches!(arrival.fact, Fact::ActivityCompleted(_));
        let attempt = self.attempts.get(&op);
        attempt.is_some_and(|attempt| attempt.is_under_way() || attempt.intent == Intent::Unknown)
            || self.outcomes.iter().any(is_done)
    }

    /// An effect ended for good.
    pub(super) fn arrived(&mut self, op: OpId, ended_at: Moment, result: Result<Value, Failure>) {
        let attempts = self.attempts.remove(&op).map_or(0, |attempt| attempt.failures);
        let Some(command) = self.open.get(&op) else { return };
        let input = match &command.work {
            Work::Effect { input, .. } => input.clone(),
            Work::Dispatch(_) => command.shown.clone(),
            Work::Timer { .. } | Work::Lock { .. } | Work::Wait => Value::Null,
        };
        let (label, scheduled_at) = (command.label.clone(), command.scheduled_at);
        let fact = match result {
            Ok(result) => Fact::ActivityCompleted(Box::new(ActivityCompleted {
                op,
                label,
                input,
                result,
                attempts: attempts + 1,
                scheduled_at,
                ended_at,
            })),
            Err(failure) => {
                let failure = for_script(failure, &label.name, attempts);
                Fact::ActivityFailed(Box::new(ActivityFailed {
                    op,
                    label,
                    input,
                    failure,
                    attempts,
                    scheduled_at,
                    ended_at,
                }))
            }
        };
        self.outcomes.push(Arrival { op, ended_at, fact });
    }

    /// A command has the result that another call had under its key.
    pub(super) fn served(&mut self, op: OpId, ended_at: Moment, result: Value) {
        self.arrived(op, ended_at, Ok(result));
        if let Some(Fact::ActivityCompleted(done)) = self.outcomes.last_mut().map(|arrival| &mut arrival.fact)
        {
            done.attempts = 0;
        }
    }

    /// What it leaves behind at its end that its history does not tell.
    pub(super) fn loose_ends(&self) -> LooseEnds {
        let unjoined = self.run.as_ref().map_or(0, Run::left_unjoined);
        let mut loose = LooseEnds { unjoined, ..LooseEnds::default() };
        self.in_doubt.iter().flatten().cloned().for_each(|effect| loose.doubt(effect));
        loose.untaken(self.run.iter().flat_map(Run::untaken));
        loose
    }
}

impl Worker {
    /// What a body logged.
    pub(super) fn keep_lines(&mut self, no: RunNo, op: OpId, said: Vec<Said>, told: Option<HowFar>) {
        for said in said {
            let line = LogLine { op: Some(op), ..log_line(&said, self.clock.now()) };
            self.keep_line(no, line);
        }
        if let Some(told) = told {
            self.tell(no, Progress::ScriptProgress(told));
        }
    }

    /// A process of an attempt has begun to write.
    pub(super) fn writes(&mut self, key: JobKey, last: LastLine) {
        if self.runs.get(key.run).is_some_and(|run| run.attempts.contains_key(&key.op)) {
            self.tell(key.run, Progress::Writes { op: key.op, last });
        }
    }

    /// The end of what a process of an attempt wrote.
    pub(super) fn wrote(&mut self, key: JobKey, attempt: u32, stream: LogStream, end: &str) {
        let line = LogLine {
            at: self.clock.now(),
            level: LogLevel::Info,
            text: end.trim_end().to_owned(),
            fields: Value::Null,
            op: Some(key.op),
            wrote: Some((attempt, stream)),
        };
        self.keep_line(key.run, line);
    }

    pub(super) fn keep_line(&mut self, no: RunNo, line: LogLine) {
        let monotonic = self.clock.monotonic();
        if let Some(run) = self.runs.get_mut(no) {
            let seq = Seq(run.next_seq.0.saturating_sub(1));
            run.attempt_lines = run.attempt_lines.max(ATTEMPT_LINES) + 1;
            run.lazy.logs.push((LogKey { seq, line: run.attempt_lines }, line.clone()));
            run.lazy.touch(monotonic);
        }
        self.tell(no, Progress::Log(line));
    }
}

/// The failure as the script catches it: what a body threw under its own kind is an activity's failure with a cause.
fn for_script(failure: Failure, name: &str, attempts: u32) -> Failure {
    const OWN: [&str; 8] = [
        kind::ACTIVITY,
        kind::EXEC,
        kind::HTTP,
        kind::FILE,
        kind::TIMEOUT,
        kind::CANCELLED,
        kind::UNKNOWN_OUTCOME,
        kind::SECRET_MISSING,
    ];
    let attempts = Value::from(attempts);
    if OWN.contains(&failure.kind.as_str()) {
        let mut failure = failure.with("attempts", attempts);
        failure.data.entry("name".to_owned()).or_insert_with(|| name.into());
        return failure;
    }
    let cause = failure.to_value();
    let kind_of_cause = failure.data.get("type").cloned().unwrap_or_else(|| failure.kind.as_str().into());
    Failure { raised: failure.raised, ..Failure::new(kind::ACTIVITY, failure.message) }
        .with("name", name)
        .with("type", kind_of_cause)
        .with("attempts", attempts)
        .with("cause", cause)
}
