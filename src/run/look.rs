//! Looking at a run: replayed with its own text, it shows the variables at the calls in which its strands wait. Nothing is recorded.

use super::replay::{ReplayError, Replayed, replay};
use super::run::{Charter, Run};
use super::strands::StrandNo;
use crate::history::{Entry, Fact, Failure, RunEnd, Seq, Stuck};
use crate::script::{Frame, Interpreter, Lens, Script, Sight, Source};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The operations of the interpreter that one stretch may take in a look: 2 million.
const LOOK_OPERATIONS: u64 = 2_000_000;
/// The most strands that are looked at.
const MOST_SEEN: usize = 1_000;

/// Where a strand stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standpoint {
    /// The name given to it.
    pub strand: Option<String>,
    /// The line of the call that it waits in, or in which it came to its end; nothing where it is not known.
    pub line: Option<u32>,
    /// The variables in scope, of the outermost call first: line and variables.
    pub frames: Vec<(u32, Vec<(String, Sight)>)>,
}

/// Why nothing is seen.
#[derive(Debug, Clone, PartialEq)]
pub enum LookError {
    /// The text does not compile, or there is no memory for a strand.
    Engine(String),
    /// The script computes for longer than a look takes.
    Long(Box<Stuck>),
}

/// Looks at a run with this history: where each strand waits, or, where it is stuck or has ended, where it was last.
///
/// # Errors
/// [`LookError`].
pub fn look(source: Source, charter: &Charter, history: &[Entry]) -> Result<Vec<Standpoint>, LookError> {
    let (interpreter, lens) = Interpreter::looking();
    let script =
        Script::compile(&interpreter, source).map_err(|error| LookError::Engine(error.to_string()))?;
    let _first = replayed(&interpreter, &script, charter, history)?;
    let failure = history.last().and_then(|entry| failure_of(&entry.fact));
    lens.open(failure.is_some_and(|failure| failure.data.contains_key("item")));
    let line = match replayed(&interpreter, &script, charter, history)? {
        Ok(run) => {
            let waiting = run.standpoints(&lens);
            if !waiting.is_empty() {
                return Ok(waiting);
            }
            failure.and_then(Failure::raised_line)
        }
        Err(stuck) => stuck.line,
    };
    let last = lens.stopped(line);
    let line = last.last().map(|frame| frame.line);
    let last = Standpoint { strand: None, line, frames: shown(last) };
    Ok(if last.frames.is_empty() { Vec::new() } else { vec![last] })
}

/// Whose the entries are, as far as the script fits its history: of the command that one ended the strand, where that has a name; of
/// a reminder its question.
pub fn whose(
    interpreter: &Interpreter,
    script: &Rc<Script>,
    charter: &Charter,
    history: &[Entry],
) -> BTreeMap<Seq, String> {
    let mut run = Run::new(interpreter, Rc::clone(script), charter.clone()).limited(LOOK_OPERATIONS);
    let (mut replayed, mut names) = (Replayed::default(), BTreeMap::new());
    for (number, entry) in (0..).zip(history) {
        let op = entry.fact.outcome_of().map(|(op, _)| op);
        let strand = |op| replayed.open.get(&op)?.strand.clone();
        if let Some(name) = op.and_then(|op| run.question_of(op).or_else(|| strand(op))) {
            names.insert(Seq(number), name);
        }
        if replay(&mut run, &mut replayed, std::slice::from_ref(entry), |_, _| ()).is_err() {
            break;
        }
    }
    names
}

/// The failure that ended a run.
fn failure_of(last: &Fact) -> Option<&Failure> {
    let Fact::RunEnded(ended) = last else { return None };
    let RunEnd::Failed { failure } = &ended.end else { return None };
    Some(failure)
}

/// The run behind its history, or why its script cannot go on.
fn replayed(
    interpreter: &Interpreter,
    script: &Rc<Script>,
    charter: &Charter,
    history: &[Entry],
) -> Result<Result<Run, Box<Stuck>>, LookError> {
    let mut run = Run::new(interpreter, Rc::clone(script), charter.clone()).limited(LOOK_OPERATIONS);
    match replay(&mut run, &mut Replayed::default(), history, |_, _| ()) {
        Ok(()) => Ok(Ok(run)),
        Err(ReplayError::Stuck { stuck, .. }) if run.is_out_of_operations() => Err(LookError::Long(stuck)),
        Err(ReplayError::Stuck { stuck, .. }) => Ok(Err(stuck)),
        Err(ReplayError::NoMemory(message)) => Err(LookError::Engine(message)),
    }
}

fn shown(frames: Vec<Frame>) -> Vec<(u32, Vec<(String, Sight)>)> {
    frames.into_iter().map(|frame| (frame.line, frame.variables)).collect()
}

impl Run {
    /// The same with fewer operations for each of its stretches.
    fn limited(self, operations: u64) -> Self {
        Self { operations, ..self }
    }

    /// Whether its last stretch had no operations left.
    fn is_out_of_operations(&self) -> bool {
        self.meter.is_empty()
    }

    /// Something was delivered.
    pub(super) fn look_anew(&self) {
        if let Some(lens) = self.interpreter.lens() {
            lens.delivers();
        }
    }

    /// A strand goes on.
    pub(super) fn look_at(&self, no: StrandNo) {
        if let Some(lens) = self.interpreter.lens()
            && let Some(slot) = self.strands.get(&no)
        {
            lens.goes_on(slot.strand.serial());
        }
    }

    /// All strands have ended: those that begin now are not where the script was last.
    pub(super) fn look_stays(&self) {
        if let Some(lens) = self.interpreter.lens() {
            lens.ended();
        }
    }

    fn standpoints(&self, lens: &Lens) -> Vec<Standpoint> {
        let seen = self.strands.values().take(MOST_SEEN).map(|slot| Standpoint {
            strand: slot.name().map(str::to_owned),
            line: slot.line,
            frames: shown(lens.frames(slot.strand.serial(), slot.line)),
        });
        seen.collect()
    }
}
