//! Whether a history fits a text: replayed against it, with what the run waits for.

use super::{Fit, Misfit, Session};
use crate::history::{RunNo, Seq, Stuck};
use crate::run::{Charter, ReplayError, Replayed, Run, replay};
use crate::script::{Interpreter, Script, Source};
use crate::store::{Answer, Request, Snapshot, StoreError};
use crate::worker::{LoadError, load_history};
use std::rc::Rc;

/// Replays a run's history, and what it waits for, against a text; writes nothing.
///
/// # Errors
/// [`Misfit`].
pub(super) fn fits(session: &Session, run: RunNo, source: Source) -> Result<Fit, Misfit> {
    let store = session.store().as_ref();
    let answer = store.ask(Request::Snapshot { run }).map_err(Misfit::Store)?;
    let Answer::Snapshot(snapshot) = answer else {
        return Err(Misfit::Store(StoreError::strange("a snapshot")));
    };
    let Snapshot { row, start, entries, pending, .. } = *snapshot;
    let changed = source.program() != start.program;
    let history = if entries == Seq(0) {
        Vec::new()
    } else {
        load_history(store, &row, entries)
            .map_err(|error| match error {
                LoadError::Store(error) => Misfit::Store(error),
                error @ (LoadError::Record { .. } | LoadError::Syntax(_)) => {
                    Misfit::Engine(error.to_string())
                }
            })?
            .0
    };
    let interpreter = Interpreter::new();
    let script: Rc<Script> =
        Script::compile(&interpreter, source).map_err(|error| Misfit::Engine(error.to_string()))?;
    let charter = Charter {
        id: row.id.to_string(),
        generation: row.generation,
        input: start.input,
        timeout_ms: start.timeout_ms,
        secret: start.secret,
    };
    let mut live = Run::new(&interpreter, script, charter);
    let mut replayed = Replayed::default();
    replay(&mut live, &mut replayed, &history, |_, _| ()).map_err(|error| match error {
        ReplayError::Stuck { at, stuck } => Misfit::Differs(at_entry(stuck, at)),
        ReplayError::NoMemory(message) => Misfit::Engine(message),
    })?;
    live.check_pending(&pending).map_err(Misfit::Differs)?;
    Ok(Fit { entries: replayed.entries, changed })
}

/// The same with the entry at which it was found.
pub(super) fn at_entry(mut stuck: Box<Stuck>, at: Seq) -> Box<Stuck> {
    stuck.message = format!("at entry {at}: {}", stuck.message);
    stuck
}
