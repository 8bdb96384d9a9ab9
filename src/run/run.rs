//! A run: strands and history in, commands out.

use super::command::Stretch;
use super::ending::Ending;
use super::mailbox::Due;
use super::world::World;
use crate::history::{CommandLabel, Entry, Failure, Moment, OpId, Pending, RunEnd, Stuck, Value, kind};
use crate::script::{
    Answered, Closure, Interpreter, Limit, Meter, Mode, Question, Reply, Rest, Script, Strand, Thrown,
};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// The operations of the interpreter that one stretch may take: 50 million.
pub const STRETCH_OPERATIONS: u64 = 50_000_000;
/// How long a script may clean up after a request to end before its calls raise it again, in milliseconds.
pub const GRACE_MS: i64 = 30_000;

/// What a run is, besides its script and its history.
#[derive(Debug, Clone, PartialEq)]
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

/// The number of a strand: its order of creation.
pub(super) type StrandNo = u64;
/// Of a command that no strand waits for.
pub(super) const NOBODY: StrandNo = u64::MAX;

pub(super) struct Slot {
    pub(super) strand: Strand,
    pub(super) is_main: bool,
    pub(super) blocked_in: Option<OpId>,
}

/// A command that was issued and has not ended.
pub(super) struct Open {
    pub(super) label: CommandLabel,
    pub(super) line: Option<u32>,
    pub(super) strand: StrandNo,
    pub(super) wait: Wait,
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
    pub(super) charter: Charter,
    pub(super) strands: BTreeMap<StrandNo, Slot>,
    pub(super) ready: VecDeque<(StrandNo, Reply)>,
    pub(super) open: BTreeMap<OpId, Open>,
    pub(super) next_op: OpId,
    pub(super) next_strand: StrandNo,
    pub(super) rounds: u32,
    pub(super) ending: Ending,
    pub(super) cancel: Option<Failure>,
    pub(super) grace_over: bool,
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
            charter,
            strands: BTreeMap::new(),
            ready: VecDeque::new(),
            open: BTreeMap::new(),
            next_op: OpId(0),
            next_strand: 0,
            rounds: 0,
            ending: Ending::default(),
            cancel: None,
            grace_over: false,
        }
    }

    /// Delivers one entry and runs the script until all strands are blocked.
    pub fn deliver(&mut self, entry: &Entry) -> Stepped {
        self.meter.refill(STRETCH_OPERATIONS);
        self.rounds = 0;
        let delivered = self.take(entry);
        self.finish(delivered)
    }

    /// Goes on after [`Stepped::Sliced`].
    pub fn go_on(&mut self) -> Stepped {
        self.finish(Ok(()))
    }

    /// Whether messages other than cancels are still delivered: until main has come to its end.
    pub fn takes_signals(&self) -> bool {
        self.ending.is_open()
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

    /// Whether its script was given this token.
    pub fn has_token(&self, token: &str) -> bool {
        self.world.state.borrow().tokens.contains(token)
    }

    /// How many strands it has.
    pub fn strands(&self) -> usize {
        self.strands.len()
    }

    /// The names of the signals that have a handler or a wait.
    pub fn signal_names(&self) -> Vec<String> {
        let state = self.world.state.borrow();
        let mut names: Vec<String> = state.mailbox.handled().map(str::to_owned).collect();
        for open in self.open.values() {
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
                Some(open) if open.label == row.label => {}
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
                None if row.op < self.next_op => stale.push(row.op),
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

    fn finish(&mut self, delivered: Result<(), Broken>) -> Stepped {
        match delivered.and_then(|()| self.run_to_block()) {
            Ok(false) => Stepped::Sliced,
            Ok(true) => {
                let mut stretch = std::mem::take(&mut self.world.state.borrow_mut().stretch);
                stretch.end = self.end();
                Stepped::Blocked(Box::new(stretch))
            }
            Err(Broken::Stuck(stuck)) => Stepped::Stuck(stuck),
            Err(Broken::NoMemory(message)) => Stepped::NoMemory(message),
        }
    }

    /// Runs until all strands are blocked (true) or a slice is over (false).
    fn run_to_block(&mut self) -> Result<bool, Broken> {
        loop {
            if let Some((no, reply)) = self.ready.pop_front() {
                if !self.resume(no, reply)? {
                    return Ok(false);
                }
            } else if let Some(due) = self.next_handler() {
                self.begin_handler(&due)?;
            } else if !self.test_conditions()? {
                return Ok(true);
            }
        }
    }

    /// Once a strand has thrown, no further handler begins: nobody would cancel it.
    fn next_handler(&self) -> Option<Due> {
        if self.ending.is_failing() {
            return None;
        }
        self.world.state.borrow_mut().mailbox.next_due()
    }

    fn begin_handler(&mut self, due: &Due) -> Result<(), Broken> {
        let host: Rc<World> = Rc::clone(&self.world);
        let strand = self
            .interpreter
            .call(
                &self.script,
                host,
                self.meter.clone(),
                Mode::Script,
                &due.handler,
                Some(&due.signal.payload),
            )
            .map_err(Broken::NoMemory)?;
        self.add(strand, false);
        Ok(())
    }

    pub(super) fn begin_main(&mut self) -> Result<(), Broken> {
        let host: Rc<World> = Rc::clone(&self.world);
        let strand =
            self.interpreter.main(&self.script, host, self.meter.clone()).map_err(Broken::NoMemory)?;
        self.add(strand, true);
        Ok(())
    }

    fn add(&mut self, strand: Strand, is_main: bool) {
        let no = self.next_strand;
        self.next_strand += 1;
        self.strands.insert(no, Slot { strand, is_main, blocked_in: None });
        self.ready.push_back((no, Ok(Value::Null)));
    }

    /// Resumes a strand until it blocks or ends (true), or its slice is over (false).
    fn resume(&mut self, no: StrandNo, reply: Reply) -> Result<bool, Broken> {
        let oldest = self.open.values().find(|open| open.strand != no).and_then(|open| open.line);
        self.world.state.borrow_mut().blocked_line = oldest;
        let mut reply = reply;
        loop {
            let Some(slot) = self.strands.get_mut(&no) else { return Ok(true) };
            slot.blocked_in = None;
            match slot.strand.resume(reply) {
                Rest::Asked(asked) => match self.issue(no, asked) {
                    Some(at_once) => reply = at_once,
                    None => return Ok(true),
                },
                Rest::Sliced => {
                    self.ready.push_front((no, Ok(Value::Null)));
                    return Ok(false);
                }
                Rest::OverLimit(limit) => return Err(self.over(limit).into()),
                Rest::Ended(result) => {
                    let is_main = slot.is_main;
                    self.strands.remove(&no);
                    self.ended(is_main, result)?;
                    return Ok(true);
                }
            }
        }
    }

    fn ended(&mut self, is_main: bool, result: Result<Value, Thrown>) -> Result<(), Broken> {
        match result {
            Ok(value) if is_main => self.ending.returned(value),
            Ok(_) => {}
            Err(Thrown::Fault(stuck)) => return Err(stuck.into()),
            Err(Thrown::Failure(failure)) => {
                let by_cancel = failure.kind == kind::CANCELLED && self.cancel.is_some();
                if self.ending.threw(is_main, failure, by_cancel) {
                    let reason = Failure::new(kind::CANCELLED, "another strand of the run failed");
                    self.raise_everywhere(&reason);
                }
            }
        }
        Ok(())
    }

    /// Raises a failure in every blocked strand, in order of creation, at the call that it is blocked in.
    pub(super) fn raise_everywhere(&mut self, failure: &Failure) {
        let blocked: Vec<(StrandNo, OpId)> =
            self.strands.iter().filter_map(|(no, slot)| slot.blocked_in.map(|op| (*no, op))).collect();
        for (no, op) in blocked {
            if let Some(open) = self.open.remove(&op) {
                self.leave_question(op, &open.wait);
            }
            self.settle(op);
            if let Some(slot) = self.strands.get_mut(&no) {
                slot.blocked_in = None;
            }
            self.ready.push_back((no, Err(failure.clone())));
        }
    }

    /// Notes a command that ended without an entry of its own. One issued in this very stretch was never anybody's.
    pub(super) fn settle(&self, op: OpId) {
        let stretch = &mut self.world.state.borrow_mut().stretch;
        stretch.commands.retain(|command| command.op != op);
        stretch.settled.push(op);
    }

    fn end(&self) -> Option<RunEnd> {
        if !self.strands.is_empty() {
            return None;
        }
        self.ending.end(self.cancel.as_ref())
    }

    fn over(&self, limit: Limit) -> Box<Stuck> {
        Box::new(Stuck {
            kind: kind::FAULT.to_owned(),
            message: format!("the script is over a limit: {limit}"),
            file: Some(self.script.source().path.clone()),
            line: None,
            column: None,
            calls: Vec::new(),
            hint: Some("put long computation into a program and call it with exec".to_owned()),
        })
    }
}
