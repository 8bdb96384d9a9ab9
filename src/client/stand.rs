//! Where a script stands after the beginning of a history: replayed against a text, without writing anything.

use super::fit::{asked, charter, not_loaded, upgraded};
use super::{Difference, Misfit, Session};
use crate::history::{Entry, OpId, Patches, Pending, RunNo, RunStart, Seq};
use crate::run::{Charter, ReplayError, Replayed, Run, Undoing, replay};
use crate::script::{Interpreter, Script, Source};
use crate::store::{Answer, Request, StoreError};
use crate::worker::compile_program;
use std::rc::Rc;

/// Where a script stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    /// The number that its next command gets.
    pub next_op: OpId,
    /// The pending rows of the commands that it waits for.
    pub open: Vec<Pending>,
    /// Those of them that end after a time, which counts from when the script asked.
    pub counted: Vec<OpId>,
    /// The commands that hold a lock.
    pub held: Vec<OpId>,
    /// From which command on all are those of the `on_failure` handler, where that has begun.
    pub on_failure: Option<OpId>,
    /// What it has begun to take back.
    pub undone: Vec<Undoing>,
    /// What it would take back if it failed.
    pub to_be_undone: Vec<Undoing>,
    /// The entry of its last step and what that was, the first alone where it has only waited; nothing where undos have begun.
    pub last_step: Option<(Seq, Option<String>)>,
    /// Which named changes of the text hold from which entry on.
    pub patches: Patches,
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
    let kept = Seq(u32::try_from(entries.len()).unwrap_or(u32::MAX));
    let mut patches = snapshot.start.patches.kept(kept);
    let script = match source {
        Some(source) => {
            let script =
                Script::compile(&interpreter, source).map_err(|error| Misfit::Engine(error.to_string()))?;
            let start = RunStart { patches, ..snapshot.start.clone() };
            patches = upgraded(store, &interpreter, &start, &script, kept)?;
            script
        }
        None => compile_program(store, &interpreter, &snapshot.start.program).map_err(not_loaded)?,
    };
    let charter = Charter { patches: patches.clone(), ..charter(&snapshot.row, &snapshot.start) };
    let mut live = Run::new(&interpreter, Rc::clone(&script), charter);
    let mut replayed = Replayed::default();
    replay(&mut live, &mut replayed, entries, |_, _| ()).map_err(|error| match error {
        ReplayError::Stuck { at, stuck } => Misfit::Differs(Difference::of(stuck, Some(at), script.source())),
        ReplayError::NoMemory(message) => Misfit::Engine(message),
    })?;
    Ok(Stand {
        next_op: live.next_op(),
        open: asked(&replayed.open, session.now()),
        counted: replayed.open.values().filter(|it| it.is_counted()).map(|it| it.op).collect(),
        held: live.held_locks().collect(),
        on_failure: live.on_failure_op(),
        undone: live.undone_so_far().to_vec(),
        to_be_undone: live.to_be_undone(),
        last_step: live.trail().last_step(),
        patches,
    })
}
