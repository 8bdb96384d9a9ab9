//! A run: strands and history in, commands out.

use super::ahead::Maybe;
use super::command::Stretch;
use super::ending::Ending;
use super::locking::HeldLock;
use super::mailbox::Due;
use super::strands::{Slot, StrandNo};
use super::trail::Trail;
use super::undoing::Undos;
use super::updating::Answers;
use super::world::World;
use crate::history::{CommandLabel, Entry, Failure, Moment, OpId, Patches, Pending, RunEnd, Stuck, Value};
use crate::script::{
    Answered, ChildRun, Closure, Handle, Interpreter, Meter, Question, Reply, Rest, Script, Target,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// The operations of the interpreter that one stretch may take: 50 million.
pub const STRETCH_OPERATIONS: u64 = 50_000_000;
/// How long a script may clean up after a request to end before its calls raise it again, in milliseconds.
pub const GRACE_MS: i64 = 30_000;

/// What a run is, besides its script and its history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Charter {
    /// Its name.
    pub id: String,
    /// Its generation.
    pub generation: u32,
    /// What it was started with.
    pub input: Value,
    /// Its own time-out in milliseconds from `RunBegan`.
    pub timeout_ms: Option<i64>,
    /// Chance that its script cannot read.
    pub secret: [u8; 16],
    /// Which named changes of its script hold from which entry on.
    pub patches: Patches,
    /// What stands behind `durun` in commands that others are told.
    pub aim: Arc<str>,
}

/// Where a run stands after a step.
pub enum Stepped {
    /// Its slice is over: other runs may go on, then this one by [`Run::go_on`].
    Sliced,
    /// All strands are blocked, or the run has ended.
    Blocked(Box<Stretch>),
    /// The script cannot go on; nothing of the stretch counts and the run is of no further use.
    Stuck(Box<Stuck>),
    /// The system gives no memory for another strand; the run is of no further use and may be replayed later.
    NoMemory(String),
}

/// A command that was issued and has not ended.
pub(super) struct Open {
    pub(super) label: CommandLabel,
    pub(super) line: Option<u32>,
    pub(super) owner: Owner,
    pub(super) wait: Wait,
}

/// Whom the end of a command is told.
pub(super) enum Owner {
    /// A strand that is blocked in it.
    Strand(StrandNo),
    /// A handle: a strand started it and went on.
    Handle { handle: Handle, level: u32, parent: Option<StrandNo> },
    /// Nobody: it stands beside another command.
    Nobody,
}

/// What a strand that is about to run is given.
pub(super) enum Wake {
    /// This answer.
    Reply(Reply),
    /// What is known by then of what it joins.
    Joined { handles: Vec<Handle>, all: bool },
}

/// What ends an open command.
pub(super) enum Wait {
    /// The outcome of an effect.
    Effect,
    /// A timer.
    Timer,
    /// A signal, or its time-out.
    Signal { names: Vec<String>, listed: bool, otherwise: Value },
    /// A predicate, or its time-out, which may have come.
    Until { predicate: Closure, timed_out: bool },
    /// The resolution of a token, or its time-out.
    Token { token: String, otherwise: Option<Value> },
    /// A lock, or its time-out.
    Lock,
    /// The end of a child run.
    Child { child: ChildRun, asked_to_end: bool },
    /// An answer, or its time-out.
    Question(Box<Question>),
    /// Beside a question: the outcome of telling its reader.
    Notice { question: OpId },
    /// Beside a question: the time at which its reader is told again.
    Reminder { question: OpId },
}

/// A run. See the room.
pub struct Run {
    pub(super) interpreter: Interpreter,
    pub(super) script: Rc<Script>,
    pub(super) world: Rc<World>,
    pub(super) meter: Meter,
    /// The operations that one of its stretches may take.
    pub(super) operations: u64,
    pub(super) charter: Charter,
    pub(super) strands: BTreeMap<StrandNo, Slot>,
    pub(super) ready: VecDeque<(StrandNo, Wake)>,
    pub(super) open: BTreeMap<OpId, Box<Open>>,
    /// The open commands whose predicates are tested, and those that take a signal.
    pub(super) conditions: BTreeSet<OpId>,
    pub(super) signal_waits: BTreeSet<OpId>,
    /// Who waits for the end of what.
    pub(super) waiters: BTreeMap<Target, BTreeSet<StrandNo>>,
    /// What ended with an error that nobody was told.
    pub(super) unjoined: Vec<Handle>,
    /// How many of what it began main has left behind, and nobody had waited for.
    pub(super) left_unjoined: u32,
    /// Whether strands have ended since it was last looked which of the others are of no further use.
    pub(super) to_shed: bool,
    /// Whether nothing is left that could be of no further use: all was asked to end.
    pub(super) all_shed: bool,
    /// The first command of this stretch.
    pub(super) stretch_op: OpId,
    pub(super) next_op: OpId,
    pub(super) next_strand: StrandNo,
    pub(super) rounds: u32,
    pub(super) ending: Ending,
    /// The locks that it holds, by the command that asked.
    pub(super) locks: BTreeMap<OpId, HeldLock>,
    pub(super) undos: Undos,
    /// Answers to updates that the history does not have yet.
    pub(super) answers: Answers,
    /// How children came out, by the command that started each.
    pub(super) ended_children: BTreeMap<OpId, Reply>,
    pub(super) cancel: Option<Failure>,
    pub(super) grace_over: bool,
    pub(super) trail: Trail,
}

/// Why a stretch breaks off.
pub(super) enum Broken {
    Stuck(Box<Stuck>),
    NoMemory(String),
}

impl From<Box<Stuck>> for Broken {
    fn from(stuck: Box<Stuck>) -> Self {
        Self::Stuck(stuck)
    }
}

impl Run {
    /// A run to which nothing has been delivered.
    pub fn new(interpreter: &Interpreter, script: Rc<Script>, charter: Charter) -> Self {
        let world = Rc::new(World::new(&charter));
        Self {
            interpreter: interpreter.clone(),
            script,
            world,
            meter: Meter::new(STRETCH_OPERATIONS),
            operations: STRETCH_OPERATIONS,
            charter,
            strands: BTreeMap::new(),
            ready: VecDeque::new(),
            open: BTreeMap::new(),
            conditions: BTreeSet::new(),
            signal_waits: BTreeSet::new(),
            waiters: BTreeMap::new(),
            unjoined: Vec::new(),
            left_unjoined: 0,
            to_shed: false,
            all_shed: false,
            stretch_op: OpId(0),
            next_op: OpId(0),
            next_strand: 0,
            rounds: 0,
            ending: Ending::default(),
            locks: BTreeMap::new(),
            undos: Undos::default(),
            answers: Answers::default(),
            ended_children: BTreeMap::new(),
            cancel: None,
            grace_over: false,
            trail: Trail::default(),
        }
    }

    /// Delivers one entry and runs the script until all strands are blocked.
    pub fn deliver(&mut self, entry: &Entry) -> Stepped {
        self.arrives(entry);
        let delivered = self.take(entry);
        self.finish(delivered, None)
    }

    /// A new stretch begins with an entry.
    pub(super) fn arrives(&mut self, entry: &Entry) {
        self.meter.refill(self.operations);
        self.rounds = 0;
        self.stretch_op = self.next_op;
        self.world.count_entry();
        self.note_entry(&entry.fact);
    }

    /// Goes on after [`Stepped::Sliced`].
    pub fn go_on(&mut self) -> Stepped {
        self.finish(Ok(()), None)
    }

    /// Whether messages other than cancels are still delivered: until main has come to its end, and to what takes it back.
    pub fn takes_signals(&self) -> bool {
        self.ending.is_open() || self.strands.values().any(|slot| slot.in_undo)
    }

    /// The time of the entry last delivered.
    pub fn now(&self) -> Moment {
        self.world.state.borrow().now
    }

    /// When its first executor began it.
    pub fn started_at(&self) -> Moment {
        self.world.state.borrow().started_at
    }

    /// Whether a request to end was delivered.
    pub fn is_cancelled(&self) -> bool {
        self.world.state.borrow().cancelled
    }

    /// The answers to its questions, in order: question, choice, who, note and when.
    pub fn answers(&self) -> Vec<Answered> {
        self.world.state.borrow().answers.clone()
    }

    /// The names of the secrets that its script has asked for.
    pub fn secrets(&self) -> std::collections::BTreeSet<String> {
        self.world.state.borrow().secrets.clone()
    }

    /// Whether its script was given this token.
    pub fn has_token(&self, token: &str) -> bool {
        self.world.state.borrow().tokens.contains(token)
    }

    /// The number that its next command gets.
    pub fn next_op(&self) -> OpId {
        self.next_op
    }

    /// From which command on all are those of its `on_failure` handler, where that has begun.
    pub fn on_failure_op(&self) -> Option<OpId> {
        self.ending.handler_op()
    }

    /// How many strands it has.
    pub fn strands(&self) -> usize {
        self.strands.len()
    }

    /// The names of the signals that have a handler or a wait.
    pub fn signal_names(&self) -> Vec<String> {
        let state = self.world.state.borrow();
        let mut names: Vec<String> = state.mailbox.handled().map(str::to_owned).collect();
        for open in self.signal_waits.iter().filter_map(|op| self.open.get(op)) {
            if let Wait::Signal { names: waited, .. } = &open.wait {
                names.extend(waited.iter().cloned());
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Compares the store's pending rows with what the script has asked, after replay; gives the rows that are stale.
    ///
    /// # Errors
    /// [`Stuck`] where a row's command was never asked, or as another.
    pub fn check_pending(&self, pending: &[Pending]) -> Result<Vec<OpId>, Box<Stuck>> {
        let mut stale = Vec::new();
        for row in pending {
            match self.open.get(&row.op) {
                Some(open) if open.label == row.label || row.is_untouched() => {}
                Some(open) => {
                    return Err(super::nondeterminism::differs(
                        row.op,
                        &row.label,
                        &open.label,
                        &self.script.source().path,
                        open.line,
                    ));
                }
                None if row.op >= OpId::GRACE => {}
                None if row.op < self.next_op || row.is_untouched() => stale.push(row.op),
                None => {
                    return Err(super::nondeterminism::never_asked(
                        row.op,
                        &row.label,
                        &self.script.source().path,
                    ));
                }
            }
        }
        Ok(stale)
    }

    pub(super) fn finish(&mut self, delivered: Result<(), Broken>, ahead: Maybe<'_, '_, '_>) -> Stepped {
        match delivered.and_then(|()| self.run_to_block(ahead)) {
            Ok(false) => Stepped::Sliced,
            Ok(true) => {
                let mut stretch = std::mem::take(&mut self.world.state.borrow_mut().stretch);
                stretch.end = self.end();
                stretch.restart = self.restart();
                Stepped::Blocked(stretch)
            }
            Err(Broken::Stuck(stuck)) => Stepped::Stuck(stuck),
            Err(Broken::NoMemory(message)) => Stepped::NoMemory(message),
        }
    }

    /// Runs until all strands are blocked (true) or a slice is over (false).
    fn run_to_block(&mut self, mut ahead: Maybe<'_, '_, '_>) -> Result<bool, Broken> {
        self.look_anew();
        loop {
            if std::mem::take(&mut self.to_shed) {
                self.shed();
            } else if let Some((no, wake)) = self.ready.pop_front() {
                if !self.resume(no, wake, ahead.as_deref_mut())? {
                    return Ok(false);
                }
            } else if let Some(due) = self.next_handler() {
                self.begin_handler(&due)?;
            } else if !self.look_at_unjoined()
                && !self.test_conditions()?
                && !self.undo_at_the_end()?
                && !self.handle_failure()?
            {
                return Ok(true);
            }
        }
    }

    /// Once a strand has thrown, no further handler begins: nobody would cancel it.
    fn next_handler(&mut self) -> Option<Due> {
        if self.ending.is_failing() {
            self.answer_what_never_begins();
            return None;
        }
        self.world.state.borrow_mut().mailbox.next_due()
    }

    /// Resumes a strand until it blocks or ends (true), or its slice is over (false).
    fn resume(&mut self, no: StrandNo, wake: Wake, mut ahead: Maybe<'_, '_, '_>) -> Result<bool, Broken> {
        self.look_at(no);
        let mut reply = match wake {
            Wake::Reply(reply) => reply,
            Wake::Joined { handles, all } => super::joining::joined(&handles, all).unwrap_or(Ok(Value::Null)),
        };
        loop {
            let Some(slot) = self.strands.get_mut(&no) else { return Ok(true) };
            match slot.strand.resume(reply) {
                Rest::Asked(asked) => {
                    slot.line = asked.line;
                    if let Some(at_once) = ahead.as_deref_mut().and_then(|it| self.answer_ahead(&asked, it)) {
                        reply = at_once;
                        continue;
                    }
                    match self.issue(no, asked)? {
                        Some(at_once) => reply = at_once,
                        None => return Ok(true),
                    }
                }
                Rest::Sliced => {
                    self.ready.push_front((no, Wake::Reply(Ok(Value::Null))));
                    return Ok(false);
                }
                Rest::OverLimit(limit) => return Err(self.over(limit).into()),
                Rest::Ended(result) => {
                    self.ended(no, result)?;
                    return Ok(true);
                }
            }
        }
    }

    fn end(&self) -> Option<RunEnd> {
        if !self.strands.is_empty() {
            return None;
        }
        self.ending.end(self.cancel.as_ref())
    }
}
