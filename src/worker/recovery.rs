//! Recovery: a run's history is read, verified and replayed, and its pending commands are taken up again.

use super::attempt::Attempt;
use super::beginning::Beginning;
use super::executing::{Executing, Phase};
use super::progress::{CutOff, Progress};
use super::worker::{Worker, WorkerError};
use crate::history::{
    Checksum, Entry, Pending, Program, Record, RecordError, RunNo, RunRow, RunStart, Seq, StoredStatus,
};
use crate::run::{Charter, Command, ReplayError, Replayed, Run, Work, replay_whole};
use crate::script::{Interpreter, Script, Source, SyntaxError};
use crate::store::{Answer, Request, Snapshot, Store, StoreError};
use std::borrow::Cow;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Why a run cannot be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry is not what was written.
    #[error("entry {seq} of run {id}: {error}")]
    Record {
        /// The run's name.
        id: String,
        /// The entry.
        seq: Seq,
        /// What is wrong with it.
        error: RecordError,
    },
    /// The pinned script does not compile: another version of durun accepted it.
    #[error("the pinned script of the run does not compile: {0}")]
    Syntax(#[from] SyntaxError),
}

/// Reads and verifies a run's entries up to `until`.
///
/// # Errors
/// [`LoadError`] where the store fails or an entry is damaged.
pub fn load_history(
    store: &dyn Store,
    row: &RunRow,
    until: Seq,
) -> Result<(Vec<Entry>, Checksum), LoadError> {
    load_behind(store, row, until, &[])
}

/// The same, where the first entries are at hand.
fn load_behind(
    store: &dyn Store,
    row: &RunRow,
    until: Seq,
    first: &[Record],
) -> Result<(Vec<Entry>, Checksum), LoadError> {
    let mut entries = Vec::new();
    let mut checksum = Checksum::first(row.history_no());
    let mut from = Seq(0);
    while from < until {
        let mut records = Cow::Borrowed(first);
        if from > Seq(0) || first.is_empty() {
            let Answer::Records(more) = store.ask(Request::History { run: row.no, from, until })? else {
                return Err(StoreError::strange("a history").into());
            };
            records = Cow::Owned(more);
        }
        if records.is_empty() {
            let what = format!("entry {from} of run {} is missing", row.id);
            return Err(StoreError::Corrupt { path: "store.redb".to_owned(), what }.into());
        }
        for record in records.iter() {
            let damaged = |error| LoadError::Record { id: row.id.to_string(), seq: from, error };
            let (entry, next) = record.open(checksum).map_err(damaged)?;
            entries.push(entry);
            checksum = next;
            from = from.next();
        }
    }
    Ok((entries, checksum))
}

/// The history of a snapshot.
fn load_snapshot(store: &dyn Store, snapshot: &Snapshot) -> Result<(Vec<Entry>, Checksum), LoadError> {
    load_behind(store, &snapshot.row, snapshot.entries, &snapshot.first)
}

/// Compiles the pinned texts of a program.
///
/// # Errors
/// [`LoadError`] where the store lacks a text, or one does not compile.
pub fn compile_program(
    store: &dyn Store,
    interpreter: &Interpreter,
    program: &Program,
) -> Result<Rc<Script>, LoadError> {
    let text = |hash| {
        let Answer::Script(text) = store.ask(Request::Script { hash })? else {
            return Err(StoreError::strange("a script"));
        };
        Ok(text)
    };
    let mut source = Source {
        path: program.path.clone(),
        main: text(program.main)?,
        modules: std::collections::BTreeMap::new(),
    };
    for (path, hash) in &program.modules {
        source.modules.insert(path.clone(), text(*hash)?);
    }
    Ok(Script::compile(interpreter, source)?)
}

pub(super) fn charter(run: &Executing) -> Charter {
    Charter {
        id: run.id.to_string(),
        generation: run.generation,
        input: run.start.input.clone(),
        timeout_ms: run.start.timeout_ms,
        secret: run.start.secret,
        patches: run.start.patches.clone(),
        aim: Arc::clone(&run.aim),
    }
}

impl Worker {
    /// Takes up a run that this process has claimed.
    ///
    /// # Errors
    /// [`WorkerError`] where it cannot be loaded; it stays as it is.
    pub fn adopt(&mut self, no: RunNo, epoch: u64) -> Result<(), WorkerError> {
        let snapshot = self.snapshot(no)?;
        self.adopt_as(snapshot, epoch)
    }

    /// Takes up runs that this process has claimed, all read in one call; what became of each.
    pub(super) fn adopt_all(&mut self, claimed: &[(RunNo, u64)]) -> Vec<Result<(), WorkerError>> {
        let asked = claimed.iter().map(|(run, _)| Request::Snapshot { run: *run }).collect();
        let answers = self.store.call(asked).into_iter();
        let adopt = |(answer, (_, epoch)): (_, &(RunNo, u64))| match answer {
            Ok(Answer::Snapshot(snapshot)) => self.adopt_as(snapshot, *epoch),
            Ok(_) => Err(StoreError::strange("a snapshot").into()),
            Err(error) => Err(WorkerError::Store(error)),
        };
        answers.zip(claimed).map(adopt).collect()
    }

    fn adopt_as(&mut self, mut snapshot: Box<Snapshot>, epoch: u64) -> Result<(), WorkerError> {
        let no = snapshot.row.no;
        let program = &snapshot.start.program;
        let compile = || compile_program(self.store.as_ref(), &self.interpreter, program);
        let script = super::shelf::compiled(program, compile)?;
        let activities = self.foreign(&snapshot.start, script.source());
        if !activities.is_empty() {
            return Err(WorkerError::Foreign { id: snapshot.row.id.clone(), activities });
        }
        let config = self.settings.configs.read_or_last(Path::new(&snapshot.start.program.path))?;
        // Runs of several folders share the process: the first to come says how much it may do.
        if self.runs.is_empty() {
            self.slots.bound(config.limits.activities);
            self.room = super::eviction::Room::of(config.limits);
        }
        let aim = Arc::clone(&self.settings.aim);
        let mut run = Box::new(Executing::new(&snapshot, (epoch, self.clock.now()), (script, config, aim)));
        for message in snapshot.inbox.drain(..) {
            run.inbox.accept(message);
        }
        let waits_in_line = run.queued.is_some();
        self.runs.insert(run);
        let loaded = match snapshot.entries {
            Seq(0) => {
                if !waits_in_line && !self.may_begin_now() {
                    self.runs.hold(no, Beginning::ToRecord);
                }
                Ok(())
            }
            // It began as it was recorded, by this process: nothing of it has been said or done yet.
            Seq(1) if epoch == 1 && snapshot.pending.is_empty() => self.begin_recorded(&snapshot),
            // It was opened again and stands in line: it goes on when its queue lets it.
            _ if waits_in_line => Ok(()),
            _ => self.replay_run(&snapshot),
        };
        if let Err(error) = loaded {
            self.runs.remove(no);
            return Err(error.into());
        }
        Ok(())
    }

    /// The functions of another program that the texts of a run mention: what calls them would fail here.
    fn foreign(&self, start: &RunStart, source: &Source) -> Vec<String> {
        let texts = || std::iter::once(&source.main).chain(source.modules.values());
        let mentions = |name: &str| {
            let quoted = [format!("\"{name}\""), format!("`{name}`")];
            texts().any(|text| quoted.iter().any(|name| text.contains(name)))
        };
        let foreign = start.functions().filter(|name| !self.effects.has_function(name) && mentions(name));
        foreign.map(str::to_owned).collect()
    }

    /// Gives a run its first entry, which is recorded, when its turn to begin has come.
    fn begin_recorded(&mut self, snapshot: &Snapshot) -> Result<(), LoadError> {
        let (entries, checksum) = load_snapshot(self.store.as_ref(), snapshot)?;
        let (no, may_begin) = (snapshot.row.no, self.may_begin_now());
        if let (Some(run), Some(first)) = (self.runs.get_mut(no), entries.into_iter().next()) {
            run.next_seq = snapshot.entries;
            run.checksum = checksum;
            run.last_at = first.at;
            if may_begin {
                self.deliver(no, &first);
            } else {
                self.runs.hold(no, Beginning::Recorded(first));
            }
        }
        Ok(())
    }

    /// Replays an evicted run, now that something came for it.
    pub(super) fn revive(&mut self, no: RunNo) {
        let loaded = self.snapshot(no).and_then(|snapshot| self.replay_run(&snapshot));
        if loaded.is_err() {
            self.leave(no, super::worker::Finished::Parked);
        }
    }

    fn snapshot(&self, no: RunNo) -> Result<Box<Snapshot>, LoadError> {
        let Answer::Snapshot(snapshot) = self.store.ask(Request::Snapshot { run: no })? else {
            return Err(StoreError::strange("a snapshot").into());
        };
        Ok(snapshot)
    }

    fn replay_run(&mut self, snapshot: &Snapshot) -> Result<(), LoadError> {
        let (no, began) = (snapshot.row.no, self.clock.monotonic());
        let (entries, checksum) = load_snapshot(self.store.as_ref(), snapshot)?;
        let Some(run) = self.runs.get_mut(no) else { return Ok(()) };
        run.inbox.heard(&entries);
        run.next_seq = snapshot.entries;
        run.checksum = checksum;
        run.last_at = entries.last().map_or(run.last_at, |entry| entry.at);
        let mut live = Run::new(&self.interpreter, Rc::clone(&run.script), charter(run));
        let mut replayed = Replayed::default();
        let outcome = replay_whole(&mut live, &mut replayed, &entries);
        let checked = match outcome {
            Ok(()) => live.check_pending(&snapshot.pending),
            Err(ReplayError::Stuck { stuck, .. }) => Err(stuck),
            Err(ReplayError::NoMemory(_)) => Ok(Vec::new()),
        };
        match checked {
            Ok(stale) => {
                // How far what its history has settled had come is known here only where it was settled here.
                run.in_doubt.get_or_insert_with(|| std::mem::take(&mut replayed.in_doubt));
                self.stand_up(snapshot, live, replayed, stale, began);
            }
            Err(stuck) => {
                run.lazy.status(StoredStatus::Stuck((*stuck).clone()));
                run.lazy.hurry(began);
                run.phase = Phase::Stuck(stuck);
            }
        }
        Ok(())
    }

    /// The script stands where it stood: its pending commands are taken up again.
    fn stand_up(
        &mut self,
        snapshot: &Snapshot,
        live: Run,
        mut replayed: Replayed,
        stale: Vec<crate::history::OpId>,
        began: std::time::Duration,
    ) {
        let monotonic = self.clock.monotonic();
        let no = snapshot.row.no;
        let Some(run) = self.runs.get_mut(no) else { return };
        run.takes_signals = live.takes_signals();
        run.held_updates = live.held_updates();
        run.answers = live.unrecorded_answers().cloned().collect();
        let held: Vec<_> = live.held_locks().collect();
        run.run = Some(live);
        // What the entry that brought it back has settled; the rest is known here better than by its rows.
        let settled: Vec<_> = run.open.keys().filter(|op| !replayed.open.contains_key(op)).copied().collect();
        let stopped: Vec<_> = settled.iter().filter_map(|op| run.settle(*op)).collect();
        for (job, slot) in stopped {
            run.dying.insert(job, slot);
            self.effects.stop(job);
        }
        replayed.count_anew(run.generation, &run.branches);
        run.open = replayed.open;
        for command in run.open.values_mut() {
            super::executing::complete(&run.config, command);
        }
        run.reask(&snapshot.pending);
        run.match_locks(&snapshot.lock_ops, &held, monotonic);
        if snapshot.last_log.is_some_and(|last| last.seq == Seq(snapshot.entries.0.saturating_sub(1))) {
            run.attempt_lines = snapshot.last_log.map_or(0, |last| last.line);
        }
        run.log_lines = 0;
        for said in &replayed.last_logs {
            let line = super::advance::log_line(said, run.last_at);
            let key = run.log_key();
            run.lazy.logs.push((key, line));
        }
        run.lazy.published.extend(replayed.last_published);
        // Lazy too: what a crash kept from the row is written again.
        let is_new = replayed.progress.is_some() && replayed.progress != snapshot.row.progress;
        run.lazy.row.progress = replayed.progress.clone().filter(|_| is_new);
        let is_new = replayed.summary.is_some() && replayed.summary != snapshot.row.summary;
        run.lazy.row.summary = replayed.summary.clone().filter(|_| is_new);
        run.lazy.found(snapshot.pending.iter().map(|row| row.op));
        for op in stale {
            run.lazy.settle(op);
        }
        let was_stuck = std::mem::take(&mut run.was_stuck);
        if was_stuck {
            run.lazy.status(StoredStatus::Open);
            run.lazy.hurry(monotonic);
        }
        // Behind the place of a mistake nothing had begun: what it asks for there now, it asks for the first time.
        let edit = snapshot.row.edits.last();
        let is_mended = was_stuck
            || edit.is_some_and(|edit| {
                (edit.generation, edit.before) == (snapshot.row.generation, snapshot.entries)
            });
        let rows = &snapshot.pending;
        let mut again = Vec::new();
        let mut told: Vec<Progress> = settled.into_iter().map(|op| Progress::Settled { op }).collect();
        told.extend(replayed.progress.map(Progress::ScriptProgress));
        told.extend(replayed.summary.map(Progress::Summary));
        // What was asked for before it was put aside may still be on its way, and is asked for once.
        run.dispatches.clear();
        for (op, command) in &run.open {
            let row = rows.iter().find(|row| row.op == *op);
            let has_come = run.outcomes.iter().any(|arrival| arrival.op == *op);
            if matches!(command.work, Work::Effect { .. }) && !has_come && !run.attempts.contains_key(op) {
                let attempt = row.map_or_else(Attempt::fresh, Attempt::remembered);
                run.attempts.insert(*op, Box::new(attempt));
            }
            if matches!(command.work, Work::Dispatch(_)) && !has_come {
                run.dispatches.push(*op);
            }
            // One that waits for its next attempt was not cut off; what is to be done at most once is not done again.
            let begun = row.filter(|row| !row.is_untouched());
            let waits =
                begun.is_some_and(|row| row.next_try.is_some() || row.waits_for.is_some() || row.begun);
            // So is what a rewind has made it ask for.
            let is_first = begun.is_none() && (is_mended || row.is_some());
            if matches!(command.work, Work::Effect { .. }) && !has_come && !waits && !is_first {
                again.push(CutOff {
                    label: command.label.clone(),
                    strand: command.strand.clone(),
                    attempt: row.map_or(0, |row| row.failures).saturating_add(1),
                });
            }
            // A question whose answer is there is asked no more.
            if !run.inbox.iter().any(|message| message.body.answers(*op)) {
                told.push(super::advance::announced(command));
            }
            told.extend(row.and_then(failed_before));
        }
        // A row that is not there, and one that is not as the script says, as an earlier durun may have left it.
        let is_kept = |command: &Command| {
            let row = rows.iter().find(|row| row.op == command.op);
            row.is_some_and(|row| row.is_asked_as(&run.pending_row(command)))
        };
        let unlike: Vec<_> = run.open.values().filter(|it| !is_kept(it)).map(|it| it.op).collect();
        run.lazy.pending.extend(unlike);
        run.lazy.touch(monotonic);
        if let Some(end) = replayed.end {
            run.phase = Phase::Ending(end);
        }
        if let Some(restart) = replayed.restart {
            run.phase = Phase::Restarting(Box::new(restart));
        }
        let took = u64::try_from(monotonic.saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        let (entries, steps) = (replayed.entries, replayed.steps);
        self.tell(no, Progress::Replayed { entries, steps, took_ms: took, again });
        for progress in told {
            self.tell(no, progress);
        }
    }
}

/// How the attempts of a command stood that has failed before, and waits for its next.
fn failed_before(row: &Pending) -> Option<Progress> {
    let failure = row.last_failure.clone()?;
    let (op, attempt, next_try, attempts) = (row.op, row.failures, row.next_try, row.attempts);
    Some(Progress::AttemptFailed { op, attempt, failure, next_try, attempts })
}
