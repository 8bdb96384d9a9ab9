//! Whether a history fits a text: replayed against it, with what the run waits for.

use super::{Difference, Fit, Line, Misfit, Session};
use crate::history::{
    Entry, Moment, OpId, Patches, Pending, RunEnd, RunNo, RunRow, RunStart, Seq, Stuck, kind,
};
use crate::run::{Charter, Command, ReplayError, Replayed, Run, replay};
use crate::script::{Interpreter, Script, Source};
use crate::store::{Answer, Request, Snapshot, Store, StoreError};
use crate::worker::{LoadError, compile_program, load_history};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How often a run is read anew that begins its next generation meanwhile.
const MOST_READINGS: u32 = 5;

/// Replays a run's history, and what it waits for, against a text; writes nothing.
///
/// # Errors
/// [`Misfit`].
pub(super) fn fits(session: &Session, run: RunNo, source: Source) -> Result<Fit, Misfit> {
    let store = session.store().as_ref();
    let (snapshot, history) = read(store, run)?;
    let changed = source.program() != snapshot.start.program;
    let interpreter = Interpreter::new();
    let script: Rc<Script> =
        Script::compile(&interpreter, source).map_err(|error| Misfit::Engine(error.to_string()))?;
    let patches = upgraded(store, &interpreter, &snapshot.start, &script, snapshot.entries)?;
    let trial =
        Trial { store, interpreter: &interpreter, snapshot: &snapshot, history: &history, patches: &patches };
    let (mut replayed, goes_on) = trial.of(&script)?;
    replayed.count_anew(snapshot.row.generation, &snapshot.row.branches);
    let asked = asked(&replayed.open, session.now());
    Ok(Fit { entries: replayed.entries, changed, goes_on, patches, asked })
}

/// The named changes of a run with so many entries that would go on under a script.
pub(super) fn upgraded(
    store: &dyn Store,
    interpreter: &Interpreter,
    start: &RunStart,
    script: &Script,
    entries: Seq,
) -> Result<Patches, Misfit> {
    if script.patches().is_empty() {
        return Ok(Patches::default());
    }
    let old = compile_program(store, interpreter, &start.program).map_err(not_loaded)?;
    Ok(start.patches.upgraded(old.patches(), script.patches(), entries))
}

/// The pending rows of open commands. One that nobody has taken up yet is due now, so that whoever wakes runs does; what its
/// deadline is, whoever begins it knows.
pub(super) fn asked(open: &BTreeMap<OpId, Box<Command>>, now: Moment) -> Vec<Pending> {
    let row = |command: &Command| Pending { next_try: Some(now), deadline: None, ..command.row() };
    open.values().map(|command| row(command)).collect()
}

fn read(store: &dyn Store, run: RunNo) -> Result<(Snapshot, Vec<Entry>), Misfit> {
    let mut readings = 0;
    loop {
        let answer = store.ask(Request::Snapshot { run }).map_err(Misfit::Store)?;
        let Answer::Snapshot(snapshot) = answer else {
            return Err(Misfit::Store(StoreError::strange("a snapshot")));
        };
        if snapshot.entries == Seq(0) {
            return Ok((*snapshot, Vec::new()));
        }
        readings += 1;
        match load_history(store, &snapshot.row, snapshot.entries) {
            Ok((history, _)) => return Ok((*snapshot, history)),
            // Read while the next generation began.
            Err(LoadError::Record { .. }) if readings < MOST_READINGS => {}
            Err(error) => return Err(not_loaded(error)),
        }
    }
}

pub(super) fn not_loaded(error: LoadError) -> Misfit {
    match error {
        LoadError::Store(error) => Misfit::Store(error),
        error @ (LoadError::Record { .. } | LoadError::Syntax(_)) => Misfit::Engine(error.to_string()),
    }
}

/// What a run is, besides its script and its history.
pub(super) fn charter(row: &RunRow, start: &RunStart) -> Charter {
    Charter {
        id: row.id.to_string(),
        generation: row.generation,
        input: start.input.clone(),
        timeout_ms: start.timeout_ms,
        secret: start.secret,
        patches: start.patches.clone(),
        // What is only looked at or tried tells nobody.
        aim: "".into(),
    }
}

/// A history that is tried against a text.
struct Trial<'a> {
    store: &'a dyn Store,
    interpreter: &'a Interpreter,
    snapshot: &'a Snapshot,
    history: &'a [Entry],
    patches: &'a Patches,
}

impl Trial<'_> {
    /// What has become of the script behind the history, which fits, and whether a run that has ended would go on.
    fn of(&self, script: &Rc<Script>) -> Result<(Replayed, bool), Misfit> {
        let mut live = self.begun(script, self.patches);
        let mut replayed = Replayed::default();
        match replay(&mut live, &mut replayed, self.history, |_, _| ()) {
            Ok(()) => {}
            Err(ReplayError::Stuck { at, stuck }) => {
                return Err(Misfit::Differs(self.at_entry(script, &replayed, at, stuck)));
            }
            Err(ReplayError::NoMemory(message)) => return Err(Misfit::Engine(message)),
        }
        for pending in &self.snapshot.pending {
            live.check_pending(std::slice::from_ref(pending))
                .map_err(|stuck| Misfit::Differs(self.at_pending(script, &replayed, pending, stuck)))?;
        }
        // One that was terminated was not asked.
        let was_asked = !matches!(replayed.recorded_end, None | Some(RunEnd::Terminated { .. }));
        let goes_on = was_asked && replayed.end.is_none() && replayed.restart.is_none();
        Ok((replayed, goes_on))
    }

    fn begun(&self, script: &Rc<Script>, patches: &Patches) -> Run {
        let charter = charter(&self.snapshot.row, &self.snapshot.start);
        let charter = Charter { patches: patches.clone(), ..charter };
        Run::new(self.interpreter, Rc::clone(script), charter)
    }

    fn at_entry(&self, script: &Script, replayed: &Replayed, at: Seq, stuck: Box<Stuck>) -> Box<Difference> {
        let is_fault = stuck.kind == kind::FAULT;
        let mut difference = Difference::of(stuck, Some(at), script.source());
        let place = usize::try_from(at.0).unwrap_or(usize::MAX);
        let outcome = self.history.get(place).and_then(|entry| entry.fact.outcome_of());
        if let Some((op, label)) = outcome.filter(|_| !is_fault) {
            difference.op = Some(op);
            difference.recorded = Some(label.clone());
            difference.asked = replayed.open.get(&op).map(|command| command.label.clone());
            difference.old = self.old_line(op, self.history.get(..place).unwrap_or_default());
        }
        difference
    }

    fn at_pending(
        &self,
        script: &Script,
        replayed: &Replayed,
        pending: &Pending,
        stuck: Box<Stuck>,
    ) -> Box<Difference> {
        let mut difference = Difference::of(stuck, None, script.source());
        difference.op = Some(pending.op);
        difference.recorded = Some(pending.label.clone());
        difference.asked = replayed.open.get(&pending.op).map(|command| command.label.clone());
        difference.old = self.old_line(pending.op, self.history);
        difference
    }

    /// The line of the run's own text that has asked for a command that is open behind these entries.
    fn old_line(&self, op: OpId, entries: &[Entry]) -> Option<Line> {
        let script = compile_program(self.store, self.interpreter, &self.snapshot.start.program).ok()?;
        let mut live = self.begun(&script, &self.snapshot.start.patches);
        let mut replayed = Replayed::default();
        // Where it breaks off, it may have come far enough.
        let _broken = replay(&mut live, &mut replayed, entries, |_, _| ());
        let number = replayed.open.get(&op)?.line?;
        Line::of(&script.source().main, number)
    }
}
