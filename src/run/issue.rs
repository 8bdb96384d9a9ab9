//! Commands as they are issued: each gets its number, and either an answer at once or an open place.

use super::command::{Command, Work};
use super::run::{Open, Run, StrandNo, Wait};
use crate::history::{CommandKind, CommandLabel, Failure, OpId, Value, kind};
use crate::script::{Ask, Asked, Reply, Until};

impl Run {
    /// Numbers what a strand asks; gives the answer where it is known at once.
    pub(super) fn issue(&mut self, strand: StrandNo, asked: Asked) -> Option<Reply> {
        let Asked { ask, line } = asked;
        if let Some(cancel) = self.cancel.as_ref().filter(|_| self.grace_over) {
            return Some(Err(cancel.clone()));
        }
        let op = self.number();
        match ask {
            Ask::Effect(effect) => {
                let effect = *effect;
                let work = Work::Effect {
                    input: effect.input,
                    options: effect.options,
                    body: effect.body,
                    probe: effect.probe,
                };
                self.block(op, effect.label, line, strand, Wait::Effect, work);
                None
            }
            Ask::Sleep(until) => {
                let due = match until {
                    Until::After(ms) => self.now().plus_ms(ms),
                    Until::At(at) => at,
                };
                self.block(op, label(CommandKind::Sleep, ""), line, strand, Wait::Timer, Work::Timer { due });
                None
            }
            Ask::WaitSignal { names, listed, timeout_ms, otherwise } => {
                if let Some(signal) = self.world.state.borrow_mut().mailbox.take(&names) {
                    return Some(Ok(answer(listed, signal.name, signal.payload)));
                }
                let work = self.wait_work(timeout_ms);
                let label = label(CommandKind::WaitSignal, &names.join(", "));
                self.block(op, label, line, strand, Wait::Signal { names, listed, otherwise }, work);
                None
            }
            Ask::WaitUntil { predicate, timeout_ms } => {
                let work = self.wait_work(timeout_ms);
                let wait = Wait::Until { predicate, timed_out: false };
                // Tested at once, before any other strand runs: true needs no entry and no timer.
                match self.test(&wait) {
                    Ok(false) => {}
                    Ok(true) => return Some(Ok(Value::Bool(true))),
                    Err(failure) => return Some(Err(failure)),
                }
                self.block(op, label(CommandKind::WaitUntil, ""), line, strand, wait, work);
                None
            }
            Ask::WaitToken { token, timeout_ms, otherwise } => {
                self.wait_token(strand, op, line, token, timeout_ms, otherwise)
            }
            Ask::Question(question) => {
                self.ask_person(strand, op, line, question);
                None
            }
            Ask::Direct(_) => Some(Err(Failure::new(kind::FAULT, "a direct call outside an activity"))),
        }
    }

    /// The number of the next command.
    pub(super) fn number(&mut self) -> OpId {
        let op = self.next_op;
        self.next_op = op.next();
        op
    }

    pub(super) fn wait_work(&self, timeout_ms: Option<i64>) -> Work {
        timeout_ms.map_or(Work::Wait, |ms| Work::Timer { due: self.now().plus_ms(ms) })
    }

    pub(super) fn block(
        &mut self,
        op: OpId,
        label: CommandLabel,
        line: Option<u32>,
        strand: StrandNo,
        wait: Wait,
        work: Work,
    ) {
        if let Some(slot) = self.strands.get_mut(&strand) {
            slot.blocked_in = Some(op);
        }
        self.command(op, label.clone(), line, work);
        self.open.insert(op, Open { label, line, strand, wait });
    }

    /// Hands out a command.
    pub(super) fn command(&self, op: OpId, label: CommandLabel, line: Option<u32>, work: Work) {
        let (scheduled_at, shown) = (self.now(), Value::Null);
        let command = Command { op, label, line, scheduled_at, shown, work };
        self.world.state.borrow_mut().stretch.commands.push(command);
    }

    /// Says what the command handed out last shows.
    pub(super) fn show(&self, shown: Value) {
        if let Some(command) = self.world.state.borrow_mut().stretch.commands.last_mut() {
            command.shown = shown;
        }
    }
}

/// A label.
pub(super) fn label(kind: CommandKind, name: &str) -> CommandLabel {
    CommandLabel { kind, name: name.to_owned() }
}

/// What `wait_signal` gives: the payload, `true` where none was sent; for a list with the name beside it.
pub(super) fn answer(listed: bool, name: String, payload: Value) -> Value {
    if listed {
        return Value::from([("name", Value::Text(name)), ("data", payload)]);
    }
    if payload == Value::Null { Value::Bool(true) } else { payload }
}
