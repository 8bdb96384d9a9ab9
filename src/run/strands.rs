//! The strands of a run: how each begins, and what its end means for the others.

use super::mailbox::Due;
use super::run::{Broken, Run, Wake};
use super::updating::Update;
use super::world::World;
use crate::history::{Failure, OpId, Stuck, Value, kind};
use crate::script::{Group, Handle, Limit, Mode, Start, Strand, Target, Thrown};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The most strands that one run may have at once; `parallel` needs only as many as may run together.
pub const MOST_STRANDS: usize = 10_000;

/// The number of a strand: its order of creation.
pub(super) type StrandNo = u64;

/// A strand and what the run knows of it.
pub(super) struct Slot {
    pub(super) strand: Strand,
    pub(super) kind: Kind,
    pub(super) blocked: Blocked,
    /// The line of the call that it is blocked in.
    pub(super) line: Option<u32>,
    /// What is raised at its next call.
    pub(super) raise: Option<Failure>,
    /// Whether it was asked to end.
    pub(super) cancelled: bool,
    /// The strand that started it, or that took it over.
    pub(super) parent: Option<StrandNo>,
    /// What it started and what has not ended.
    pub(super) children: BTreeSet<Target>,
    /// How many `shielded` calls lie between it and main.
    pub(super) level: u32,
    /// The commands of the locks that it holds, or that were held where it was started.
    pub(super) locks: Vec<OpId>,
    /// Whether it is an undo or the handler of the failure, or was started by one.
    pub(super) in_undo: bool,
}

/// What a strand is.
pub(super) enum Kind {
    /// The script itself.
    Main,
    /// The handler of a signal.
    Handler,
    /// The handler of an update.
    Update(Update),
    /// Started by the script.
    Started(Handle),
    /// Takes a step back.
    Undo {
        /// What is shown of it.
        name: String,
        /// What it undoes.
        what: String,
    },
    /// The handler of the run's failure.
    FailureHandler,
}

/// What a strand is blocked in.
pub(super) enum Blocked {
    /// Nothing: it runs, or is about to.
    No,
    /// A command.
    Command(OpId),
    /// Other strands or commands.
    Join { handles: Vec<Handle>, all: bool, missing: usize },
    /// The members of a group.
    Group(Group),
    /// The end of all undos.
    Undo,
}

impl Slot {
    pub(super) fn new(strand: Strand, kind: Kind) -> Self {
        Self {
            strand,
            kind,
            blocked: Blocked::No,
            line: None,
            raise: None,
            cancelled: false,
            parent: None,
            children: BTreeSet::new(),
            level: 0,
            locks: Vec::new(),
            in_undo: false,
        }
    }

    /// The level of what it starts now.
    pub(super) fn level_within(&self) -> u32 {
        self.level + self.strand.shields()
    }

    pub(super) fn is_blocked(&self) -> bool {
        !matches!(self.blocked, Blocked::No)
    }

    /// The name given to it.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Started(handle) => handle.name(),
            Kind::Undo { name, .. } => Some(name),
            Kind::Update(update) => Some(update.shown()),
            Kind::FailureHandler => Some("on_failure"),
            Kind::Main | Kind::Handler => None,
        }
    }
}

impl Run {
    /// A strand of it is over a limit.
    pub(super) fn over(&self, limit: Limit) -> Box<Stuck> {
        Box::new(Stuck {
            kind: kind::FAULT.to_owned(),
            message: format!("the script is over a limit: {limit}"),
            file: Some(self.script.source().path.clone()),
            line: None,
            column: None,
            calls: Vec::new(),
            hint: Some("a loop that waits for something: wait_until(|| …) instead; long computation: a program, called with exec".to_owned()),
        })
    }

    pub(super) fn begin_main(&mut self) -> Result<(), Broken> {
        let host: Rc<World> = Rc::clone(&self.world);
        let strand =
            self.interpreter.main(&self.script, host, self.meter.clone()).map_err(Broken::NoMemory)?;
        self.add(Slot::new(strand, Kind::Main));
        Ok(())
    }

    pub(super) fn begin_handler(&mut self, due: &Due) -> Result<(), Broken> {
        if let Some(update) = due.update.clone() {
            return self.begin_update(due, update);
        }
        let host: Rc<World> = Rc::clone(&self.world);
        let payload = Some(&due.payload);
        let strand = self
            .interpreter
            .call(&self.script, host, self.meter.clone(), Mode::Script, &due.handler, payload)
            .map_err(Broken::NoMemory)?;
        self.add(Slot::new(strand, Kind::Handler));
        Ok(())
    }

    /// Begins a strand that a script starts; it runs once its starter is blocked.
    pub(super) fn begin_started(&mut self, starter: StrandNo, start: Start) -> Result<(), Broken> {
        if self.strands.len() >= MOST_STRANDS {
            return Err(self.too_many_strands(start.handle.line()).into());
        }
        let host: Rc<World> = Rc::clone(&self.world);
        let handle = start.handle.clone();
        let strand = self
            .interpreter
            .begin(&self.script, host, self.meter.clone(), start)
            .map_err(Broken::NoMemory)?;
        let level = self.strands.get(&starter).map_or(0, Slot::level_within);
        let from = self.strands.get(&starter);
        let locks = from.map(|slot| slot.locks.clone()).unwrap_or_default();
        let in_undo = from.is_some_and(|slot| slot.in_undo);
        let slot = Slot::new(strand, Kind::Started(handle.clone()));
        let no = self.add(Slot { parent: Some(starter), level, locks, in_undo, ..slot });
        self.starts(starter, &handle, Target::Strand(no));
        Ok(())
    }

    /// Notes what a strand started.
    pub(super) fn starts(&mut self, starter: StrandNo, handle: &Handle, target: Target) {
        handle.begin(target);
        self.all_shed = false;
        self.to_shed |= !self.ending.is_open();
        if let Some(slot) = self.strands.get_mut(&starter) {
            slot.children.insert(target);
        }
    }

    pub(super) fn add(&mut self, slot: Slot) -> StrandNo {
        let no = self.next_strand;
        self.next_strand += 1;
        self.strands.insert(no, slot);
        self.ready.push_back((no, Wake::Reply(Ok(Value::Null))));
        no
    }

    /// A strand has ended: what it started goes to the one that started it, or, where it failed, ends with it.
    pub(super) fn ended(&mut self, no: StrandNo, result: Result<Value, Thrown>) -> Result<(), Broken> {
        let Some(slot) = self.strands.remove(&no) else { return Ok(()) };
        self.world.state.borrow_mut().blocked_lines.remove(&no);
        let result = match result {
            Ok(value) => Ok(value),
            Err(Thrown::Failure(failure)) => Err(failure),
            Err(Thrown::Fault(stuck)) => return Err(stuck.into()),
        };
        if result.is_ok() {
            self.hand_over(slot.parent, slot.children);
        } else {
            self.cancel_targets(slot.level, slot.children);
        }
        if let Some(parent) = slot.parent.and_then(|parent| self.strands.get_mut(&parent)) {
            parent.children.remove(&Target::Strand(no));
        }
        match (slot.kind, result) {
            (Kind::Main, Ok(value)) => self.ending.returned(value),
            (Kind::Handler, Ok(_)) => {}
            (Kind::Main, Err(failure)) => self.threw(true, failure),
            (Kind::Handler, Err(failure)) => self.threw(false, failure),
            (Kind::Update(update), result) => self.answer_update(update, result),
            (Kind::Undo { what, .. }, result) => self.undone(what, result.map(drop))?,
            (Kind::FailureHandler, result) => self.failure_handled(result.map(drop)),
            (Kind::Started(handle), result) => {
                let obeyed =
                    slot.cancelled && matches!(&result, Err(failure) if failure.kind == kind::CANCELLED);
                if obeyed {
                    handle.join();
                }
                handle.end(result.map(|_| ()));
                self.tell_end(&handle);
            }
        }
        self.to_shed |= !self.ending.is_open() && !self.all_shed;
        Ok(())
    }

    fn hand_over(&mut self, heir: Option<StrandNo>, children: BTreeSet<Target>) {
        let heir = heir.filter(|heir| self.strands.contains_key(heir));
        for child in &children {
            match child {
                Target::Strand(no) => {
                    if let Some(slot) = self.strands.get_mut(no) {
                        slot.parent = heir;
                    }
                }
                Target::Command(op) => self.hand_command(*op, heir),
            }
        }
        if let Some(slot) = heir.and_then(|heir| self.strands.get_mut(&heir)) {
            slot.children.extend(children);
        }
    }

    /// An error that nobody can catch any more: the first decides the end, and the other strands are cancelled.
    pub(super) fn threw(&mut self, is_main: bool, failure: Failure) {
        let by_cancel = failure.kind == kind::CANCELLED && self.cancel.is_some();
        if self.ending.threw(is_main, failure, by_cancel) {
            let reason = Failure::new(kind::CANCELLED, "another strand of the run failed");
            self.raise_everywhere(&reason);
        }
    }

    /// Looks at what ended with an error and was joined by nobody: once nobody can, the run fails with it. True where one was found.
    pub(super) fn look_at_unjoined(&mut self) -> bool {
        self.unjoined.retain(|handle| !handle.is_joined());
        if self.ending.is_failing() {
            return false;
        }
        let late = self.ending.has_returned();
        let Some(place) = self.unjoined.iter().position(|handle| late || handle.is_last()) else {
            return false;
        };
        let handle = self.unjoined.remove(place);
        handle.join();
        if let Some(Err(failure)) = handle.ended() {
            self.threw(false, told(&handle, failure));
        }
        true
    }
}

/// The error of what nobody joined, saying which it was.
fn told(handle: &Handle, failure: &Failure) -> Failure {
    let mut failure = failure.clone();
    failure.message = format!("{handle}, which nobody joined: {}", failure.message);
    failure
}
