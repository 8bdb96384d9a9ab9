//! From which entry on a run could go on under a text that its history does not fit.

use super::rewind::{Past, Point, plan_rewind};
use super::{Difference, LoadedProgram, Session, upgrade};
use crate::history::{Entry, RunRow, Seq, kind};
use std::collections::BTreeMap;

/// The last entry behind which a run goes on under another text, and what that would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// The entry that would be the last one.
    pub to: Seq,
    /// How many entries would be set aside.
    pub aside: usize,
    /// The effects among them, in words: they were done, and would be done again where the text asks for them.
    pub effects: Vec<String>,
    /// The file of the text.
    pub file: String,
}

/// Where a run could be rewound to, so that the text fits; nothing where it fits nowhere, or is mistaken itself. Nothing is written.
pub(super) fn way_back(
    session: &Session,
    row: &RunRow,
    program: &LoadedProgram,
    misfit: &Difference,
) -> Option<WayBack> {
    // What the text itself gets wrong is wrong behind an earlier entry, too.
    if misfit.stuck.kind == kind::FAULT {
        return None;
    }
    let past = Past::read(session, row.no).ok()?;
    let last = past.entries.last().map(|(seq, _)| seq.0)?;
    let highest = misfit.entry.map_or(last, |at| at.0.min(last.saturating_add(1)));
    let fits = |to: u32| behind(session, &past, program, to);
    // Behind the one before it all fits, as a rule; where a command is open there that the text does not ask for, somewhere before.
    if let Some(way) = highest.checked_sub(1).and_then(fits) {
        return Some(way);
    }
    let (mut best, mut beyond) = (fits(0)?, highest);
    while beyond.saturating_sub(best.to.0) > 1 {
        let middle = best.to.0.midpoint(beyond);
        match fits(middle) {
            Some(way) => best = way,
            None => beyond = middle,
        }
    }
    Some(best)
}

/// The way back to an entry, where the text fits all up to it and asks for all that stays under way there.
pub(super) fn behind(session: &Session, past: &Past, program: &LoadedProgram, to: u32) -> Option<WayBack> {
    let row = &past.snapshot.row;
    let plan = plan_rewind(session, row.id.as_str(), Point::Entry(to), &BTreeMap::new()).ok()?;
    let kept = past.entries.iter().filter(|(seq, _)| *seq < plan.kept);
    let prefix: Vec<Entry> = kept.map(|(_, entry)| entry.clone()).collect();
    let source = Some(upgrade::source(program));
    let stand = session.executor().stand(session, row.no, &prefix, source).ok()?;
    let stays = past.snapshot.pending.iter().filter(|pending| plan.waiting().contains(&pending.op));
    let is_asked = |op, label: &_| stand.open.iter().any(|asked| asked.op == op && asked.label == *label);
    if !stays.into_iter().all(|pending| is_asked(pending.op, &pending.label)) {
        return None;
    }
    let effect = |entry: &Entry| {
        entry.fact.effect_kind().and(entry.fact.outcome_of()).map(|(_, label)| label.to_string())
    };
    let effects = plan.aside.iter().filter_map(|(_, entry)| effect(entry)).collect();
    Some(WayBack { to: Seq(to), aside: plan.aside.len(), effects, file: program.program.path.clone() })
}
