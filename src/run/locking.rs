//! Locks that other runs may hold: asking, being granted, and letting go.

use super::command::Work;
use super::issue::{Asker, label};
use super::nondeterminism;
use super::run::{Broken, Run, Wait};
use crate::history::{CommandKind, Failure, LockGranted, OpId, Value, kind};
use crate::script::Reply;

/// A lock that the run holds.
pub(super) struct HeldLock {
    name: String,
    /// The line that asked for it, where known.
    line: Option<u32>,
    /// How many calls of `with_lock` are inside it; none where it is only kept for undos.
    inside: u32,
    /// Whether an error has left it.
    threw: bool,
}

impl HeldLock {
    /// Whether nobody is inside.
    pub(super) fn is_only_kept(&self) -> bool {
        self.inside == 0
    }
}

impl Run {
    /// Asks for a lock; gives it at once where the run has kept it.
    pub(super) fn ask_lock(
        &mut self,
        op: OpId,
        asker: Asker<'_>,
        name: &str,
        timeout_ms: Option<i64>,
    ) -> Option<Reply> {
        let in_undo = self.strands.get(&asker.strand).is_some_and(|slot| slot.in_undo);
        if !in_undo && let Some(held) = self.locks_of(asker.strand).find(|held| held.name == name) {
            let place = held.line.map(|line| format!(", taken in line {line}")).unwrap_or_default();
            let message =
                format!("this strand holds the lock \"{name}\" already{place}; it would wait for itself");
            return Some(Err(Failure::new(kind::LOCK, message)));
        }
        // An undo works under the locks of the run whose work it takes back.
        let may_enter = |held: &HeldLock| held.name == name && (in_undo || held.is_only_kept());
        let kept = self.locks.iter_mut().find(|(_, held)| may_enter(held));
        if let Some((held_by, held)) = kept {
            held.inside += 1;
            let held_by = *held_by;
            self.enter(asker.strand, held_by);
            return Some(Ok(number(held_by)));
        }
        let due = timeout_ms.map(|ms| self.now().plus_ms(ms));
        self.wait(op, asker, label(CommandKind::WithLock, name), Wait::Lock, Work::Lock { due });
        None
    }

    /// The store has granted a lock. One that nobody waits for any more was let go of when the wait ended.
    pub(super) fn granted(&mut self, granted: &LockGranted) -> Result<(), Broken> {
        let op = granted.op;
        if !self.fits(op, &granted.label)? {
            self.world.state.borrow_mut().stretch.dropped = Some(op);
            return Ok(());
        }
        let Some(open) = self.open.get_mut(&op) else { return Ok(()) };
        let super::run::Owner::Strand(strand) = open.owner else {
            let file = &self.script.source().path;
            return Err(nondeterminism::out_of_place("LockGranted", file).into());
        };
        // From here on it is not a wait that ends, but a lock that is held.
        open.wait = Wait::Timer;
        let held = HeldLock { name: granted.label.name.clone(), line: open.line, inside: 1, threw: false };
        self.locks.insert(op, held);
        self.enter(strand, op);
        self.end_command(op, Ok(number(op)));
        Ok(())
    }

    /// The closure under a lock has ended. Where it threw, and undos that were registered under it may still run, it is kept for them.
    pub(super) fn leave_lock(&mut self, strand: super::strands::StrandNo, op: OpId, threw: bool) {
        if let Some(slot) = self.strands.get_mut(&strand)
            && let Some(place) = slot.locks.iter().rposition(|held| *held == op)
        {
            slot.locks.remove(place);
        }
        let Some(held) = self.locks.get_mut(&op) else { return };
        held.inside = held.inside.saturating_sub(1);
        held.threw |= threw;
        let (is_only_kept, threw) = (held.is_only_kept(), held.threw);
        if is_only_kept && !(threw && self.has_undos_under(op)) {
            self.locks.remove(&op);
            self.let_go(op);
        }
    }

    /// A lock is held no longer, or waited for no longer: the store is told.
    pub(super) fn let_go(&self, op: OpId) {
        self.world.state.borrow_mut().stretch.unlocked.push(op);
    }

    /// The commands whose locks the run holds.
    pub fn held_locks(&self) -> impl Iterator<Item = OpId> {
        self.locks.keys().copied()
    }

    fn enter(&mut self, strand: super::strands::StrandNo, op: OpId) {
        if let Some(slot) = self.strands.get_mut(&strand) {
            slot.locks.push(op);
        }
    }

    /// The locks that a strand holds, or that were held where it was started.
    fn locks_of(&self, strand: super::strands::StrandNo) -> impl Iterator<Item = &HeldLock> {
        let slot = self.strands.get(&strand);
        slot.into_iter().flat_map(|slot| &slot.locks).filter_map(|op| self.locks.get(op))
    }
}

/// The command of a lock, as `with_lock` gives it back when it lets go.
fn number(op: OpId) -> Value {
    Value::Int(i64::from(op.0))
}
