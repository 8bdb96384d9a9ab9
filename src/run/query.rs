//! Queries: a function of history and inbox, answered by replaying, in any process, at any time.

use super::next_input::{Arrived, NextInput, next_input};
use super::replay::{ReplayError, Replayed, replay};
use super::run::{Charter, Run};
use super::updating::Judged;
use crate::history::{Entry, Failure, Message, MessageBody, Moment, OpId, Stuck, Value};
use crate::script::{Interpreter, Script, Thrown};
use std::rc::Rc;

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryError {
    /// The script has registered no query of that name so far.
    Unknown {
        /// Those that it has registered.
        known: Vec<String>,
    },
    /// The query threw.
    Failed(Failure),
    /// The query is mistaken, or the script does not fit its history from the first entry on.
    Stuck(Box<Stuck>),
    /// No memory for another strand.
    NoMemory(String),
}

/// What is known of a run at one instant, from one reading of the store.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its entries.
    pub history: &'a [Entry],
    /// Messages that were accepted and not delivered.
    pub inbox: &'a [Message],
    /// The time, for the timers that are due.
    pub now: Moment,
}

/// Asks a run: its history, then what waits in its inbox and the timers due by now, in order. Nothing is recorded.
///
/// Where the script faults at an entry, the answer is from the last good step; where a captured variable of the query is held by a
/// suspended call, from the latest earlier step at which it was free.
///
/// # Errors
/// [`QueryError`] where there is no such query, or it throws.
pub fn query(
    interpreter: &Interpreter,
    script: &Rc<Script>,
    charter: &Charter,
    seen: Seen<'_>,
    name: &str,
    argument: &Value,
) -> Result<Value, QueryError> {
    let Seen { history, inbox, now } = seen;
    let mut entries = history.to_vec();
    let mut run = Run::new(interpreter, Rc::clone(script), charter.clone());
    let mut replayed = Replayed::default();
    // The last step that was good and left the query's captures free.
    let mut free_after = 0;
    let mut note = |run: &Run, count: u32| {
        if !run.query_is_held(name) {
            free_after = count;
        }
    };
    let mut outcome = replay(&mut run, &mut replayed, &entries, &mut note);
    if outcome.is_ok() && replayed.recorded_end.is_none() {
        outcome = deliver_waiting(&mut run, &mut replayed, &mut entries, inbox, now, &mut note);
    }
    let broke_off = match outcome {
        Ok(()) => false,
        Err(ReplayError::Stuck { at, stuck }) if at.0 == 0 => return Err(QueryError::Stuck(stuck)),
        Err(ReplayError::Stuck { .. }) => true,
        Err(ReplayError::NoMemory(message)) => return Err(QueryError::NoMemory(message)),
    };
    if broke_off || run.query_is_held(name) {
        run = again(interpreter, script, charter, &entries, free_after)?;
    }
    run.answer(name, argument)
}

/// Replays the first entries once more.
fn again(
    interpreter: &Interpreter,
    script: &Rc<Script>,
    charter: &Charter,
    entries: &[Entry],
    count: u32,
) -> Result<Run, QueryError> {
    let mut run = Run::new(interpreter, Rc::clone(script), charter.clone());
    let first = entries.get(..usize::try_from(count).unwrap_or(usize::MAX)).unwrap_or(entries);
    match replay(&mut run, &mut Replayed::default(), first, |_, _| ()) {
        Ok(()) => Ok(run),
        Err(ReplayError::Stuck { stuck, .. }) => Err(QueryError::Stuck(stuck)),
        Err(ReplayError::NoMemory(message)) => Err(QueryError::NoMemory(message)),
    }
}

/// Delivers what waits, in the order in which an executor would, and keeps the entries that would be.
fn deliver_waiting(
    run: &mut Run,
    replayed: &mut Replayed,
    entries: &mut Vec<Entry>,
    inbox: &[Message],
    now: Moment,
    note: &mut impl FnMut(&Run, u32),
) -> Result<(), ReplayError> {
    let mut waiting = inbox.to_vec();
    loop {
        let timers: Vec<(OpId, Moment)> = super::replay::timers(&replayed.open).collect();
        let held = run.held_updates();
        let outcomes = std::iter::empty::<(OpId, Moment)>();
        let arrived = Arrived { inbox: &waiting, timers: timers.as_slice(), outcomes, held_updates: &held };
        if replayed.end.is_some() || replayed.restart.is_some() || entries.is_empty() {
            return Ok(());
        }
        let fact = match next_input(arrived, now, run.takes_signals()) {
            Some(NextInput::Message(place)) => {
                let message = waiting.remove(place);
                if let MessageBody::Update { name, argument } = &message.body
                    && run.judge(name, argument) != Judged::Accepted
                {
                    continue;
                }
                crate::history::Fact::of_message(&message)
            }
            Some(NextInput::Timer(place)) => match timers.get(place) {
                Some((op, due)) => match replayed.open.get(op) {
                    Some(command) => crate::history::Fact::of_timer(*op, &command.label, *due),
                    None => return Ok(()),
                },
                None => return Ok(()),
            },
            Some(NextInput::Outcome(_)) | None => return Ok(()),
        };
        let entry = Entry { at: run.now().max(now), fact };
        entries.push(entry.clone());
        replay(run, replayed, &[entry], &mut *note)?;
    }
}

impl Run {
    /// Whether a variable that the query captures is held by a suspended call.
    fn query_is_held(&self, name: &str) -> bool {
        self.world.state.borrow().queries.get(name).is_some_and(crate::script::Closure::is_held)
    }

    /// The names of the queries that the script has registered so far.
    pub fn query_names(&self) -> Vec<String> {
        self.world.state.borrow().queries.keys().cloned().collect()
    }

    /// Answers a query from where the run stands.
    ///
    /// # Errors
    /// [`QueryError`] where there is no such query, or it throws.
    pub fn answer(&self, name: &str, argument: &Value) -> Result<Value, QueryError> {
        let handler = self.world.state.borrow().queries.get(name).cloned();
        let Some(handler) = handler else {
            return Err(QueryError::Unknown { known: self.query_names() });
        };
        self.read(&handler, Some(argument)).map_err(|thrown| match thrown {
            Thrown::Failure(failure) => QueryError::Failed(failure),
            Thrown::Fault(stuck) => QueryError::Stuck(stuck),
        })
    }
}
