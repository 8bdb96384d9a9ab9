//! The door between the language of tests and what executes runs for it.

use crate::history::{CommandLabel, Failure, Moment, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A run that a test asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The script, relative to the folder of the test; without one, that which the test's file is named after.
    pub script: Option<String>,
    /// What it is started with.
    pub input: Value,
    /// Its id.
    pub id: Option<String>,
    /// Its own time-out in milliseconds.
    pub timeout_ms: Option<i64>,
    /// The environment that it records.
    pub environment: BTreeMap<String, String>,
    /// When it begins, where that is later than now.
    pub at: Option<Moment>,
}

/// An attempt that the world is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The run's id.
    pub run: String,
    /// The run's generation.
    pub generation: u32,
    /// The number of the command.
    pub op: u32,
    /// How many calls of this label the attempt has made before: a body may call outside more than once.
    pub nth: u32,
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input.
    pub input: Value,
    /// From 1.
    pub attempt: u32,
    /// Its idempotency key.
    pub key: String,
    /// When it began.
    pub at: Moment,
}

/// What the world answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Play {
    /// After how many milliseconds; never, where nothing is said.
    pub after_ms: Option<i64>,
    /// A value, or why not.
    pub result: Result<Value, Failure>,
    /// Of a failure: whether no other attempt is made.
    pub permanent: bool,
}

/// What somebody says to a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Say {
    /// A signal.
    Signal {
        /// Its name.
        name: String,
        /// What is sent with it.
        payload: Value,
    },
    /// An update; its answer is told with the run.
    Update {
        /// Its name.
        name: String,
        /// What is sent with it.
        argument: Value,
    },
    /// The answer to the question that is open.
    Answer {
        /// What is chosen.
        choice: String,
        /// Who chooses.
        who: String,
        /// What is said with it.
        note: String,
    },
    /// The token that is waited for stands for this value.
    Resolve(Value),
    /// The token that is waited for is rejected.
    Reject(String),
    /// It is to end.
    Cancel {
        /// The reason given.
        reason: String,
    },
}

/// How a run stands, as the test may look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// `completed`, `failed`, `waiting` …
    pub status: String,
    /// All that can be read of it, by name.
    pub fields: BTreeMap<String, Value>,
}

/// Why a stage cannot go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// A code of errors.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The place in a script, where it has one.
    pub place: Option<Box<Spot>>,
}

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file as it is called.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1, where known.
    pub column: Option<u32>,
}

impl Trouble {
    /// Trouble without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, place: None }
    }

    /// With something to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Who plays the world.
pub trait Cast {
    /// Whether a mock stands in for the command, also where the script has a function for it.
    fn plays(&self, label: &CommandLabel) -> bool;
    /// What an attempt comes to.
    ///
    /// # Errors
    /// [`Trouble`] where no mock stands in for it, or the mock itself is mistaken: the test has failed.
    fn answer(&self, call: &Call) -> Result<Play, Trouble>;
    /// The moment of this cue has come.
    ///
    /// # Errors
    /// [`Trouble`] where what the test does then goes wrong: the test has failed.
    fn cue(&self, cue: usize) -> Result<(), Trouble>;
    /// The next cue that is due at or before a moment; each is given once, the earliest first.
    fn next_cue(&self) -> Option<(Moment, usize)>;
}

/// Where runs are played, each test on a stage of its own.
pub trait Stage {
    /// What time it is.
    fn now(&self) -> Moment;
    /// Lets time pass while no run is played.
    fn pass(&self, ms: i64);
    /// Records a run; gives its number among the runs of the test.
    ///
    /// # Errors
    /// [`Trouble`] where there is no such script, or it does not take the input.
    fn begin(&self, plan: &Plan) -> Result<usize, Trouble>;
    /// Plays it to its end, until a moment, or until nothing more can happen to it.
    ///
    /// # Errors
    /// [`Trouble`] of the cast, or where the run does not come to an end.
    fn play(&self, run: usize, until: Option<Moment>, cast: Rc<dyn Cast>) -> Result<(), Trouble>;
    /// Says something to a run.
    ///
    /// # Errors
    /// [`Trouble`] where it cannot be said.
    fn say(&self, run: usize, say: &Say) -> Result<(), Trouble>;
    /// Asks a query.
    ///
    /// # Errors
    /// [`Trouble`] where it is not answered.
    fn query(&self, run: usize, name: &str, args: &Value) -> Result<Value, Trouble>;
    /// Whether the script of a run has that word, written out as a text of its own.
    fn writes(&self, run: usize, word: &str) -> bool;
    /// How a run stands.
    ///
    /// # Errors
    /// [`Trouble`] where the store fails.
    fn look(&self, run: usize) -> Result<Played, Trouble>;
}
