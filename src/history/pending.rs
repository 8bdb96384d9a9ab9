//! A pending command: what was asked and has no outcome yet, as the store keeps it for others to see.

use super::flat::flat;
use super::{CommandKind, CommandLabel, Failure, Moment, OpId, Value};

/// A command without an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The command.
    pub op: OpId,
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input.
    pub input: Value,
    /// The line of the script that asks.
    pub line: Option<u32>,
    /// The name given to the strand that asks.
    pub strand: Option<String>,
    /// When the script asked.
    pub scheduled_at: Moment,
    /// How many attempts have failed. One that a crash cut off is not counted.
    pub failures: u32,
    /// How many failures there may be before it fails for good, where there is a bound.
    pub attempts: Option<u32>,
    /// When its timer is due: a sleep, a wait with a time-out.
    pub due: Option<Moment>,
    /// When the next attempt begins, where it waits for one.
    pub next_try: Option<Moment>,
    /// The last failure.
    pub last_failure: Option<Failure>,
    /// The details of the last heartbeat.
    pub heartbeat: Option<Value>,
    /// When it fails for good however often it may still be tried.
    pub deadline: Option<Moment>,
    /// An at-most-once attempt has begun: whether its effect happened is not known before its outcome.
    pub begun: bool,
    /// Since when it has been failing.
    pub failing_since: Option<Moment>,
    /// When a person is told that it keeps failing, if it does until then.
    pub warns_at: Option<Moment>,
    /// Whether a person was told that it keeps failing.
    pub warned: bool,
    /// What an attempt that could begin waits for: a slot, a rate, the holder of a `once` key.
    pub waits_for: Option<String>,
}

flat!(Pending {
    label: CommandLabel { kind: CommandKind, name: String },
    op: OpId,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    strand: Option<String>,
    scheduled_at: Moment,
}
    due: Option<Moment>,
    failures: u32,
    attempts: Option<u32>,
    next_try: Option<Moment>,
    last_failure: Option<Failure>,
    heartbeat: Option<Value>,
    deadline: Option<Moment>,
    begun: bool,
    failing_since: Option<Moment>,
    warns_at: Option<Moment>,
    warned: bool,
    waits_for: Option<String>,
);

impl Pending {
    /// A command just asked for.
    pub fn new(op: OpId, label: CommandLabel, scheduled_at: Moment) -> Self {
        Self {
            op,
            label,
            input: Value::Null,
            line: None,
            strand: None,
            scheduled_at,
            failures: 0,
            attempts: None,
            due: None,
            next_try: None,
            last_failure: None,
            heartbeat: None,
            deadline: None,
            begun: false,
            failing_since: None,
            warns_at: None,
            warned: false,
            waits_for: None,
        }
    }

    /// The same command as a script asks for it; what is known of its attempts stays, and so does when they began and end.
    #[must_use]
    pub fn asked_as(self, asked: &Self) -> Self {
        // Of an activity durun.toml has a say: whoever tries it next counts by that.
        let attempts = if self.label.kind == CommandKind::Activity { self.attempts } else { asked.attempts };
        Self {
            input: asked.input.clone(),
            line: asked.line,
            strand: asked.strand.clone(),
            due: asked.due,
            attempts,
            ..self
        }
    }

    /// Whether a row says of a command what its script says now, and when it is to be looked at.
    pub fn is_asked_as(&self, asked: &Self) -> bool {
        let said = |row: &Self| (row.line, row.due, row.attempts, row.deadline, row.next_try);
        said(self) == said(asked)
            && (&self.label, &self.strand, &self.input) == (&asked.label, &asked.strand, &asked.input)
    }

    /// Counts its time from a later moment on, as if it was asked for then.
    pub fn count_from(&mut self, moment: Moment) {
        let later = moment.max(self.scheduled_at);
        self.due = self.due.map(|due| due.plus_ms(later.since_ms(self.scheduled_at)));
        self.scheduled_at = later;
    }

    /// Whether nobody has taken it up since an upgrade or a rewind made the script ask for it: another text may ask for something else.
    pub fn is_untouched(&self) -> bool {
        self.next_try.is_some() && self.failures == 0 && self.last_failure.is_none() && !self.begun
    }

    /// Whether it has been failing for so long that a person is to know.
    pub fn struggles(&self, now: Moment) -> bool {
        self.warned || self.warns_at.is_some_and(|at| at <= now)
    }

    /// When somebody has to look at it again: its timer or its next attempt.
    pub fn wakes_at(&self) -> Option<Moment> {
        match (self.due, self.next_try) {
            (Some(due), Some(next)) => Some(due.min(next)),
            (due, next) => due.or(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_of_its_last_fields_is_unusual_it_comes_back_by_name_and_by_place() {
        let label = CommandLabel { kind: CommandKind::Sleep, name: "s".to_owned() };
        let plain = Pending::new(OpId(3), label, Moment(5));
        let at = Some(Moment(0));
        let rows = [
            plain.clone(),
            Pending { due: at, ..plain.clone() },
            Pending { failures: 1, ..plain.clone() },
            Pending { attempts: Some(0), ..plain.clone() },
            Pending { next_try: at, ..plain.clone() },
            Pending { last_failure: Some(Failure::new("a", "b")), ..plain.clone() },
            Pending { heartbeat: Some(Value::Null), ..plain.clone() },
            Pending { deadline: at, ..plain.clone() },
            Pending { begun: true, ..plain.clone() },
            Pending { failing_since: at, ..plain.clone() },
            Pending { warns_at: at, warned: true, ..plain.clone() },
            Pending {
                waits_for: Some(String::new()),
                due: at,
                line: Some(1),
                strand: Some("x".to_owned()),
                ..plain
            },
        ];
        for row in rows {
            for bytes in [rmp_serde::to_vec(&row), rmp_serde::to_vec_named(&row)] {
                let read: Pending = rmp_serde::from_slice(&bytes.expect("encodes")).expect("decodes");
                // Nothing and null are written alike.
                let heartbeat = row.heartbeat.clone().filter(|value| *value != Value::Null);
                assert_eq!(read, Pending { heartbeat, ..row.clone() });
            }
        }
    }
}
