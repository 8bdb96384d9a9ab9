//! Undoing: what a script has said that takes a step back, run newest first when the run fails, is cancelled, or asks for it.

use super::locking::HeldLock;
use super::run::{Broken, Run, Wake};
use super::strands::{Blocked, Kind, Slot, StrandNo};
use super::world::World;
use crate::history::{CommandKind, CommandLabel, Failure, OpId, Value, kind};
use crate::script::{Closure, Reply};
use std::collections::BTreeMap;
use std::rc::Rc;

/// An undo of a run, as it is told: a replay of more or of less gives it the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoing {
    /// Which it was, in order of registration.
    pub number: u32,
    /// What it takes back, for people.
    pub what: String,
    /// The effect that it takes back; nothing where it was registered by itself.
    pub op: Option<OpId>,
}

/// How to take one step back.
pub(super) struct Undo {
    number: u32,
    /// The effect that it undoes; nothing of `on_undo`.
    op: Option<OpId>,
    /// What it undoes, for people.
    what: String,
    closure: Closure,
    /// The kind of the effect and what it gave.
    result: Option<(CommandKind, Value)>,
    /// The locks that were held when it was registered.
    locks: Vec<OpId>,
}

/// The undos of a run.
#[derive(Default)]
pub(super) struct Undos {
    /// Those that may have to be run, oldest first.
    registered: Vec<Undo>,
    /// Those of effects that have not completed.
    promised: BTreeMap<OpId, (CommandKind, Undo)>,
    /// Those that are being run.
    current: Option<Current>,
    /// Those that were ever begun, in that order.
    begun: Vec<Undoing>,
    /// How many were registered or promised.
    count: u32,
}

/// Undos under way.
struct Current {
    rest: Vec<Undo>,
    total: usize,
    /// The strands that asked for it; none where the run ends.
    waiting: Vec<StrandNo>,
    failed: Vec<Value>,
}

impl Undo {
    fn told(&self) -> Undoing {
        Undoing { number: self.number, what: self.what.clone(), op: self.op }
    }
}

impl Run {
    /// Whether an undo was ever begun: the world is no longer as the history tells.
    pub fn has_undone(&self) -> bool {
        !self.undos.begun.is_empty()
    }

    /// The undos that were begun so far, in that order.
    pub fn undone_so_far(&self) -> &[Undoing] {
        &self.undos.begun
    }

    /// The undos that are registered; those are not among them that are due anyway, since undoing has begun.
    pub fn to_be_undone(&self) -> Vec<Undoing> {
        self.undos.registered.iter().map(Undo::told).collect()
    }

    /// Registers an undo before its effect. An undo registers none.
    pub(super) fn on_undo(&mut self, strand: StrandNo, line: Option<u32>, closure: Closure) {
        let what = line.map_or_else(|| "on_undo".to_owned(), |line| format!("on_undo of line {line}"));
        if let Some(undo) = self.undo_of(strand, what, None, closure) {
            self.undos.registered.push(undo);
        }
    }

    /// Keeps the undo of an effect until it is known whether it completed.
    pub(super) fn promise_undo(
        &mut self,
        op: OpId,
        strand: StrandNo,
        label: &CommandLabel,
        closure: Option<Closure>,
    ) {
        let undo = closure.and_then(|closure| self.undo_of(strand, label.to_string(), Some(op), closure));
        if let Some(undo) = undo {
            self.undos.promised.insert(op, (label.kind, undo));
        }
    }

    /// An effect has its outcome, or nobody waits for it any more: what completed can be undone.
    pub(super) fn redeem_undo(&mut self, op: OpId, reply: &Reply) {
        if let (Some((kind, undo)), Ok(result)) = (self.undos.promised.remove(&op), reply) {
            self.undos.registered.push(Undo { result: Some((kind, result.clone())), ..undo });
        }
    }

    pub(super) fn drop_undo(&mut self, op: OpId) {
        self.undos.promised.remove(&op);
    }

    fn undo_of(
        &mut self,
        strand: StrandNo,
        what: String,
        op: Option<OpId>,
        closure: Closure,
    ) -> Option<Undo> {
        let slot = self.strands.get(&strand).filter(|slot| !slot.in_undo)?;
        let number = self.undos.count;
        self.undos.count = number.saturating_add(1);
        Some(Undo { number, op, what, closure, result: None, locks: slot.locks.clone() })
    }

    /// `undo()`: runs all that is registered; the strand goes on when the last has ended.
    pub(super) fn undo_now(&mut self, strand: StrandNo) -> Result<Option<Reply>, Broken> {
        if self.strands.get(&strand).is_some_and(|slot| slot.in_undo) {
            return Ok(Some(Err(Failure::new(kind::NESTED, "undo() may not stand inside an undo"))));
        }
        if let Some(current) = &mut self.undos.current {
            current.waiting.push(strand);
        } else if self.undos.registered.is_empty() {
            return Ok(Some(Ok(Value::Null)));
        } else {
            self.begin_undos(vec![strand])?;
        }
        self.block_in(strand, Blocked::Undo);
        Ok(None)
    }

    /// Once all strands of a run that fails have ended, its undos run. False where there are none.
    pub(super) fn undo_at_the_end(&mut self) -> Result<bool, Broken> {
        let is_over = self.strands.is_empty() && self.ending.is_failing();
        if !is_over || self.undos.registered.is_empty() {
            return Ok(false);
        }
        self.look_stays();
        self.begin_undos(Vec::new())?;
        Ok(true)
    }

    fn begin_undos(&mut self, waiting: Vec<StrandNo>) -> Result<(), Broken> {
        let rest = std::mem::take(&mut self.undos.registered);
        self.undos.current = Some(Current { total: rest.len(), rest, waiting, failed: Vec::new() });
        self.next_undo()
    }

    /// The newest of those that are left, or the end of it.
    fn next_undo(&mut self) -> Result<(), Broken> {
        let Some(current) = &mut self.undos.current else { return Ok(()) };
        let Some(undo) = current.rest.pop() else {
            self.all_undone();
            return Ok(());
        };
        self.undos.begun.push(undo.told());
        let (total, number) = (current.total, current.total - current.rest.len());
        let host: Rc<World> = Rc::clone(&self.world);
        let strand = self
            .interpreter
            .undo(
                &self.script,
                host,
                self.meter.clone(),
                undo.closure,
                undo.result.as_ref().map(|(kind, it)| (*kind, it)),
            )
            .map_err(Broken::NoMemory)?;
        let name = format!("undoing {number} of {total}: {}", undo.what);
        let slot = Slot::new(strand, Kind::Undo { name, what: undo.what });
        // Nothing that asks the run to end reaches it.
        self.add(Slot { level: 1, in_undo: true, ..slot });
        Ok(())
    }

    /// An undo has ended; the others run whatever became of it.
    pub(super) fn undone(&mut self, what: String, result: Result<(), Failure>) -> Result<(), Broken> {
        if let (Some(current), Err(failure)) = (&mut self.undos.current, result) {
            let entry = Value::from([("undo", Value::Text(what)), ("error", failure.to_value())]);
            current.failed.push(entry);
        }
        self.next_undo()
    }

    fn all_undone(&mut self) {
        let Some(current) = self.undos.current.take() else { return };
        self.let_go_of_kept();
        if current.waiting.is_empty() {
            self.ending.failed_undos(current.failed);
            return;
        }
        let reply = failure_of(current.total, current.failed).map_or(Ok(Value::Null), Err);
        for strand in current.waiting {
            self.unblock(strand);
            self.ready.push_back((strand, Wake::Reply(reply.clone())));
        }
    }

    /// Strands that are dropped wait for nothing; what goes wrong from here on is told by the end.
    pub(super) fn forget_waiting_for_undos(&mut self) {
        if let Some(current) = &mut self.undos.current {
            current.waiting.clear();
        }
    }

    /// Whether an undo that was registered under a lock may still run.
    pub(super) fn has_undos_under(&self, lock: OpId) -> bool {
        let current = self.undos.current.iter().flat_map(|current| &current.rest);
        self.undos.current.is_some()
            || current.chain(&self.undos.registered).any(|undo| undo.locks.contains(&lock))
    }

    /// The locks that were only kept for undos.
    fn let_go_of_kept(&mut self) {
        let kept = |held: &HeldLock| held.is_only_kept();
        let ops: Vec<OpId> = self.locks.iter().filter(|(_, held)| kept(held)).map(|(op, _)| *op).collect();
        for op in ops {
            if !self.has_undos_under(op) {
                self.locks.remove(&op);
                self.let_go(op);
            }
        }
    }
}

/// What `undo()` raises where undos have failed.
fn failure_of(total: usize, failed: Vec<Value>) -> Option<Failure> {
    let first = failed.first()?.get("error").map(|error| Failure::from_value(error.clone()))?;
    let message = format!("{} of {total} undos failed: {}", failed.len(), first.message);
    Some(Failure::new(kind::UNDO, message).with("failures", Value::List(failed)))
}
