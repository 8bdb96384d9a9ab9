//! The trail of a run: from which of its entries it could go on, should it fail now.

use super::run::{Owner, Run};
use crate::history::{CancelCause, CommandKind, CommandLabel, Fact, OpId, RunEnd, Seq};

/// What of the entries delivered so far says how the run could go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// How many there were.
    delivered: u32,
    /// The last failed step.
    failed: Option<Seq>,
    /// The end of the run's own time.
    timed_out: Option<Seq>,
    /// Whether something was done after the last failed step, or after that end.
    since: bool,
    /// The entry of the last step.
    last: Option<Seq>,
    /// What that was: of an answer the choice, of a child run its id.
    step: CommandLabel,
    /// Whether it was a wait of which the time was over.
    ran_out: bool,
    /// Whether it waited, or was told something.
    waited: bool,
    /// What was under way when the run's own time was over.
    cut_off: Option<CommandLabel>,
}

/// How a run that has ended can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Onward {
    /// At the failed step, or with what was under way when its time was over.
    Retry,
    /// Behind this entry: that is before its last step.
    Behind(Seq),
    /// There is no place to name.
    Nowhere,
}

impl Default for Trail {
    fn default() -> Self {
        let step = CommandLabel { kind: CommandKind::Step, name: String::new() };
        Self {
            delivered: 0,
            failed: None,
            timed_out: None,
            since: false,
            last: None,
            step,
            ran_out: false,
            waited: false,
            cut_off: None,
        }
    }
}

impl Trail {
    /// The entry of the last step, and what it was: an answer, the end of a child, a question or wait of which the time was over are
    /// such, too. Not of what came of a failure. The first entry alone where it has only waited.
    pub fn last_step(&self) -> Option<(Seq, Option<String>)> {
        let CommandLabel { kind, name } = &self.step;
        let what = if self.ran_out {
            format!("{}, of which the time was over", self.step)
        } else if *kind == CommandKind::Ask {
            format!("the answer \"{name}\"")
        } else if *kind == CommandKind::Child {
            format!("child run {name}")
        } else {
            self.step.to_string()
        };
        let beginning = self.waited.then_some((Seq(0), None));
        self.last.map(|seq| (seq, Some(what))).or(beginning)
    }

    /// What was under way when the run's own time was over, the first of several.
    pub fn cut_off(&self) -> Option<&CommandLabel> {
        self.cut_off.as_ref()
    }

    /// How the run goes on behind an end.
    pub fn onward(&self, end: &RunEnd) -> Onward {
        let before = |seq: Seq| Onward::Behind(Seq(seq.0.saturating_sub(1)));
        match end {
            RunEnd::Failed { failure } => match (self.failed, self.last) {
                (Some(_), _) if !self.since => Onward::Retry,
                (Some(failed), _) if failure.data.contains_key("name") => before(failed),
                (_, Some(last)) => before(last),
                (_, None) if self.waited => Onward::Behind(Seq(0)),
                (_, None) => Onward::Nowhere,
            },
            RunEnd::TimedOut { .. } => match self.timed_out {
                Some(at) if self.since => before(at),
                Some(_) => Onward::Retry,
                None => Onward::Nowhere,
            },
            RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. } => {
                Onward::Nowhere
            }
        }
    }

    /// Takes note of an entry. `handler` is the first command of what handles a failure.
    fn note(&mut self, fact: &Fact, handler: Option<OpId>) {
        let seq = Seq(self.delivered);
        self.delivered = self.delivered.saturating_add(1);
        let (op, kind, name) = match fact {
            Fact::ActivityCompleted(done) => (done.op, done.label.kind, done.label.name.as_str()),
            Fact::ActivityFailed(failed) => (failed.op, failed.label.kind, failed.label.name.as_str()),
            Fact::QuestionAnswered(answered) => {
                (answered.question, CommandKind::Ask, answered.choice.choice.as_str())
            }
            Fact::ChildEnded(ended) => (ended.op, CommandKind::Child, ended.child.as_str()),
            // It is asked, or waited for, anew.
            Fact::TimerFired(fired) if is_wait(fired.label.kind) => {
                (fired.op, fired.label.kind, fired.label.name.as_str())
            }
            Fact::CancelRequested(request) => {
                if request.cause == CancelCause::Timeout {
                    (self.timed_out, self.since) = (Some(seq), false);
                }
                return;
            }
            Fact::TimerFired(_)
            | Fact::SignalReceived(_)
            | Fact::TokenResolved(_)
            | Fact::LockGranted(_)
            | Fact::UpdateAccepted(_)
            | Fact::UpdateCompleted(_) => {
                self.waited = true;
                return;
            }
            Fact::RunBegan { .. } | Fact::RunEnded(_) | Fact::RunRestarted(_) | Fact::Unknown { .. } => {
                return;
            }
        };
        if handler.is_some_and(|first| op >= first) {
            return;
        }
        if matches!(fact, Fact::ActivityFailed(_)) && self.timed_out.is_none() {
            (self.failed, self.since) = (Some(seq), false);
        } else {
            self.since |= fact.effect_kind().is_some();
        }
        self.last = Some(seq);
        self.ran_out = matches!(fact, Fact::TimerFired(_));
        // Of each entry: the room that it takes is used again.
        self.step.kind = kind;
        self.step.name.clear();
        self.step.name.push_str(name);
    }
}

/// Whether that waits for somebody, or for another run; what sleeps has waited for its time.
fn is_wait(kind: CommandKind) -> bool {
    match kind {
        CommandKind::Ask
        | CommandKind::WaitSignal
        | CommandKind::WaitToken
        | CommandKind::WaitUntil
        | CommandKind::WithLock
        | CommandKind::Child => true,
        CommandKind::Activity
        | CommandKind::Step
        | CommandKind::Exec
        | CommandKind::Sh
        | CommandKind::Http
        | CommandKind::ReadFile
        | CommandKind::WriteFile
        | CommandKind::Glob
        | CommandKind::Env
        | CommandKind::Poll
        | CommandKind::Sleep
        | CommandKind::SignalRun
        | CommandKind::StartChild
        | CommandKind::CancelChild
        | CommandKind::Queue
        | CommandKind::Remind
        | CommandKind::RunTimeout
        | CommandKind::Grace => false,
    }
}

impl Run {
    /// What of its entries says how it could go on, should it fail now.
    pub fn trail(&self) -> Trail {
        let mut trail = self.trail.clone();
        // What was taken back is no place to go on from: it would count as done.
        if self.has_undone() {
            (trail.last, trail.waited) = (None, false);
        }
        trail
    }

    pub(super) fn note_entry(&mut self, fact: &Fact) {
        if matches!(fact, Fact::CancelRequested(request) if request.cause == CancelCause::Timeout) {
            let mut open = self.open.values().filter(|open| !matches!(open.owner, Owner::Nobody));
            self.trail.cut_off = open.next().map(|open| open.label.clone());
        }
        let handler = self.on_failure_op();
        self.trail.note(fact, handler);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{
        ActivityCompleted, ActivityFailed, CancelRequested, Failure, MessageId, MessageNo, Moment,
        TimerFired, Value,
    };

    fn label() -> CommandLabel {
        CommandLabel { kind: CommandKind::Exec, name: "a".to_owned() }
    }

    fn done(op: u32) -> Fact {
        Fact::ActivityCompleted(Box::new(ActivityCompleted {
            op: OpId(op),
            label: label(),
            input: Value::Null,
            result: Value::Null,
            attempts: 1,
            scheduled_at: Moment(0),
            ended_at: Moment(0),
        }))
    }

    fn failed(op: u32) -> Fact {
        Fact::ActivityFailed(Box::new(ActivityFailed {
            op: OpId(op),
            label: label(),
            input: Value::Null,
            failure: Failure::new("exec", "no"),
            attempts: 1,
            scheduled_at: Moment(0),
            ended_at: Moment(0),
        }))
    }

    fn timed_out() -> Fact {
        Fact::CancelRequested(Box::new(CancelRequested {
            message_no: MessageNo(0),
            message_id: MessageId::default(),
            cause: CancelCause::Timeout,
            reason: String::new(),
            accepted_at: Moment(0),
        }))
    }

    fn trail(facts: &[Fact], handler: Option<u32>) -> Trail {
        let mut trail = Trail::default();
        trail.note(&Fact::RunBegan { seed: 1 }, None);
        for fact in facts {
            trail.note(fact, handler.map(OpId));
        }
        trail
    }

    #[test]
    fn a_run_goes_on_at_its_failed_step_or_before_what_came_last() {
        let by_step = RunEnd::Failed { failure: Failure::new("exec", "no").with("name", "a") };
        let by_itself = RunEnd::Failed { failure: Failure::new("failure", "no") };
        let behind = |seq| Onward::Behind(Seq(seq));
        for (facts, handler, step, itself) in [
            (vec![done(0), failed(1)], None, Onward::Retry, Onward::Retry),
            (vec![done(0), failed(1), done(2)], Some(2), Onward::Retry, Onward::Retry),
            (vec![done(0), failed(1), done(2)], None, behind(1), behind(2)),
            (vec![done(0), done(1)], None, behind(1), behind(1)),
            (vec![], None, Onward::Nowhere, Onward::Nowhere),
        ] {
            let trail = trail(&facts, handler);
            assert_eq!((trail.onward(&by_step), trail.onward(&by_itself)), (step, itself), "{trail:?}");
        }
        let step = |seq, what: &str| Some((Seq(seq), Some(what.to_owned())));
        let last = trail(&[done(0), done(1)], None);
        assert_eq!(last.last_step(), step(2, "exec \"a\""));
        let over = |kind| {
            let label = CommandLabel { kind, name: "Go?".to_owned() };
            Fact::TimerFired(TimerFired { op: OpId(1), label, due: Moment(0) })
        };
        let last = trail(&[done(0), over(CommandKind::Ask)], None);
        assert_eq!(last.last_step(), step(2, "ask \"Go?\", of which the time was over"));
        assert_eq!(last.onward(&by_itself), behind(1));
        let last = trail(&[done(0), over(CommandKind::Sleep)], None);
        assert_eq!(last.last_step(), step(1, "exec \"a\""), "a sleep has no outcome to ask for again");
        let last = trail(&[done(0), over(CommandKind::WithLock)], None);
        assert_eq!(last.last_step(), step(2, "with_lock \"Go?\", of which the time was over"));
        let last = trail(&[over(CommandKind::Sleep)], None);
        assert_eq!((last.last_step(), last.onward(&by_itself)), (Some((Seq(0), None)), behind(0)));
    }

    #[test]
    fn a_run_whose_time_was_over_goes_on_with_what_was_under_way() {
        let end = RunEnd::TimedOut { reason: String::new() };
        let onward = |facts: &[Fact]| trail(facts, None).onward(&end);
        assert_eq!(onward(&[done(0), timed_out()]), Onward::Retry);
        assert_eq!(onward(&[done(0), timed_out(), failed(1)]), Onward::Behind(Seq(1)));
        assert_eq!(onward(&[done(0)]), Onward::Nowhere);
        assert_eq!(
            trail(&[done(0)], None).onward(&RunEnd::Completed { result: Value::Null }),
            Onward::Nowhere
        );
    }
}
