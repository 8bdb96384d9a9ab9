//! The cast of a test: its mocks answer attempts, its cues come at their moments, and every call is remembered.

use super::super::closure::Closure;
use super::super::diagnostics::located;
use super::super::program::Script;
use super::clues::{self, Fault};
use super::given::Given;
use super::heard::Heard;
use super::mock::{Answer, Mock, shown};
use super::stage::{Call, Cast, Play, Say, Stage, Trouble};
use crate::history::{CommandLabel, Failure, Moment, Value};
use rhai::{Dynamic, Engine, Map};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

/// A test that a file declares.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) body: Closure,
}

/// When a cue comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// So many milliseconds after the run began, or after now while one is played.
    After(i64),
    /// At an instant.
    At(Moment),
}

/// A cue: what the test does at a moment.
#[derive(Clone)]
struct Cue {
    at: Moment,
    what: What,
}

/// What is done at a cue.
#[derive(Clone)]
enum What {
    /// The closure is called with the run.
    Closure(Closure),
    /// A signal with its payload is sent.
    Signal(String, Value),
}

/// Which attempt of the world: an answer once given to it is given again after a crash.
type Attempted = (String, u32, u32, String, u32, u32);

/// Everything that one performance of a test file has.
pub(super) struct World {
    pub(super) stage: Rc<dyn Stage>,
    pub(super) engine: OnceCell<Weak<Engine>>,
    pub(super) script: OnceCell<Rc<Script>>,
    pub(super) tests: RefCell<Vec<Declared>>,
    pub(super) mocks: RefCell<Vec<Mock>>,
    pub(super) printed: RefCell<Vec<String>>,
    pub(super) calls: RefCell<Vec<Call>>,
    /// The number of assertions that held.
    pub(super) held: Cell<u32>,
    /// Whether a test is performed: only then there is a stage to play on.
    pub(super) performs: Cell<bool>,
    /// The run that is played now.
    pub(super) playing: Cell<Option<usize>>,
    /// The runs that were played, for the comparison of their ends.
    pub(super) runs: Cell<usize>,
    /// What failed inside a closure that the stage called, with its place.
    pub(super) fault: RefCell<Option<Fault>>,
    /// What answered which call, in order.
    pub(super) heard: RefCell<Vec<Heard>>,
    /// The mocks that answered, by their place.
    pub(super) used: RefCell<BTreeSet<usize>>,
    waiting: RefCell<Vec<(When, What)>>,
    cues: RefCell<Vec<Cue>>,
    answered: RefCell<BTreeMap<Attempted, (Moment, Play)>>,
    taken: RefCell<BTreeMap<usize, usize>>,
}

impl World {
    pub(super) fn new(stage: Rc<dyn Stage>) -> Rc<Self> {
        Rc::new(Self {
            stage,
            engine: OnceCell::new(),
            script: OnceCell::new(),
            tests: RefCell::default(),
            mocks: RefCell::default(),
            printed: RefCell::default(),
            calls: RefCell::default(),
            held: Cell::default(),
            performs: Cell::default(),
            playing: Cell::default(),
            runs: Cell::default(),
            fault: RefCell::default(),
            heard: RefCell::default(),
            used: RefCell::default(),
            waiting: RefCell::default(),
            cues: RefCell::default(),
            answered: RefCell::default(),
            taken: RefCell::default(),
        })
    }

    /// The closure is called with the run at a moment: of the next run, or of the one that is played.
    pub(super) fn schedule(&self, when: When, closure: Closure) {
        self.plan(when, What::Closure(closure));
    }

    /// A signal is sent at a moment.
    pub(super) fn deliver(&self, when: When, name: &str, payload: &Value) {
        self.plan(when, What::Signal(name.to_owned(), payload.clone()));
    }

    fn plan(&self, when: When, what: What) {
        if self.playing.get().is_some() {
            self.cues.borrow_mut().push(Cue { at: self.moment(when), what });
        } else {
            self.waiting.borrow_mut().push((when, what));
        }
    }

    /// The cues that wait for a run are those of this one.
    pub(super) fn run_begins(&self) {
        let waiting = self.waiting.take();
        let cues = waiting.into_iter().map(|(when, what)| Cue { at: self.moment(when), what });
        self.cues.replace(cues.collect());
    }

    pub(super) fn moment(&self, when: When) -> Moment {
        match when {
            When::After(ms) => self.stage.now().plus_ms(ms),
            When::At(at) => at,
        }
    }

    /// Calls a closure of the test.
    fn call(&self, closure: &Closure, arguments: Vec<Dynamic>) -> Result<Dynamic, Thrown> {
        let (Some(engine), Some(script)) = (self.engine.get().and_then(Weak::upgrade), self.script.get())
        else {
            return Err(Thrown::Trouble(Trouble::new("D1403", "the test is over")));
        };
        closure.call(&engine, arguments).map_err(|error| {
            let (_, inner) = located(&error, script);
            if let rhai::EvalAltResult::ErrorRuntime(value, _) = inner {
                let failure = Failure::from_value(
                    super::super::convert::to_value(value)
                        .unwrap_or_else(|refused| refused.failure().to_value()),
                );
                if failure.kind != clues::TEST {
                    return Thrown::Failure(failure);
                }
            }
            let fault = clues::fault(&error, script);
            let trouble = Trouble::new(fault.code, fault.message.clone());
            self.fault.borrow_mut().get_or_insert(fault);
            Thrown::Trouble(trouble)
        })
    }

    /// What an answer means for an attempt.
    fn play(&self, mock: usize, answer: &Answer, call: &Call) -> Result<Play, Trouble> {
        Ok(match answer {
            Answer::Value(value) => Play { after_ms: Some(0), result: Ok(value.clone()), permanent: false },
            Answer::Fails(failure, permanent) => {
                Play { after_ms: Some(0), result: Err(failure.clone()), permanent: *permanent }
            }
            Answer::Never => Play { after_ms: None, result: Ok(Value::Null), permanent: false },
            Answer::After(ms, answer) => {
                let play = self.play(mock, answer, call)?;
                Play { after_ms: play.after_ms.map(|later| later.saturating_add(*ms)), ..play }
            }
            Answer::Each(answers) => {
                let mut taken = self.taken.borrow_mut();
                let next = taken.entry(mock).or_default();
                let place = (*next).min(answers.len().saturating_sub(1));
                *next += 1;
                drop(taken);
                match answers.get(place) {
                    Some(answer) => self.play(mock, answer, call)?,
                    None => Play { after_ms: Some(0), result: Ok(Value::Null), permanent: false },
                }
            }
            Answer::Closure(closure) => {
                let arguments = vec![Given::input(call), described(call).into()];
                match self.call(closure, arguments) {
                    Ok(value) => {
                        let answer = Answer::plain(&value).map_err(|message| {
                            Trouble::new("D1403", format!("mock(\"{}\"): {message}", shown(&call.label)))
                        })?;
                        self.play(mock, &answer, call)?
                    }
                    Err(Thrown::Trouble(trouble)) => return Err(trouble),
                    Err(Thrown::Failure(failure)) => {
                        let permanent = failure.kind == crate::history::kind::FAILURE;
                        Play { after_ms: Some(0), result: Err(failure), permanent }
                    }
                }
            }
        })
    }

    /// The runs that were called for an attempt, once each, with the number of attempts.
    fn remember(&self, call: &Call) {
        let mut calls = self.calls.borrow_mut();
        let same = |known: &&mut Call| {
            (&known.run, known.generation, known.op, known.nth)
                == (&call.run, call.generation, call.op, call.nth)
                && known.label == call.label
        };
        match calls.iter_mut().find(same) {
            Some(known) => known.attempt = known.attempt.max(call.attempt),
            None => calls.push(call.clone()),
        }
    }
}

/// What a closure of the test threw.
enum Thrown {
    /// A failure that the mock means.
    Failure(Failure),
    /// A mistake of the test, or an assertion that did not hold.
    Trouble(Trouble),
}

/// The second argument of a mock's closure.
fn described(call: &Call) -> Map {
    let mut map = Map::new();
    map.insert("name".into(), call.label.name.clone().into());
    map.insert("kind".into(), call.label.kind.word().into());
    map.insert("attempt".into(), i64::from(call.attempt).into());
    map.insert("key".into(), call.key.clone().into());
    map.insert("run".into(), call.run.clone().into());
    map
}

impl Cast for World {
    fn plays(&self, label: &CommandLabel) -> bool {
        self.mocks.borrow().iter().any(|mock| mock.is_of(label))
    }

    fn answer(&self, call: &Call) -> Result<Play, Trouble> {
        self.remember(call);
        let key =
            (call.run.clone(), call.generation, call.op, call.label.to_string(), call.nth, call.attempt);
        if let Some((began, play)) = self.answered.borrow().get(&key) {
            // The world goes on while a process is dead: what it began then comes at the time at which it would have come.
            let since = call.at.since_ms(*began);
            let after_ms = play.after_ms.map(|after| after.saturating_sub(since).max(0));
            return Ok(Play { after_ms, ..play.clone() });
        }
        let found = {
            let mocks = self.mocks.borrow();
            // What was said last holds.
            mocks
                .iter()
                .enumerate()
                .rev()
                .find(|(_, mock)| mock.is_of(&call.label))
                .map(|(n, mock)| (n, mock.clone()))
        };
        let Some((nth, mock)) = found else {
            let name = shown(&call.label);
            return Err(Trouble::new("D1402", format!("nothing stands in for {name}"))
                .hint(format!("mock(\"{}\", …) says what it gives", name.replace('"', "\\\""))));
        };
        self.used.borrow_mut().insert(nth);
        let play = self.play(nth, &mock.answer, call)?;
        self.heard.borrow_mut().push(Heard::of(call, &mock, &play));
        self.answered.borrow_mut().insert(key, (call.at, play.clone()));
        Ok(play)
    }

    fn cue(&self, cue: usize) -> Result<(), Trouble> {
        let Some(found) = self.cues.borrow().get(cue).cloned() else { return Ok(()) };
        if let Some(cue) = self.cues.borrow_mut().get_mut(cue) {
            cue.at = Moment::MAX;
        }
        let Some(run) = self.playing.get() else { return Ok(()) };
        let closure = match found.what {
            What::Signal(name, payload) => return self.stage.say(run, &Say::Signal { name, payload }),
            What::Closure(closure) => closure,
        };
        match self.call(&closure, vec![Dynamic::from(super::played::Handle { run })]) {
            Ok(_) => Ok(()),
            Err(Thrown::Trouble(trouble)) => Err(trouble),
            Err(Thrown::Failure(failure)) => Err(Trouble::new("D1403", failure.message)),
        }
    }

    fn next_cue(&self) -> Option<(Moment, usize)> {
        let cues = self.cues.borrow();
        let open = cues.iter().enumerate().filter(|(_, cue)| cue.at < Moment::MAX);
        open.map(|(place, cue)| (cue.at, place)).min()
    }
}
