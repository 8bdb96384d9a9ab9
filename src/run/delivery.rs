//! Delivery: what each kind of entry does to a run.

use super::command::Work;
use super::issue::{answer, label};
use super::mailbox::Signal;
use super::nondeterminism;
use super::run::{Broken, GRACE_MS, Run, Wait};
use crate::history::{
    CancelCause, CancelRequested, CommandKind, CommandLabel, Entry, Fact, Failure, OpId, SignalReceived,
    TimerFired, Value, kind,
};
use crate::script::Reply;

impl Run {
    /// Takes an entry in: time moves, and strands become ready.
    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), Broken> {
        let began = self.next_strand > 0;
        let is_begin = matches!(entry.fact, Fact::RunBegan { .. });
        let file = &self.script.source().path;
        if began == is_begin {
            return Err(nondeterminism::out_of_place(entry.fact.word(), file).into());
        }
        // What was answered is recorded also where no strand is left.
        let is_answer = matches!(entry.fact, Fact::UpdateCompleted(_));
        if began && self.strands.is_empty() && !is_answer {
            return Err(nondeterminism::goes_on(entry.fact.word(), file).into());
        }
        {
            let mut state = self.world.state.borrow_mut();
            state.now = state.now.max(entry.at);
        }
        match &entry.fact {
            Fact::RunBegan { seed } => self.begin(*seed),
            Fact::ActivityCompleted(done) => self.outcome(done.op, &done.label, || Ok(done.result.clone())),
            Fact::ActivityFailed(failed) => {
                self.outcome(failed.op, &failed.label, || Err(failed.failure.clone()))
            }
            Fact::TimerFired(fired) => self.timer(fired),
            Fact::SignalReceived(signal) => {
                self.signal(signal);
                Ok(())
            }
            Fact::CancelRequested(request) => {
                self.cancel(request);
                Ok(())
            }
            Fact::TokenResolved(resolved) => {
                self.resolve(resolved);
                Ok(())
            }
            Fact::QuestionAnswered(answered) => {
                self.answer_question(answered);
                Ok(())
            }
            Fact::LockGranted(granted) => self.granted(granted),
            Fact::ChildEnded(ended) => self.child_ended(ended),
            Fact::UpdateAccepted(accepted) => self.accept_update(accepted),
            Fact::UpdateCompleted(completed) => self.update_completed(completed),
            Fact::RunEnded(_) | Fact::RunRestarted(_) => {
                Err(nondeterminism::out_of_place(entry.fact.word(), file).into())
            }
            Fact::Unknown { code, .. } => Err(nondeterminism::newer(*code, file).into()),
        }
    }

    fn begin(&mut self, seed: u64) -> Result<(), Broken> {
        {
            let mut state = self.world.state.borrow_mut();
            state.started_at = state.now;
            state.chance = super::chance::Chance::new(seed);
        }
        if let Some(ms) = self.charter.timeout_ms {
            let due = self.now().plus_ms(ms);
            self.command(
                OpId::RUN_TIMEOUT,
                label(CommandKind::RunTimeout, ""),
                Work::Timer { due, counted: false },
            );
        }
        self.begin_main()
    }

    fn outcome(
        &mut self,
        op: OpId,
        recorded: &CommandLabel,
        reply: impl FnOnce() -> Reply,
    ) -> Result<(), Broken> {
        if self.fits(op, recorded)? {
            if matches!(self.open.get(&op), Some(open) if matches!(open.wait, Wait::Notice { .. })) {
                self.noticed(&reply());
                self.forget(op);
            } else {
                let reply = reply();
                self.redeem_undo(op, &reply);
                self.end_command(op, reply);
            }
        } else {
            self.world.state.borrow_mut().stretch.dropped = Some(op);
        }
        Ok(())
    }

    /// Whether the recorded command is one that the script has asked and still waits for.
    pub(super) fn fits(&self, op: OpId, recorded: &CommandLabel) -> Result<bool, Broken> {
        let file = &self.script.source().path;
        match self.open.get(&op) {
            Some(open) if open.label == *recorded => Ok(true),
            Some(open) => Err(nondeterminism::differs(op, recorded, &open.label, file, open.line).into()),
            None if op < self.next_op => Ok(false),
            None => Err(nondeterminism::never_asked(op, recorded, file).into()),
        }
    }

    fn timer(&mut self, fired: &TimerFired) -> Result<(), Broken> {
        if fired.op == OpId::GRACE {
            self.grace_over = true;
            if let Some(cancel) = self.cancel.clone() {
                self.raise_everywhere(&cancel);
            }
            return Ok(());
        }
        if !self.fits(fired.op, &fired.label)? {
            self.world.state.borrow_mut().stretch.dropped = Some(fired.op);
            return Ok(());
        }
        let reply = match self.open.get_mut(&fired.op).map(|open| &mut open.wait) {
            // Its predicate is tested once more; where that is true, true it is.
            Some(Wait::Until { timed_out, .. }) => {
                *timed_out = true;
                return Ok(());
            }
            Some(Wait::Signal { otherwise, .. }) => Ok(std::mem::take(otherwise)),
            Some(Wait::Token { otherwise, .. }) => {
                otherwise.take().ok_or_else(|| late("the token was not resolved in time"))
            }
            Some(Wait::Question(question)) => {
                question.otherwise.take().ok_or_else(|| late(&format!("nobody answered: {}", question.text)))
            }
            Some(Wait::Lock) => Err(late(&format!("the lock \"{}\" was not free in time", fired.label.name))),
            Some(Wait::Reminder { question }) => {
                let question = *question;
                self.forget(fired.op);
                self.remind(question);
                return Ok(());
            }
            Some(Wait::Timer | Wait::Effect | Wait::Notice { .. } | Wait::Child { .. }) | None => {
                Ok(Value::Null)
            }
        };
        self.end_command(fired.op, reply);
        Ok(())
    }

    fn signal(&mut self, received: &SignalReceived) {
        let waiting = self.signal_waits.iter().find_map(|op| match &self.open.get(op)?.wait {
            Wait::Signal { names, listed, .. } if names.contains(&received.name) => Some((*op, *listed)),
            Wait::Signal { .. }
            | Wait::Effect
            | Wait::Timer
            | Wait::Until { .. }
            | Wait::Token { .. }
            | Wait::Lock
            | Wait::Child { .. }
            | Wait::Question(_)
            | Wait::Notice { .. }
            | Wait::Reminder { .. } => None,
        });
        let (name, payload) = (received.name.clone(), received.payload.clone());
        if let Some((op, listed)) = waiting {
            self.close(op, Ok(answer(listed, name, payload)));
        } else {
            let stamp = (received.message_no, received.message_id, received.accepted_at);
            self.world.state.borrow_mut().mailbox.accept(Signal { name, payload, stamp });
        }
    }

    fn cancel(&mut self, request: &CancelRequested) {
        let (cause, message) = match request.cause {
            CancelCause::Request if request.reason.is_empty() => {
                ("request", "the run was cancelled".to_owned())
            }
            CancelCause::Request => ("request", format!("the run was cancelled: {}", request.reason)),
            CancelCause::Undo => ("undo", "the run was terminated".to_owned()),
            CancelCause::Timeout => ("timeout", "the run exceeded its time-out".to_owned()),
        };
        let failure = Failure::new(kind::CANCELLED, message)
            .with("cause", cause)
            .with("reason", request.reason.as_str());
        let first = !std::mem::replace(&mut self.world.state.borrow_mut().cancelled, true);
        if request.cause == CancelCause::Undo {
            self.abandon(failure);
            return;
        }
        if first {
            let due = self.now().plus_ms(GRACE_MS);
            self.command(OpId::GRACE, label(CommandKind::Grace, ""), Work::Timer { due, counted: true });
        }
        self.raise_everywhere(&failure);
        self.cancel = Some(failure);
    }
}

fn late(message: &str) -> Failure {
    Failure::new(kind::TIMEOUT, message)
}
