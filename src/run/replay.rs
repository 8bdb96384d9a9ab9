//! Replay: a history walked beside its script, so that the script stands again where it stood.

use super::ahead::Ahead;
use super::command::{Command, Stretch, Work};
use super::run::{Run, Stepped};
use crate::history::{
    Branch, Entry, Fact, HowFar, InDoubt, Moment, OpId, Restart, RunEnd, Seq, Stuck, counted_from,
};
use std::collections::BTreeMap;

/// Where a run stands after its history.
#[derive(Default)]
pub struct Replayed {
    /// How many entries were delivered.
    pub entries: u32,
    /// How many of them were outcomes of effects: steps that are not run again.
    pub steps: u32,
    /// The commands that have no outcome, by op.
    pub open: BTreeMap<OpId, Box<Command>>,
    /// The summary last set.
    pub summary: Option<String>,
    /// The progress last told.
    pub progress: Option<HowFar>,
    /// How the script ends now; its entry may be recorded already or not.
    pub end: Option<RunEnd>,
    /// How the next generation begins, where the script ends this one now.
    pub restart: Option<Restart>,
    /// The lines logged in the stretch of the entry last delivered: they may not be stored yet.
    pub last_logs: Vec<crate::script::Said>,
    /// The values published in that stretch.
    pub last_published: Vec<(String, crate::history::Value)>,
    /// What the history says of the end, where it does.
    pub recorded_end: Option<RunEnd>,
    /// Effects that the script did not wait for any longer: whether they had begun is not recorded.
    pub in_doubt: Vec<InDoubt>,
}

impl Replayed {
    /// Counts the times of what is open from the rewinds that made them anew.
    pub fn count_anew(&mut self, generation: u32, branches: &[Branch]) {
        for command in self.open.values_mut() {
            let asked = command.scheduled_at;
            command.count_from(counted_from(generation, branches, command.op, asked));
        }
    }
}

/// Why a replay does not come to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayError {
    /// The script cannot go on at this entry.
    Stuck {
        /// The entry that was delivered.
        at: Seq,
        /// Why.
        stuck: Box<Stuck>,
    },
    /// No memory for another strand.
    NoMemory(String),
}

/// Delivers a history, whole or in pieces (`replayed` is handed from piece to piece). `after` is called after each entry.
///
/// # Errors
/// [`ReplayError`] at the first entry that the script does not fit.
pub fn replay(
    run: &mut Run,
    replayed: &mut Replayed,
    entries: &[Entry],
    mut after: impl FnMut(&Run, u32),
) -> Result<(), ReplayError> {
    for entry in entries {
        if let Fact::RunEnded(ended) = &entry.fact {
            replayed.recorded_end = Some(ended.end.clone());
            continue;
        }
        if matches!(entry.fact, Fact::RunRestarted(_)) {
            // The last of a generation that is over.
            continue;
        }
        let mut stepped = run.deliver(entry);
        let stretch = loop {
            match stepped {
                Stepped::Sliced => stepped = run.go_on(),
                Stepped::Blocked(stretch) => break stretch,
                Stepped::Stuck(stuck) => return Err(ReplayError::Stuck { at: Seq(replayed.entries), stuck }),
                Stepped::NoMemory(message) => return Err(ReplayError::NoMemory(message)),
            }
        };
        let mut stretch = stretch;
        replayed.delivered(entry, &mut stretch);
        after(run, replayed.entries);
    }
    Ok(())
}

/// The same of a history that nobody looks at on the way: an outcome that comes next is given to the strand that asks for it, and no
/// command is made.
///
/// # Errors
/// [`ReplayError`] at the first entry that the script does not fit.
pub fn replay_whole(run: &mut Run, replayed: &mut Replayed, entries: &[Entry]) -> Result<(), ReplayError> {
    let mut rest = entries;
    while let Some((entry, behind)) = rest.split_first() {
        rest = behind;
        if matches!(entry.fact, Fact::RunEnded(_) | Fact::RunRestarted(_)) {
            replay(run, replayed, std::slice::from_ref(entry), |_, _| ())?;
            continue;
        }
        let mut ahead = Ahead { replayed: &mut *replayed, entry, rest };
        let mut stepped = run.deliver_of(&mut ahead);
        let mut stretch = loop {
            match stepped {
                Stepped::Sliced => stepped = run.go_on_with(&mut ahead),
                Stepped::Blocked(stretch) => break stretch,
                Stepped::Stuck(stuck) => return Err(ReplayError::Stuck { at: Seq(replayed.entries), stuck }),
                Stepped::NoMemory(message) => return Err(ReplayError::NoMemory(message)),
            }
        };
        rest = ahead.rest;
        let last = ahead.entry;
        replayed.delivered(last, &mut stretch);
    }
    Ok(())
}

impl Replayed {
    /// An entry was delivered: takes over what its stretch gave, and leaves an empty one.
    pub(super) fn delivered(&mut self, entry: &Entry, stretch: &mut Stretch) {
        self.entries += 1;
        self.steps += u32::from(entry.fact.effect_kind().is_some());
        if let Some((op, _)) = entry.fact.outcome_of() {
            self.open.remove(&op);
        }
        if let Fact::CancelRequested(request) = &entry.fact
            && request.cause == crate::history::CancelCause::Timeout
        {
            self.open.remove(&OpId::RUN_TIMEOUT);
        }
        let Stretch {
            commands,
            settled,
            unlocked,
            answered,
            logs,
            published,
            summary,
            progress,
            dropped,
            end,
            restart,
        } = stretch;
        for op in settled.drain(..) {
            self.in_doubt.extend(self.open.remove(&op).and_then(|command| command.in_doubt()));
        }
        for command in commands.drain(..) {
            self.open.insert(command.op, command);
        }
        unlocked.clear();
        answered.clear();
        *dropped = None;
        self.summary = summary.take().or(self.summary.take());
        self.progress = progress.take().or(self.progress.take());
        self.last_logs = std::mem::take(logs);
        self.last_published = std::mem::take(published);
        self.end = end.take();
        self.restart = restart.take();
    }
}

/// The timers among open commands.
pub fn timers(open: &BTreeMap<OpId, Box<Command>>) -> impl Iterator<Item = (OpId, Moment)> {
    open.values().filter_map(|command| match command.work {
        Work::Timer { due, .. } | Work::Lock { due: Some(due) } => Some((command.op, due)),
        Work::Effect { .. } | Work::Dispatch(_) | Work::Wait | Work::Lock { due: None } => None,
    })
}
