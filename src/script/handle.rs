//! A handle: what a script keeps of something that ends by itself, a strand or a command that it started without waiting.

use super::closure::{Closure, HeldCapture};
use super::convert::to_dynamic;
use super::copy::copy_deeply;
use crate::history::{Failure, OpId, Value};
use rhai::Dynamic;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

/// What a handle is of: known once the run has begun it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A strand, by its order of creation.
    Strand(u64),
    /// A command.
    Command(OpId),
}

/// A handle. Its clones are the same handle; it enters no history.
#[derive(Clone)]
pub struct Handle(Rc<Inner>);

struct Inner {
    line: Option<u32>,
    name: Option<String>,
    member: Option<(Group, usize)>,
    run: Option<String>,
    target: OnceCell<Target>,
    value: RefCell<Dynamic>,
    end: OnceCell<Result<(), Failure>>,
    joined: Cell<bool>,
    awaited: Cell<bool>,
}

impl Handle {
    /// A handle of what is about to begin at a line, perhaps under a name.
    pub(super) fn new(line: Option<u32>, name: Option<String>) -> Self {
        Self::with(line, name, None, None)
    }

    /// The same of a child run.
    pub(super) fn of_child(line: Option<u32>, run: String) -> Self {
        Self::with(line, None, None, Some(run))
    }

    /// The same as a member of a group, which is told of its end by this index.
    pub(super) fn in_group(line: Option<u32>, name: Option<String>, group: &Group, index: usize) -> Self {
        Self::with(line, name, Some((group.clone(), index)), None)
    }

    fn with(
        line: Option<u32>,
        name: Option<String>,
        member: Option<(Group, usize)>,
        run: Option<String>,
    ) -> Self {
        Self(Rc::new(Inner {
            line,
            name,
            member,
            run,
            target: OnceCell::new(),
            value: RefCell::new(Dynamic::UNIT),
            end: OnceCell::new(),
            joined: Cell::new(false),
            awaited: Cell::new(false),
        }))
    }

    /// The line at which it began, where known.
    pub fn line(&self) -> Option<u32> {
        self.0.line
    }

    /// The name given to it.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The id of the child run that it is of.
    pub fn run(&self) -> Option<&str> {
        self.0.run.as_deref()
    }

    /// What it is of.
    pub fn target(&self) -> Option<Target> {
        self.0.target.get().copied()
    }

    /// Says what it is of: once.
    pub fn begin(&self, target: Target) {
        let first = self.0.target.set(target);
        debug_assert!(first.is_ok(), "a handle is of one thing");
        if let Some((group, _)) = &self.0.member {
            group.0.live.set(group.0.live.get() + 1);
        }
    }

    /// How it ended, where it has.
    pub fn ended(&self) -> Option<&Result<(), Failure>> {
        self.0.end.get()
    }

    /// Says how it ended: once. A strand has left its value before.
    pub fn end(&self, end: Result<(), Failure>) {
        if self.0.end.set(end).is_ok()
            && let Some((group, index)) = &self.0.member
        {
            group.0.live.set(group.0.live.get().saturating_sub(1));
            group.0.ended.borrow_mut().push_back(*index);
        }
    }

    /// The same with the recorded value of a command.
    pub fn end_with(&self, reply: Result<Value, Failure>) {
        let end = reply.map(|value| self.leave(to_dynamic(&value)));
        self.end(end);
    }

    /// Whether its end was told to somebody.
    pub fn is_joined(&self) -> bool {
        self.0.joined.get()
    }

    /// Its end is told to somebody, or nobody needs to be told.
    pub fn join(&self) {
        self.0.joined.set(true);
    }

    /// Whether somebody has waited for its end, alone or among others.
    pub fn is_awaited(&self) -> bool {
        self.0.awaited.get()
    }

    /// Somebody waits for its end, alone or among others.
    pub fn wait_for(&self) {
        self.0.awaited.set(true);
    }

    /// Whether this is the only one: the script can no longer join it.
    pub fn is_last(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }

    /// The group that it is a member of.
    pub fn group(&self) -> Option<&Group> {
        self.0.member.as_ref().map(|(group, _)| group)
    }

    pub(super) fn leave(&self, value: Dynamic) {
        *self.0.value.borrow_mut() = value;
    }

    /// A copy of its value, for one of those who join.
    pub(super) fn value(&self) -> Result<Dynamic, HeldCapture> {
        copy_deeply(&self.0.value.borrow(), 0)
    }

    /// Its value, for the only one who joins.
    pub(super) fn take(&self) -> Dynamic {
        std::mem::take(&mut *self.0.value.borrow_mut())
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.target() {
            Some(Target::Strand(_)) => "strand",
            Some(Target::Command(_)) | None => "command",
        };
        match (self.run(), self.name()) {
            (Some(run), _) => write!(f, "child run {run}")?,
            (None, Some(name)) => write!(f, "{what} \"{name}\"")?,
            (None, None) => write!(f, "{what}")?,
        }
        self.line().map_or(Ok(()), |line| write!(f, " started in line {line}"))
    }
}

/// Several handles waited for by one strand, in the order in which they end.
#[derive(Clone, Default)]
pub struct Group(Rc<Members>);

#[derive(Default)]
struct Members {
    live: Cell<usize>,
    ended: RefCell<VecDeque<usize>>,
    waiting: Cell<Option<u64>>,
}

impl Group {
    /// How many of its members have not ended.
    pub fn live(&self) -> usize {
        self.0.live.get()
    }

    /// Whether a member has ended that was not looked at.
    pub fn has_ended(&self) -> bool {
        !self.0.ended.borrow().is_empty()
    }

    /// The strand that waits for it.
    pub fn waiting(&self) -> Option<u64> {
        self.0.waiting.get()
    }

    /// Says which strand waits for it.
    pub fn wait(&self, strand: Option<u64>) {
        self.0.waiting.set(strand);
    }

    /// The index of the next member that has ended.
    pub(super) fn next(&self) -> Option<usize> {
        self.0.ended.borrow_mut().pop_front()
    }
}

/// A strand that a script starts.
pub struct Start {
    /// Its handle.
    pub handle: Handle,
    pub(super) closure: Closure,
    pub(super) argument: Option<Dynamic>,
}
