//! Where a script stands after the beginning of a history: replayed against a text, without writing anything.

use super::{Misfit, Session};
use crate::history::{CommandLabel, Entry, OpId, RunNo};
use crate::run::{Charter, ReplayError, Replayed, Run, replay};
use crate::script::{Interpreter, Script, Source};
use crate::store::{Answer, Request, StoreError};
use crate::worker::{LoadError, compile_program};

/// Where a script stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The number that its next command gets.
    pub next_op: OpId,
    /// The commands that it waits for.
    pub open: Vec<(OpId, CommandLabel)>,
    /// The commands that hold a lock.
    pub held: Vec<OpId>,
}

/// Replays entries against a source, or against the text that the run has.
///
/// # Errors
/// [`Misfit`].
pub(super) fn stand(
    session: &Session,
    run: RunNo,
    entries: &[Entry],
    source: Option<Source>,
) -> Result<Stand, Misfit> {
    let store = session.store().as_ref();
    let Answer::Snapshot(snapshot) = store.ask(Request::Snapshot { run }).map_err(Misfit::Store)? else {
        return Err(Misfit::Store(StoreError::strange("a snapshot")));
    };
    let interpreter = Interpreter::new();
    let script = match source {
        Some(source) => {
            Script::compile(&interpreter, source).map_err(|error| Misfit::Engine(error.to_string()))?
        }
        None => {
            compile_program(store, &interpreter, &snapshot.start.program).map_err(|error| match error {
                LoadError::Store(error) => Misfit::Store(error),
                error @ (LoadError::Record { .. } | LoadError::Syntax(_)) => {
                    Misfit::Engine(error.to_string())
                }
            })?
        }
    };
    let charter = Charter {
        id: snapshot.row.id.to_string(),
        generation: snapshot.row.generation,
        input: snapshot.start.input,
        timeout_ms: snapshot.start.timeout_ms,
        secret: snapshot.start.secret,
    };
    let mut live = Run::new(&interpreter, script, charter);
    let mut replayed = Replayed::default();
    replay(&mut live, &mut replayed, entries, |_, _| ()).map_err(|error| match error {
        ReplayError::Stuck { at, stuck } => Misfit::Differs(super::fit::at_entry(stuck, at)),
        ReplayError::NoMemory(message) => Misfit::Engine(message),
    })?;
    Ok(Stand {
        next_op: live.next_op(),
        open: replayed.open.values().map(|command| (command.op, command.label.clone())).collect(),
        held: live.held_locks().collect(),
    })
}
