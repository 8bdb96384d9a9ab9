//! Advancing: an entry that is on disk is delivered, and what the script asks for begins.

use super::executing::{InFlight, Phase};
use super::progress::Progress;
use super::worker::{Finished, Worker};
use crate::history::{CancelCause, Entry, Fact, Moment, OpId, RunNo, StoredStatus, Value};
use crate::run::{Command, QUESTION, Run, Stepped, Stretch, Work};
use crate::script::{Level, Said};
use crate::store::{LogLevel, LogLine, Request};
use std::rc::Rc;

impl Worker {
    pub(super) fn committed(&mut self, flight: InFlight) {
        // It may have left meanwhile, and come back.
        let is_it = |run: &&mut super::executing::Executing| {
            run.epoch == flight.epoch && run.generation == flight.generation && run.next_seq == flight.from
        };
        let Some(run) = self.runs.get_mut(flight.run).filter(is_it) else { return };
        run.checksum = flight.checksum;
        let Some(entry) = flight.entry else {
            self.leave_if_stuck(flight.run);
            return;
        };
        run.next_seq = run.next_seq.next();
        run.last_at = entry.at;
        run.log_lines = 0;
        run.attempt_lines = 0;
        if let Some(end) = flight.ends {
            self.leave(flight.run, Finished::Ended(end));
            return;
        }
        if flight.restarts {
            self.next_generation(flight.run);
            return;
        }
        let (taken_at, is_stuck) = (run.taken_at, matches!(run.phase, Phase::Stuck(_)));
        self.tell_of(flight.run, &entry, taken_at);
        if is_stuck {
            self.leave_if_stuck(flight.run);
            return;
        }
        self.deliver(flight.run, &entry);
    }

    pub(super) fn deliver(&mut self, no: RunNo, entry: &Entry) {
        let Some(run) = self.runs.get_mut(no) else { return };
        if let Some((op, _)) = entry.fact.outcome_of() {
            run.open.remove(&op);
        }
        if matches!(&entry.fact, Fact::CancelRequested(request) if request.cause == CancelCause::Timeout) {
            run.open.remove(&OpId::RUN_TIMEOUT);
        }
        if run.run.is_none() {
            if !matches!(entry.fact, Fact::RunBegan { .. }) {
                // Evicted: its script is replayed, this entry included, and stands where it stood.
                self.revive(no);
                return;
            }
            let charter = super::recovery::charter(run);
            run.run = Some(Run::new(&self.interpreter, Rc::clone(&run.script), charter));
        }
        if let Some(stepped) = run.run.as_mut().map(|live| live.deliver(entry)) {
            self.stepped(no, stepped);
        }
    }

    /// Takes over what a step gave.
    pub(super) fn stepped(&mut self, no: RunNo, stepped: Stepped) {
        let Some(run) = self.runs.get_mut(no) else { return };
        match stepped {
            Stepped::Sliced => run.phase = Phase::Sliced,
            Stepped::Blocked(stretch) => {
                run.phase = Phase::Blocked;
                if let Some(live) = &run.run {
                    run.takes_signals = live.takes_signals();
                    run.held_updates = live.held_updates();
                }
                self.apply(no, stretch);
            }
            Stepped::Stuck(stuck) => {
                run.run = None;
                run.lazy.status(StoredStatus::Stuck((*stuck).clone()));
                run.lazy.hurry(self.clock.monotonic());
                run.phase = Phase::Stuck(stuck);
            }
            Stepped::NoMemory(_) => {
                // The entry is recorded; the script is replayed once others have made room.
                run.run = None;
                self.make_room();
                self.revive(no);
            }
        }
    }

    /// Publishes a stretch: logs, values, commands; effects start now, for all they depend on is on disk.
    pub(super) fn apply(&mut self, no: RunNo, stretch: Box<Stretch>) {
        let monotonic = self.clock.monotonic();
        let Some(run) = self.runs.get_mut(no) else { return };
        if std::mem::take(&mut run.was_stuck) {
            run.lazy.status(StoredStatus::Open);
            run.lazy.hurry(monotonic);
        }
        run.answers.extend(stretch.answered);
        let tell = |progress| (self.observer)(no, progress);
        for said in stretch.logs {
            let line = log_line(&said, run.last_at);
            let key = run.log_key();
            tell(Progress::Log(line.clone()));
            run.lazy.logs.push((key, line));
        }
        run.lazy.published.extend(stretch.published);
        if let Some(summary) = stretch.summary {
            tell(Progress::Summary(summary.clone()));
            run.lazy.row.summary = Some(summary);
        }
        if let Some(progress) = stretch.progress {
            tell(Progress::ScriptProgress(progress.clone()));
            run.lazy.row.progress = Some(progress);
        }
        let mut stopped = Vec::new();
        for op in stretch.unlocked {
            run.let_go(op, monotonic);
        }
        for op in stretch.settled {
            stopped.extend(run.settle(op));
            tell(Progress::Settled { op });
        }
        for command in &stretch.commands {
            run.ask_lock(command, monotonic);
            tell(announced(command));
            run.lazy.pending.insert(command.op);
        }
        run.lazy.touch(monotonic);
        if let Some(end) = stretch.end {
            run.phase = Phase::Ending(end);
        }
        if let Some(restart) = stretch.restart {
            run.phase = Phase::Restarting(Box::new(restart));
        }
        for (job, slot) in stopped {
            run.dying.insert(job, slot);
            self.effects.stop(job);
        }
        run.give_back(monotonic);
        for command in stretch.commands {
            self.begin(no, command);
        }
    }

    /// Begins a command: an effect gets an attempt, a timer only waits.
    fn begin(&mut self, no: RunNo, mut command: Box<Command>) {
        let Some(run) = self.runs.get_mut(no) else { return };
        let op = command.op;
        run.complete(&mut command);
        let is_effect = matches!(command.work, Work::Effect { .. });
        if matches!(command.work, Work::Dispatch(_)) {
            run.dispatches.push(op);
        }
        run.open.insert(op, command);
        if is_effect {
            run.attempts.insert(op, Box::new(super::attempt::Attempt::fresh()));
            // Where others wait for a slot, it comes after them.
            if !self.slots.has_waiting() {
                self.start_attempt(no, op);
            }
        }
    }

    /// A stuck run leaves when its state is written and nothing of it is under way.
    pub(super) fn leave_if_stuck(&mut self, no: RunNo) {
        let Some(run) = self.runs.get(no) else { return };
        if let Phase::Stuck(stuck) = &run.phase
            && run.attempts.values().all(|attempt| !attempt.is_under_way())
            && run.outcomes.is_empty()
            && run.under_way.is_none()
        {
            let stuck = stuck.clone();
            let release = Request::Release { run: no, epoch: run.epoch };
            drop(self.store.ask(release));
            self.leave(no, Finished::Stuck(stuck));
        }
    }

    fn tell_of(&self, no: RunNo, entry: &Entry, taken_at: Moment) {
        // How long something took that this process saw end: what ended with its first attempt began that here.
        let took = |asked: Moment, ended: Moment, attempts| {
            ended.since_ms(if attempts <= 1 { taken_at.max(asked) } else { asked })
        };
        let progress = match &entry.fact {
            Fact::ActivityCompleted(done) => Progress::Outcome {
                op: done.op,
                label: done.label.clone(),
                took_ms: took(done.scheduled_at, done.ended_at, done.attempts),
                ok: true,
                message: None,
                attempts: done.attempts,
            },
            Fact::ActivityFailed(failed) => Progress::Outcome {
                op: failed.op,
                label: failed.label.clone(),
                took_ms: took(failed.scheduled_at, failed.ended_at, failed.attempts),
                ok: false,
                message: Some(failed.failure.message.clone()),
                attempts: failed.attempts,
            },
            Fact::TimerFired(fired) => Progress::Settled { op: fired.op },
            Fact::LockGranted(granted) => Progress::Settled { op: granted.op },
            Fact::SignalReceived(signal) => Progress::Signal { name: signal.name.clone() },
            Fact::TokenResolved(resolved) => Progress::Replied { what: format!("token {}", resolved.token) },
            Fact::QuestionAnswered(answered) => {
                Progress::Replied { what: format!("answer {}", answered.choice.choice) }
            }
            Fact::ChildEnded(ended) => {
                Progress::Replied { what: format!("child run {} {}", ended.child, ended.outcome.word()) }
            }
            Fact::UpdateAccepted(accepted) => Progress::Replied { what: format!("update {}", accepted.name) },
            Fact::UpdateCompleted(completed) => super::updates::answered(completed),
            Fact::CancelRequested(asked) if asked.reason.is_empty() => {
                Progress::Replied { what: "asked to end".to_owned() }
            }
            Fact::CancelRequested(asked) => {
                Progress::Replied { what: format!("asked to end: {}", asked.reason) }
            }
            Fact::RunBegan { .. } | Fact::RunEnded(_) | Fact::RunRestarted(_) | Fact::Unknown { .. } => {
                return;
            }
        };
        self.tell(no, progress);
    }
}

pub(super) fn announced(command: &Command) -> Progress {
    let mut label = command.label.clone();
    if let Some(question) = command.shown.get(QUESTION).and_then(Value::as_text) {
        // Who looks on sees what is asked, behind the name that it goes by.
        label.name = format!("{}: {question}", label.name);
    }
    let (op, line, strand) = (command.op, command.line, command.strand.clone());
    let choices = match command.shown.get("choices") {
        Some(Value::List(choices)) => choices.iter().filter_map(Value::as_text).map(str::to_owned).collect(),
        Some(_) | None => Vec::new(),
    };
    match &command.work {
        Work::Effect { .. } | Work::Dispatch(_) => Progress::Scheduled { op, label, line, strand },
        Work::Timer { due, .. } => Progress::Waiting { op, label, due: Some(*due), line, strand, choices },
        Work::Lock { due } => Progress::Waiting { op, label, due: *due, line, strand, choices },
        Work::Wait => Progress::Waiting { op, label, due: None, line, strand, choices },
    }
}

/// The stored form of a logged line.
pub(super) fn log_line(said: &Said, at: crate::history::Moment) -> LogLine {
    let level = match said.level {
        Level::Debug => LogLevel::Debug,
        Level::Info => LogLevel::Info,
        Level::Warn => LogLevel::Warn,
        Level::Error => LogLevel::Error,
    };
    LogLine { at, level, text: said.text.clone(), fields: said.fields.clone(), op: None, wrote: None }
}
