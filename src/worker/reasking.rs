//! What was asked for before a rewind or a retry and is done once more after it has its time anew: its deadline counts from then.

use super::executing::Executing;
use crate::history::{EffectOptions, Moment, Pending};
use crate::run::{Command, Work};

impl Executing {
    /// Moves the deadlines of what is open after a replay; what has been gone on with since keeps that of its row.
    pub(super) fn reask(&mut self, rows: &[Pending]) {
        let rewinds = self.branches.iter().filter(|branch| branch.generation == self.generation);
        let Some(latest) = rewinds.map(|branch| branch.at).max() else { return };
        for command in self.open.values_mut() {
            let kept = rows.iter().find(|row| row.op == command.op);
            moved(command, latest, kept);
        }
    }
}

/// A deadline that is an instant of the script's own stays where it is.
fn moved(command: &mut Command, rewound_at: Moment, kept: Option<&Pending>) {
    let asked = command.scheduled_at;
    let Work::Effect { options, .. } = &mut command.work else { return };
    let Some(deadline) = options.deadline else { return };
    if !options.given.iter().any(|given| given == EffectOptions::DEADLINE_AFTER) {
        return;
    }
    let later = match kept.and_then(|row| row.deadline) {
        Some(kept) => kept,
        None if rewound_at > asked => deadline.plus_ms(rewound_at.since_ms(asked)),
        None => deadline,
    };
    options.deadline = Some(deadline.max(later));
}
