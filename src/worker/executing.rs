//! A run in execution: its script's state, its place in the store, and what has arrived for it.

use super::attempt::Attempt;
use super::beginning::Beginning;
use super::effects::JobKey;
use super::inbox::Inbox;
use super::lazy::Lazy;
use super::runs::Sleep;
use super::slots::Slot;
use crate::config::Config;
use crate::history::{
    Branch, Checksum, CommandKind, EffectOptions, Entry, Fact, InDoubt, MessageId, MessageNo, Moment, OpId,
    Pending, Record, RecordError, Restart, RunEnd, RunEnded, RunNo, RunRestarted, RunStart, Seq, Stuck,
    UpdateCompleted,
};
use crate::run::{Arrived, Command, NextInput, Run, Work, next_input, timers};
use crate::script::{Body, Script};
use crate::store::{Append, Snapshot};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// An outcome that has not been recorded yet.
pub(super) struct Arrival {
    pub(super) op: OpId,
    pub(super) ended_at: Moment,
    pub(super) fact: Fact,
}

/// Where a run stands in the worker.
pub(super) enum Phase {
    /// All strands are blocked.
    Blocked,
    /// Its slice was over; it goes on when the others have had theirs.
    Sliced,
    /// The script has ended; the entry is to be written.
    Ending(RunEnd),
    /// The script has ended this generation; the entry is to be written.
    Restarting(Box<Restart>),
    /// The script cannot go on; attempts under way are awaited and their outcomes appended.
    Stuck(Box<Stuck>),
}

/// A run in execution.
pub(super) struct Executing {
    pub(super) no: RunNo,
    pub(super) id: Rc<str>,
    pub(super) epoch: u64,
    /// When this process took it up, or up again.
    pub(super) taken_at: Moment,
    pub(super) generation: u32,
    pub(super) branches: Vec<Branch>,
    pub(super) store_id: Rc<str>,
    pub(super) start: Arc<RunStart>,
    /// What `durun.toml` last said for its script.
    pub(super) config: Arc<Config>,
    pub(super) script: Rc<Script>,
    /// The names of the secrets in its text, and of those that its bodies have asked for.
    pub(super) secrets: BTreeSet<String>,
    /// The live script; nothing where the run was evicted.
    pub(super) run: Option<Run>,
    pub(super) open: BTreeMap<OpId, Box<Command>>,
    pub(super) next_seq: Seq,
    pub(super) checksum: Checksum,
    pub(super) last_at: Moment,
    pub(super) inbox: Inbox,
    /// The last message that was accepted when this process took it up, with all that were in its inbox.
    pub(super) last_known: MessageNo,
    pub(super) outcomes: Vec<Arrival>,
    /// Commands that the store is to be asked for.
    pub(super) dispatches: Vec<OpId>,
    pub(super) attempts: BTreeMap<OpId, Box<Attempt>>,
    /// Jobs that were stopped and are not over, with their slots: until then nothing else of the run begins, it gives nothing back,
    /// and does not end.
    pub(super) dying: BTreeMap<JobKey, Option<Slot>>,
    /// Effects that were cut off while they were under way; nothing before its script stands where its history ends.
    pub(super) in_doubt: Option<Vec<InDoubt>>,
    pub(super) lazy: Lazy,
    pub(super) log_lines: u32,
    pub(super) attempt_lines: u32,
    pub(super) phase: Phase,
    /// The place of an append of it that is being committed: nothing more of it is recorded before that is answered.
    pub(super) under_way: Option<Seq>,
    /// While it waits for its turn to begin.
    pub(super) beginning: Option<Beginning>,
    pub(super) takes_signals: bool,
    /// The names of updates that cannot be judged before something else is delivered.
    pub(super) held_updates: Vec<String>,
    /// Answers to updates that are not recorded yet: they go before every input.
    pub(super) answers: VecDeque<UpdateCompleted>,
    pub(super) was_stuck: bool,
    /// While it waits in a queue before it begins, or goes on.
    pub(super) queued: Option<super::queue::Queued>,
    pub(super) sleep: Sleep,
    /// Whether another run has started it.
    pub(super) is_child: bool,
    /// The slot of a schedule that has.
    pub(super) origin: Option<crate::history::Origin>,
    /// As in [`super::worker::Settings`].
    pub(super) aim: Arc<str>,
}

/// An append on its way, and the entry to deliver when it is committed.
pub(super) struct InFlight {
    pub(super) run: RunNo,
    /// Under which claim, in which generation and behind how many entries.
    pub(super) epoch: u64,
    pub(super) generation: u32,
    pub(super) from: Seq,
    pub(super) entry: Option<Entry>,
    pub(super) checksum: Checksum,
    pub(super) ends: Option<RunEnd>,
    /// Whether it ends the generation.
    pub(super) restarts: bool,
    /// At-most-once commands whose intent it brings to disk.
    pub(super) intents: Vec<OpId>,
    /// The run that it records to tell somebody.
    pub(super) hook: Option<crate::history::RunId>,
}

impl Executing {
    /// What a command is told by besides the run and its number.
    pub(super) fn generation_of(&self, op: OpId) -> u32 {
        crate::history::generation_of(self.generation, &self.branches, op)
    }

    /// The run of a row, not yet replayed.
    pub(super) fn new(
        snapshot: &Snapshot,
        (epoch, taken_at): (u64, Moment),
        (script, config, aim): (Rc<Script>, Arc<Config>, Arc<str>),
    ) -> Self {
        let row = &snapshot.row;
        let (store_id, start) = (Rc::from(snapshot.store_id.as_str()), Arc::new(snapshot.start.clone()));
        Self {
            no: row.no,
            id: row.id.as_str().into(),
            epoch,
            taken_at,
            generation: row.generation,
            branches: row.branches.clone(),
            store_id,
            start,
            config,
            secrets: script.secrets().clone(),
            script,
            run: None,
            open: BTreeMap::new(),
            next_seq: Seq(0),
            checksum: Checksum::first(row.history_no()),
            last_at: row.past.map_or(Moment(i64::MIN), |past| past.ended_at),
            inbox: Inbox::default(),
            last_known: MessageNo(row.messages),
            outcomes: Vec::new(),
            dispatches: Vec::new(),
            attempts: BTreeMap::new(),
            dying: BTreeMap::new(),
            in_doubt: None,
            lazy: Lazy::default(),
            log_lines: 0,
            attempt_lines: 0,
            phase: Phase::Blocked,
            under_way: None,
            beginning: None,
            takes_signals: true,
            held_updates: Vec::new(),
            answers: VecDeque::new(),
            was_stuck: matches!(row.status, crate::history::StoredStatus::Stuck(_)),
            queued: super::queue::Queued::of(snapshot),
            sleep: Sleep::default(),
            is_child: row.parent.is_some(),
            origin: row.origin.clone(),
            aim,
        }
    }

    /// The next input that may be recorded now.
    pub(super) fn choose(&mut self, now: Moment) -> Option<Fact> {
        // What was answered is on disk before the script is told anything else.
        if matches!(self.phase, Phase::Blocked | Phase::Ending(_) | Phase::Restarting(_))
            && let Some(completed) = self.answers.pop_front()
        {
            return Some(Fact::UpdateCompleted(Box::new(completed)));
        }
        match &self.phase {
            Phase::Ending(_) | Phase::Restarting(_) if !self.dying.is_empty() => return None,
            Phase::Blocked if self.next_seq.0 == 0 => return None,
            Phase::Blocked => {}
            Phase::Ending(end) => {
                return Some(Fact::RunEnded(Box::new(RunEnded {
                    end: end.clone(),
                    loose: self.loose_ends(),
                })));
            }
            Phase::Restarting(restart) => {
                let (generation, input) = (self.generation.saturating_add(1), restart.input.clone());
                return Some(Fact::RunRestarted(Box::new(RunRestarted { generation, input })));
            }
            // What was running when the script got stuck is kept; nothing else is delivered.
            Phase::Stuck(_) => {
                let first = (0..self.outcomes.len())
                    .min_by_key(|place| self.outcomes.get(*place).map(|it| it.ended_at));
                return first.map(|place| self.outcomes.remove(place).fact);
            }
            Phase::Sliced => return None,
        }
        match self.next_input(now)? {
            NextInput::Message(place) => Some(Fact::of_message(&self.inbox.remove(place))),
            NextInput::Outcome(place) => Some(self.outcomes.remove(place).fact),
            NextInput::Timer(place) => {
                let (op, due) = timers(&self.open).nth(place)?;
                let command = self.open.get(&op)?;
                Some(self.fired(op, &command.label, due))
            }
        }
    }

    /// Whether the next round records something of it in any case.
    pub(super) fn has_input(&self) -> bool {
        match self.phase {
            Phase::Blocked => !self.outcomes.is_empty() && self.next_seq.0 > 0,
            Phase::Ending(_) | Phase::Restarting(_) => self.dying.is_empty(),
            Phase::Sliced | Phase::Stuck(_) => false,
        }
    }

    /// Which of all that has arrived comes next.
    pub(super) fn next_input(&self, now: Moment) -> Option<NextInput> {
        let arrived = Arrived {
            inbox: &self.inbox,
            timers: timers(&self.open),
            outcomes: self.outcomes.iter().map(|arrival| (arrival.op, arrival.ended_at)),
            held_updates: &self.held_updates,
        };
        next_input(arrived, now, self.takes_signals)
    }

    /// The append that records a fact, with all lazy records of the run.
    pub(super) fn append(
        &mut self,
        fact: Option<Fact>,
        now: Moment,
    ) -> Result<(Box<Append>, InFlight), RecordError> {
        let mut records = Vec::new();
        let mut delivered: Vec<(MessageNo, MessageId)> = Vec::new();
        let mut checksum = self.checksum;
        let (mut ends, mut restarts) = (None, false);
        let entry = fact.map(|fact| Entry { at: self.last_at.max(now), fact });
        if let Some(entry) = &entry {
            let (record, next) = Record::seal(entry, checksum)?;
            checksum = next;
            records = vec![record];
            match &entry.fact {
                Fact::SignalReceived(_)
                | Fact::TokenResolved(_)
                | Fact::QuestionAnswered(_)
                | Fact::UpdateAccepted(_)
                | Fact::ChildEnded(_) => {
                    delivered.extend(entry.fact.message().map(|(no, id, _)| (no, id)));
                }
                Fact::LockGranted(granted) => {
                    delivered.push((granted.message_no, granted.message_id));
                    self.lazy.settle(granted.op);
                }
                Fact::CancelRequested(request) => {
                    delivered.push((request.message_no, request.message_id));
                    self.lazy.cancel_requested(entry.at);
                    if request.cause == crate::history::CancelCause::Timeout {
                        delivered.clear();
                        self.lazy.settle(OpId::RUN_TIMEOUT);
                    }
                }
                Fact::RunEnded(ended) => {
                    self.lazy.status(crate::history::StoredStatus::Ended(ended.end.clone()));
                    ends = Some(ended.end.clone());
                }
                Fact::RunRestarted(_) => {
                    restarts = true;
                    if let Phase::Restarting(restart) = &self.phase {
                        self.lazy.row.restart = Some((**restart).clone());
                    }
                }
                Fact::ActivityCompleted(_) | Fact::ActivityFailed(_) | Fact::TimerFired(_) => {
                    if let Some((op, _)) = entry.fact.outcome_of() {
                        self.lazy.settle(op);
                    }
                }
                Fact::RunBegan { .. } | Fact::UpdateCompleted(_) | Fact::Unknown { .. } => {}
            }
        }
        let mut lazy = self.lazy.take(self.dying.is_empty());
        let mut once = std::mem::take(&mut lazy.released);
        once.extend(entry.as_ref().and_then(|entry| self.once_change(&entry.fact)));
        lazy.row.hook = lazy.row.status.as_ref().and_then(|status| self.hook(status, now));
        let hook = lazy.row.hook.as_ref().map(|hook| hook.id.clone());
        let pending: Vec<Pending> =
            lazy.pending.iter().filter_map(|op| self.open.get(&op)).map(|it| self.pending_row(it)).collect();
        let intents = pending.iter().filter(|row| row.begun).map(|row| row.op).collect();
        let append = Box::new(Append {
            run: self.no,
            epoch: self.epoch,
            generation: self.generation,
            from: self.next_seq,
            records,
            delivered,
            pending,
            settled: lazy.settled.into_vec(),
            logs: lazy.logs,
            published: lazy.published,
            row: lazy.row,
            once,
            locks: lazy.locks,
        });
        let (epoch, generation, from) = (self.epoch, self.generation, self.next_seq);
        let run = self.no;
        Ok((
            append,
            InFlight { run, epoch, generation, from, entry, checksum, ends, restarts, intents, hook },
        ))
    }

    /// An effect that is open, how it is to be done, and what tells whether it has happened.
    pub(super) fn effect(&self, op: OpId) -> Option<(&Command, &EffectOptions, Option<&Body>)> {
        let command = self.open.get(&op)?;
        match &command.work {
            Work::Effect { options, probe, .. } => Some((command, options, probe.as_ref())),
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => None,
        }
    }

    /// Adds to a command what `durun.toml` says of it and its script does not.
    pub(super) fn complete(&self, command: &mut Command) {
        complete(&self.config, command);
    }

    /// The pending row of an open command.
    pub(super) fn pending_row(&self, command: &Command) -> Pending {
        let mut row = command.row();
        if let Some(attempt) = self.attempts.get(&command.op) {
            attempt.remember(&mut row);
        }
        if let Work::Effect { options, .. } = &command.work {
            row.warns_at = row.failing_since.map(|since| since.plus_ms(options.warn_after_ms));
        }
        row
    }
}

/// Adds to a command what a configuration says of its activity and its script does not.
pub(super) fn complete(config: &Config, command: &mut Command) {
    if command.label.kind == CommandKind::Activity
        && let Some(activity) = config.activities.get(&command.label.name)
        && let Work::Effect { options, .. } = &mut command.work
    {
        activity.complete(options);
    }
}
