//! Commands as they are issued: each gets its number, and either an answer at once or an open place.

use super::command::{Command, Work};
use super::run::{Broken, Open, Owner, Run, Wait, Wake};
use super::strands::{Blocked, Slot, StrandNo};
use crate::history::{CommandKind, CommandLabel, Failure, Moment, OpId, Value, kind};
use crate::script::{Ask, Asked, Effect, Handle, Reply, Target, Until};

/// Who asks, and in which line.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) strand: StrandNo,
    pub(super) line: Option<u32>,
    /// Where it goes on at once.
    handle: Option<&'a Handle>,
}

impl Run {
    /// Takes what a strand asks; gives the answer where it is known at once.
    pub(super) fn issue(&mut self, strand: StrandNo, asked: Asked) -> Result<Option<Reply>, Broken> {
        let Asked { ask, line } = asked;
        if !matches!(ask, Ask::Cancel(_) | Ask::Unlock { .. })
            && let Some(raised) = self.raised_before(strand)
        {
            return Ok(Some(Err(raised)));
        }
        let asker = Asker { strand, line, handle: None };
        Ok(match ask {
            Ask::Strand(start) => {
                self.begin_started(strand, *start)?;
                Some(Ok(Value::Null))
            }
            Ask::JoinAll(handles) => self.join(strand, handles, true),
            Ask::Select(handles) => self.join(strand, handles, false),
            Ask::NextOf(group) => self.next_of(strand, group),
            Ask::Started { ask, handle } => {
                if let Some(reply) = self.ask_command(Asker { handle: Some(&handle), ..asker }, *ask) {
                    handle.end_with(reply);
                    self.note_unjoined(&handle);
                }
                Some(Ok(Value::Null))
            }
            Ask::Cancel(handle) => {
                self.cancel_handle(&handle);
                Some(Ok(Value::Null))
            }
            Ask::Unlock { op, threw } => {
                self.leave_lock(strand, op, threw);
                Some(Ok(Value::Null))
            }
            Ask::OnUndo(closure) => {
                self.on_undo(strand, line, closure);
                Some(Ok(Value::Null))
            }
            Ask::Undo => self.undo_now(strand)?,
            Ask::Restart(input) => self.restart_with(strand, input)?,
            ask @ (Ask::Effect(_)
            | Ask::Sleep(_)
            | Ask::WaitSignal { .. }
            | Ask::WaitUntil { .. }
            | Ask::WaitToken { .. }
            | Ask::Lock { .. }
            | Ask::Dispatch(_)
            | Ask::Child(_)
            | Ask::Question(_)
            | Ask::Direct(_)) => self.ask_command(asker, ask),
        })
    }

    /// Numbers a command.
    fn ask_command(&mut self, asker: Asker<'_>, ask: Ask) -> Option<Reply> {
        let op = self.number();
        match ask {
            Ask::Effect(effect) => self.effect(op, asker, effect),
            Ask::Sleep(until) => {
                let work = match until {
                    Until::After(ms) => Work::Timer { due: self.now().plus_ms(ms), counted: true },
                    Until::At(at) => Work::Timer { due: at, counted: false },
                };
                self.wait(op, asker, label(CommandKind::Sleep, ""), Wait::Timer, work);
            }
            Ask::WaitSignal { names, listed, timeout_ms, otherwise } => {
                if let Some(signal) = self.world.state.borrow_mut().mailbox.take(&names) {
                    return Some(Ok(answer(listed, signal.name, signal.payload)));
                }
                let work = self.wait_work(timeout_ms);
                let label = label(CommandKind::WaitSignal, &names.join(", "));
                self.wait(op, asker, label, Wait::Signal { names, listed, otherwise }, work);
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
                self.wait(op, asker, label(CommandKind::WaitUntil, ""), wait, work);
            }
            Ask::WaitToken { token, timeout_ms, otherwise } => {
                return self.wait_token(op, asker, token, timeout_ms, otherwise);
            }
            Ask::Lock { name, timeout_ms } => return self.ask_lock(op, asker, &name, timeout_ms),
            Ask::Dispatch(dispatch) => self.dispatch(op, asker, *dispatch),
            Ask::Child(child) => return self.wait_child(op, asker, child),
            Ask::Question(question) => self.ask_person(op, asker, question),
            Ask::Direct(_) => {
                return Some(Err(Failure::new(kind::FAULT, "a direct call outside an activity")));
            }
            Ask::Strand(_)
            | Ask::Started { .. }
            | Ask::JoinAll(_)
            | Ask::Select(_)
            | Ask::NextOf(_)
            | Ask::Unlock { .. }
            | Ask::OnUndo(_)
            | Ask::Undo
            | Ask::Restart(_)
            | Ask::Cancel(_) => return Some(Err(Failure::new(kind::FAULT, "this is no command"))),
        }
        None
    }

    fn effect(&mut self, op: OpId, asker: Asker<'_>, effect: Box<Effect>) {
        let Effect { label, input, options, body, probe, undo } = *effect;
        if undo.is_some() {
            self.promise_undo(op, asker.strand, &label, undo);
        }
        let work = Work::Effect { input, options, body, probe };
        self.wait(op, asker, label, Wait::Effect, work);
    }

    /// The number of the next command.
    pub(super) fn number(&mut self) -> OpId {
        let op = self.next_op;
        self.next_op = op.next();
        op
    }

    pub(super) fn wait_work(&self, timeout_ms: Option<i64>) -> Work {
        timeout_ms.map_or(Work::Wait, |ms| Work::Timer { due: self.now().plus_ms(ms), counted: true })
    }

    /// Opens a command: its strand is blocked in it, or a handle is told of its end.
    pub(super) fn wait(&mut self, op: OpId, asker: Asker<'_>, label: CommandLabel, wait: Wait, work: Work) {
        let Asker { strand, line, handle } = asker;
        let owner = match handle {
            None => {
                self.block_in(strand, Blocked::Command(op));
                Owner::Strand(strand)
            }
            Some(handle) => {
                let level = self.strands.get(&strand).map_or(0, Slot::level_within);
                self.starts(strand, handle, Target::Command(op));
                Owner::Handle { handle: handle.clone(), level, parent: Some(strand) }
            }
        };
        let name = self.strands.get(&strand).and_then(Slot::name).map(str::to_owned);
        self.hand_out(op, label.clone(), line, name, work);
        match &wait {
            Wait::Until { .. } => drop(self.conditions.insert(op)),
            Wait::Signal { .. } => drop(self.signal_waits.insert(op)),
            Wait::Effect
            | Wait::Timer
            | Wait::Token { .. }
            | Wait::Lock
            | Wait::Child { .. }
            | Wait::Question(_)
            | Wait::Notice { .. }
            | Wait::Reminder { .. } => {}
        }
        self.open.insert(op, Box::new(Open { label, line, owner, wait }));
    }

    /// Hands out a command that no strand asks for.
    pub(super) fn command(&self, op: OpId, label: CommandLabel, work: Work) {
        self.hand_out(op, label, None, None, work);
    }

    pub(super) fn hand_out(
        &self,
        op: OpId,
        label: CommandLabel,
        line: Option<u32>,
        strand: Option<String>,
        work: Work,
    ) {
        let scheduled_at: Moment = self.now();
        let command = Box::new(Command { op, label, line, strand, scheduled_at, shown: Value::Null, work });
        self.world.state.borrow_mut().stretch.commands.push(command);
    }

    /// Says what the command handed out last shows.
    pub(super) fn show(&self, shown: Value) {
        if let Some(command) = self.world.state.borrow_mut().stretch.commands.last_mut() {
            command.shown = shown;
        }
    }

    /// Takes a command out of those that are open.
    pub(super) fn forget(&mut self, op: OpId) -> Option<Box<Open>> {
        let open = self.open.remove(&op)?;
        self.conditions.remove(&op);
        self.signal_waits.remove(&op);
        if let Owner::Handle { parent: Some(parent), .. } = &open.owner
            && let Some(slot) = self.strands.get_mut(parent)
        {
            slot.children.remove(&Target::Command(op));
        }
        self.leave_question(op, &open.wait);
        self.drop_undo(op);
        if matches!(open.wait, Wait::Lock) {
            self.let_go(op);
        }
        Some(open)
    }

    /// A command has ended: its strand becomes ready, or its handle is told.
    pub(super) fn end_command(&mut self, op: OpId, reply: Reply) {
        let Some(open) = self.forget(op) else { return };
        match open.owner {
            Owner::Strand(no) => {
                self.block_in(no, Blocked::No);
                self.ready.push_back((no, Wake::Reply(reply)));
            }
            Owner::Handle { handle, .. } => {
                handle.end_with(reply);
                self.tell_end(&handle);
            }
            Owner::Nobody => {}
        }
    }

    /// Ends an open command by the script itself.
    pub(super) fn close(&mut self, op: OpId, reply: Reply) {
        self.settle(op);
        self.end_command(op, reply);
    }

    /// Notes a command that ended without an entry of its own. One issued in this very stretch was never anybody's.
    pub(super) fn settle(&self, op: OpId) {
        let stretch = &mut self.world.state.borrow_mut().stretch;
        if op >= self.stretch_op {
            stretch.commands.retain(|command| command.op != op);
        }
        stretch.settled.push(op);
    }

    /// A started command passes from the strand that started it to another.
    pub(super) fn hand_command(&mut self, op: OpId, heir: Option<StrandNo>) {
        if let Some(Owner::Handle { parent, .. }) = self.open.get_mut(&op).map(|open| &mut open.owner) {
            *parent = heir;
        }
    }
}

impl Open {
    /// How many `shielded` calls lie between its strand and main, for one that was started and not waited for.
    pub(super) fn level(&self) -> u32 {
        match &self.owner {
            Owner::Handle { level, .. } => *level,
            Owner::Strand(_) | Owner::Nobody => 0,
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
