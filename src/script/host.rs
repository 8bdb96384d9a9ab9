//! What a script meets outside itself: a door for what is answered at once, and the requests that suspend it.

use super::body::Body;
use super::closure::Closure;
use super::handle::{Group, Handle, Start};
use crate::history::{
    Choice, CommandLabel, EffectOptions, Failure, HowFar, Moment, OnParentClose, OpId, RunId, Stuck, Value,
};
use rhai::Map;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Answers that need no suspension. The run answers for a script, the worker for the body of an activity.
pub trait Host {
    /// The time of the entry last delivered; in a body, when its attempt began.
    fn now(&self) -> Moment;
    /// The next number of the seeded generator.
    fn random(&self) -> u64;
    /// A line of the run's log.
    fn log(&self, line: Said);
    /// A value that others read without replay.
    fn publish(&self, key: String, value: Value);
    /// What the run is about, in a few words.
    fn set_summary(&self, text: String);
    /// How far the run is.
    fn progress(&self, progress: HowFar);
    /// Registers the handler of a signal; replaces the one before.
    fn on_signal(&self, name: String, handler: Closure);
    /// Registers the handler of a query; replaces the one before.
    fn on_query(&self, name: String, handler: Closure);
    /// Registers the handler of an update, and what may refuse it before; replaces those before.
    fn on_update(&self, _name: String, _handler: Closure, _validate: Option<Closure>) {}
    /// Registers what is done when the run is about to have failed; replaces the one before.
    fn on_failure(&self, handler: Closure);
    /// What the run was started with.
    fn input(&self) -> Input;
    /// The facts of the run behind the constant `run`.
    fn run_facts(&self) -> RunFacts;
    /// The lines of the requests that other strands wait for: one of them may hold a variable.
    fn blocked_lines(&self) -> BTreeSet<u32>;
    /// A new token of the run; unguessable, and the same at each replay.
    fn token(&self) -> String {
        String::new()
    }
    /// What stands for a secret of the run; the same at each replay.
    fn secret(&self, name: &str) -> String;
    /// Whether a named change of the script holds where it stands.
    fn patched(&self, _name: &str) -> bool {
        true
    }
    /// The options that later effects of the run have where they say nothing; replaces those before.
    fn set_defaults(&self, _defaults: Defaults) {}
    /// Those options.
    fn defaults(&self) -> Defaults {
        Defaults::default()
    }
    /// For a body: it lives, and this is how far it is.
    fn heartbeat(&self, _details: Value) {}
    /// For a body: the details of the last heartbeat, of this or an earlier attempt; null where there was none.
    fn last_heartbeat(&self) -> Value {
        Value::Null
    }
    /// For a body: which attempt this is, from 1, and its idempotency key.
    fn attempt(&self) -> Option<(u32, String)>;
}

/// What a run was started with, ready to be handed to its script.
#[derive(Clone)]
pub struct Input(pub(super) rhai::Dynamic);

impl Input {
    /// The script's form of the value.
    pub fn new(value: &Value) -> Self {
        Self(super::convert::to_dynamic(value))
    }
}

/// The options that effects have where they say nothing, as the script gave them.
#[derive(Clone, Default)]
pub struct Defaults(pub(super) Map);

/// The facts behind the constant `run`.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// The run's name.
    pub id: Rc<str>,
    /// Its generation.
    pub generation: u32,
    /// When its first executor began.
    pub started_at: Moment,
    /// Whether a request to end was delivered.
    pub cancelled: bool,
    /// The answers to its questions, in order.
    pub answers: Vec<Answered>,
}

/// An answered question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The question.
    pub question: String,
    /// The answer, who gave it and what was said with it.
    pub choice: Choice,
    /// When the answer was accepted.
    pub at: Moment,
}

/// A line that a script logs.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// `debug`, `info`, `warn` or `error`.
    pub level: Level,
    /// The text.
    pub text: String,
    /// Fields beside it; null where none.
    pub fields: Value,
}

/// How grave a logged line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the one who debugs.
    Debug,
    /// The usual.
    Info,
    /// Something to look at.
    Warn,
    /// Something went wrong.
    Error,
}

/// A request that suspends the strand until it is answered.
pub enum Ask {
    /// Outside work, recorded.
    Effect(Box<Effect>),
    /// A timer: `sleep`, `sleep_until`.
    Sleep(Until),
    /// `wait_signal`.
    WaitSignal {
        /// The names, any of which will do.
        names: Vec<String>,
        /// Whether a list was given: then the answer says which.
        listed: bool,
        /// After so many milliseconds it gives up.
        timeout_ms: Option<i64>,
        /// What it then gives.
        otherwise: Value,
    },
    /// `wait_until`.
    WaitUntil {
        /// Tested whenever all strands are blocked.
        predicate: Closure,
        /// After so many milliseconds it gives up.
        timeout_ms: Option<i64>,
    },
    /// A strand that the script starts: begun at once, it runs when this one is blocked.
    Strand(Box<Start>),
    /// A command that is started and not waited for; any that has an outcome.
    Started {
        /// The command.
        ask: Box<Ask>,
        /// Its handle.
        handle: Handle,
    },
    /// Waits until all of these have ended or one has failed; the answer is null.
    JoinAll(Vec<Handle>),
    /// Waits until one of these has ended; the answer is its index, the lowest of those that have.
    Select(Vec<Handle>),
    /// Waits until a member of the group has ended.
    NextOf(Group),
    /// Ends what the handle is of, where it has not ended: a strand is raised `cancelled` in, with those that it started.
    Cancel(Handle),
    /// `wait_token`.
    WaitToken {
        /// One of the run's own tokens.
        token: String,
        /// After so many milliseconds it gives up.
        timeout_ms: Option<i64>,
        /// What it then gives; without it, giving up is an error.
        otherwise: Option<Value>,
    },
    /// `with_lock`: asks for the lock; the answer is the number of the command.
    Lock {
        /// Its name.
        name: String,
        /// After so many milliseconds it gives up.
        timeout_ms: Option<i64>,
    },
    /// The closure of `with_lock` has ended; never refused.
    Unlock {
        /// The command that asked for the lock.
        op: OpId,
        /// Whether an error left it.
        threw: bool,
    },
    /// `on_undo`: registers a closure that takes back what comes after it.
    OnUndo(Closure),
    /// `undo`: runs what is registered, newest first.
    Undo,
    /// Something said to another run, through the store.
    Dispatch(Box<Dispatch>),
    /// The end of a child run.
    Child(ChildRun),
    /// `restart_with`: this history ends, the next begins with this input. Never answered, but where it is refused.
    Restart(Value),
    /// `ask`.
    Question(Box<Question>),
    /// Inside a body: a process, at once and unrecorded.
    Direct(Box<Effect>),
}

/// What is said to another run, or done with it. It is recorded once the store has it, and a crash does not repeat it.
#[derive(Debug, Clone, PartialEq)]
pub enum Dispatch {
    /// A signal to the run of that id.
    Signal {
        /// The id.
        to: String,
        /// The signal's name.
        name: String,
        /// What is sent with it.
        payload: Value,
    },
    /// Another run is recorded as a child of this one.
    StartChild(StartChild),
    /// A child is asked to end.
    CancelChild {
        /// Its id.
        run: String,
    },
}

/// A child run as a script asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct StartChild {
    /// The file of its script, relative to the folder of this one.
    pub file: String,
    /// What it is started with.
    pub input: Value,
    /// The id given to it; without one it is made of this run's and the command's.
    pub id: Option<RunId>,
    /// Its own time-out in milliseconds.
    pub timeout_ms: Option<i64>,
    /// What becomes of it when this run closes.
    pub on_close: OnParentClose,
}

/// A child run that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRun {
    /// The command that started it.
    pub start: OpId,
    /// Its id.
    pub run: String,
    /// Whether it goes on by itself whatever becomes of its parent.
    pub abandoned: bool,
}

/// A question to a person.
pub struct Question {
    /// The question.
    pub text: String,
    /// The name that it is known under, in place of its text.
    pub name: Option<String>,
    /// What may be answered; never empty.
    pub choices: Vec<String>,
    /// A value shown beside it; null where none was given.
    pub show: Value,
    /// After so many milliseconds nobody waits for the answer any more.
    pub timeout_ms: Option<i64>,
    /// What it then gives; without it, that is an error.
    pub otherwise: Option<Value>,
    /// After how many milliseconds its reader is reminded, again and again.
    pub remind_ms: Option<i64>,
    /// How its reader is told; without it, reminders are lines of the run's log.
    pub notice: Option<Notice>,
}

/// A message to whoever should answer: outside work beside the question.
#[derive(Clone)]
pub struct Notice {
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input.
    pub input: Value,
    /// How it is to be done. Its commands are those that answer, but for the number of the question.
    pub options: Box<EffectOptions>,
}

/// When a timer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// So many milliseconds after now.
    After(i64),
    /// At an instant.
    At(Moment),
}

/// Outside work that a script asks for.
pub struct Effect {
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input: an activity's argument, or the argv and options of a process.
    pub input: Value,
    /// How it is to be done.
    pub options: Box<EffectOptions>,
    /// The function or closure of the script that does it, where one does.
    pub body: Option<Body>,
    /// The closure that tells whether an at-most-once effect happened, where one was given.
    pub probe: Option<Body>,
    /// The closure that takes it back once it has completed, where one was given.
    pub undo: Option<Closure>,
}

/// A request and the place in the script that makes it.
pub struct Asked {
    /// What is asked.
    pub ask: Ask,
    /// The line, where known.
    pub line: Option<u32>,
}

/// Why a strand ended without a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Thrown {
    /// An error left it.
    Failure(Failure),
    /// The script is mistaken: it cannot go on as written.
    Fault(Box<Stuck>),
}
