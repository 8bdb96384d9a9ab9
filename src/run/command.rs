//! What a run hands out when all its strands are blocked.

use crate::history::{
    CommandKind, CommandLabel, EffectOptions, HowFar, InDoubt, Moment, OpId, Pending, Restart, RunEnd,
    UpdateCompleted, Value,
};
use crate::script::{Body, Dispatch, Said};

/// A command that the script issued in this stretch and that has no outcome yet.
pub struct Command {
    /// Its number.
    pub op: OpId,
    /// Its kind and name.
    pub label: CommandLabel,
    /// The line of the script that asks, where known.
    pub line: Option<u32>,
    /// The name given to the strand that asks, where one was.
    pub strand: Option<String>,
    /// The time of the run when it was issued.
    pub scheduled_at: Moment,
    /// What it shows to those who look: of a question, its choices. Null where it shows nothing; an effect has its own input.
    pub shown: Value,
    /// What is to be done.
    pub work: Work,
}

impl Command {
    /// Its pending row as the script asks for it, before anything is known of its attempts.
    pub fn row(&self) -> Pending {
        let mut row = Pending::new(self.op, self.label.clone(), self.scheduled_at);
        row.line = self.line;
        row.strand.clone_from(&self.strand);
        match &self.work {
            Work::Effect { input, options, .. } => {
                row.input = input.clone();
                row.attempts = options.retry.attempts;
                row.deadline = options.deadline;
            }
            Work::Timer { due, .. } => {
                row.input = self.shown.clone();
                row.due = Some(*due);
            }
            Work::Lock { due } => row.due = *due,
            Work::Dispatch(_) | Work::Wait => row.input = self.shown.clone(),
        }
        row
    }

    /// What is to be noted where it is cut off while it is under way; nothing of what changes nothing outside.
    pub fn in_doubt(&self) -> Option<InDoubt> {
        let only_looks = matches!(
            self.label.kind,
            CommandKind::ReadFile | CommandKind::Glob | CommandKind::Env | CommandKind::Poll
        );
        let (label, strand) = (self.label.clone(), self.strand.clone());
        let noted = InDoubt { op: self.op, label, line: self.line, strand };
        (matches!(self.work, Work::Effect { .. }) && !only_looks).then_some(noted)
    }

    /// Whether it ends after a time that counts from when the script asked.
    pub fn is_counted(&self) -> bool {
        matches!(self.work, Work::Timer { counted: true, .. } | Work::Lock { due: Some(_) })
    }

    /// Counts that time from a later moment on.
    pub fn count_from(&mut self, later: Moment) {
        let by = later.since_ms(self.scheduled_at);
        if let Work::Timer { due, counted: true } | Work::Lock { due: Some(due) } = &mut self.work {
            *due = due.plus_ms(by);
            self.scheduled_at = later;
        }
    }
}

/// What a command wants done.
pub enum Work {
    /// Outside work, ended by `ActivityCompleted` or `ActivityFailed`.
    Effect {
        /// Its input.
        input: Value,
        /// How it is to be done.
        options: Box<EffectOptions>,
        /// The part of the script that does it, where one does.
        body: Option<Body>,
        /// The part of the script that tells whether an at-most-once effect happened, where there is one.
        probe: Option<Body>,
    },
    /// A timer, ended by `TimerFired`.
    Timer {
        /// When it is due.
        due: Moment,
        /// Whether that counts from when the script asked; otherwise it is an instant of the script's own, or the end of the run's time.
        counted: bool,
    },
    /// A lock of the store, ended by `LockGranted`, or by `TimerFired`. Its name is the command's.
    Lock {
        /// When it gives up, where it does.
        due: Option<Moment>,
    },
    /// Something that the store is asked to do with another run, ended by `ActivityCompleted` or `ActivityFailed`.
    Dispatch(Dispatch),
    /// A wait without a time-out: the script itself ends it.
    Wait,
}

/// What one stretch gave: from one entry to all strands blocked. All of it counts, or, where the stretch faults, nothing.
#[derive(Default)]
pub struct Stretch {
    /// Commands to be started, in the order of issue.
    pub commands: Vec<Box<Command>>,
    /// Commands that ended without an entry of their own: waits that were served, calls that a cancel ended.
    pub settled: Vec<OpId>,
    /// Locks that are held or waited for no longer, by the command that asked.
    pub unlocked: Vec<OpId>,
    /// Answers to updates, in order: to be recorded before anything else is delivered.
    pub answered: Vec<UpdateCompleted>,
    /// Logged lines in order.
    pub logs: Vec<Said>,
    /// Published values in order.
    pub published: Vec<(String, Value)>,
    /// The last summary set.
    pub summary: Option<String>,
    /// The last progress told.
    pub progress: Option<HowFar>,
    /// The entry was an outcome that nobody waited for any more.
    pub dropped: Option<OpId>,
    /// How the run ends, where it does: to be recorded as its last entry.
    pub end: Option<RunEnd>,
    /// How the next generation begins, where the script ends this one.
    pub restart: Option<Restart>,
}
