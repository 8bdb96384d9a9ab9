//! Locks that a run held at an entry: it gave them up when it ended, so it goes on from before they were granted.

use super::Session;
use super::rewind::Past;
use crate::history::{Entry, Fact, OpId, RunNo, Seq};

/// The last entry before the grant of all these locks at which a run held none, where entries up to one at which it held them stay.
pub(super) fn before_grant(session: &Session, run: RunNo, kept: &[Entry], held: &[OpId]) -> Option<Seq> {
    let (mut kept, mut held) = (kept, held.to_vec());
    while !held.is_empty() {
        let grants = |entry: &Entry| matches!(&entry.fact, Fact::LockGranted(it) if held.contains(&it.op));
        kept = kept.get(..kept.iter().position(grants)?)?;
        held = session.executor().stand(session, run, kept, None).ok()?.held;
    }
    Some(Seq(u32::try_from(kept.len()).ok()?.checked_sub(1)?))
}

/// The last entry up to this one at which the run held no lock. What cannot be read says nothing.
pub(super) fn free(session: &Session, past: &Past, at: Seq) -> Seq {
    let kept: Vec<Entry> =
        past.entries.iter().filter(|(seq, _)| *seq <= at).map(|(_, entry)| entry.clone()).collect();
    if !kept.iter().any(|entry| matches!(entry.fact, Fact::LockGranted(_))) {
        return at;
    }
    let run = past.snapshot.row.no;
    let held = session.executor().stand(session, run, &kept, None).map(|stand| stand.held);
    held.ok().and_then(|held| before_grant(session, run, &kept, &held)).unwrap_or(at)
}
