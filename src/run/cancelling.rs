//! Cancelling: whom a request to end reaches, and when it is raised.

use super::run::{Owner, Run, Wait, Wake};
use super::strands::{Blocked, Kind, Slot, StrandNo};
use crate::history::{Failure, OpId, Stuck, kind};
use crate::script::{Handle, Target, Thrown};
use std::collections::BTreeSet;

impl Run {
    /// Raises a failure in every strand, in order of creation, at the call that it is blocked in, or at its next; and ends the
    /// commands that were started. What a `shielded` call has started is left to it.
    pub(super) fn raise_everywhere(&mut self, failure: &Failure) {
        let all: Vec<StrandNo> =
            self.strands.iter().filter(|(_, slot)| slot.level == 0).map(|(no, _)| *no).collect();
        for no in all {
            if let Some(slot) = self.strands.get_mut(&no) {
                slot.cancelled = true;
            }
            self.raise(no, failure);
        }
        let commands: Vec<OpId> = self
            .open
            .iter()
            .filter(|(_, open)| matches!(&open.owner, Owner::Handle { level: 0, .. }))
            .map(|(op, _)| *op)
            .collect();
        for op in commands {
            self.cancel_command(op, failure);
        }
    }

    /// Raises a failure in one strand: at once where it is blocked, else at its next call. One that has not begun never does.
    fn raise(&mut self, no: StrandNo, failure: &Failure) {
        let is_being_raised = self.is_being_raised(no);
        let Some(slot) = self.strands.get_mut(&no) else { return };
        let has_begun = slot.strand.has_begun() || matches!(slot.kind, Kind::Main);
        if !has_begun {
            // Nothing but an end is in it, so nothing can break off here.
            drop(self.ended(no, Err(Thrown::Failure(failure.clone()))));
        } else if slot.strand.shields() > 0 {
            slot.raise = Some(failure.clone());
        } else if slot.is_blocked() {
            self.unblock(no);
            self.ready.push_back((no, Wake::Reply(Err(failure.clone()))));
        } else if !is_being_raised {
            slot.raise = Some(failure.clone());
        }
    }

    /// Whether a cancel is on its way to a strand that is about to run.
    fn is_being_raised(&self, no: StrandNo) -> bool {
        if self.strands.get(&no).is_none_or(Slot::is_blocked) {
            return false;
        }
        self.ready.iter().any(|(ready, wake)| {
            *ready == no && matches!(wake, Wake::Reply(Err(failure)) if failure.kind == kind::CANCELLED)
        })
    }

    /// What is raised at a call before it is made, if anything is.
    pub(super) fn raised_before(&mut self, no: StrandNo) -> Option<Failure> {
        let slot = self.strands.get_mut(&no)?;
        if slot.strand.shields() > 0 {
            return None;
        }
        slot.raise.take().or_else(|| {
            let over = self.grace_over && slot.level == 0;
            self.cancel.clone().filter(|_| over)
        })
    }

    /// Asks what a handle is of to end; what has ended, or was asked before, is left alone.
    pub(super) fn cancel_handle(&mut self, handle: &Handle) {
        let Some(target) = handle.target().filter(|_| handle.ended().is_none()) else { return };
        let level = match target {
            Target::Strand(no) => self.strands.get(&no).map(|slot| slot.level),
            Target::Command(op) if self.is_of_child(op) => return self.ask_child_to_end(op, true),
            Target::Command(op) => self.open.get(&op).map(|open| open.level()),
        };
        self.cancel_targets(level.unwrap_or(0), BTreeSet::from([target]));
    }

    /// Asks these to end, and what they started outside of `shielded`, in order of creation.
    pub(super) fn cancel_targets(&mut self, level: u32, targets: BTreeSet<Target>) {
        let strand = Failure::new(kind::CANCELLED, "the strand was cancelled").with("cause", "strand");
        let mut next: Vec<(u32, Target)> = targets.into_iter().rev().map(|target| (level, target)).collect();
        while let Some((level, target)) = next.pop() {
            match target {
                Target::Strand(no) => {
                    let Some(slot) = self.strands.get_mut(&no) else { continue };
                    if slot.level != level || std::mem::replace(&mut slot.cancelled, true) {
                        continue;
                    }
                    next.extend(slot.children.iter().rev().map(|child| (level, *child)));
                    self.raise(no, &strand);
                }
                Target::Command(op) => {
                    if self.open.get(&op).is_some_and(|open| open.level() == level) {
                        let message =
                            Failure::new(kind::CANCELLED, "it was cancelled").with("cause", "strand");
                        self.cancel_command(op, &message);
                    }
                }
            }
        }
    }

    /// Ends a command that was started and not waited for. An outcome that comes later is dropped.
    fn cancel_command(&mut self, op: OpId, failure: &Failure) {
        if self.is_of_child(op) {
            return self.ask_child_to_end(op, false);
        }
        if let Some(open) = self.forget(op) {
            self.settle(op);
            if let Owner::Handle { handle, .. } = open.owner {
                handle.join();
                handle.end(Err(failure.clone()));
                self.tell_end(&handle);
            }
        }
    }

    /// After main has ended, or a strand has failed: whatever no strand on its way to its own end waits for, or has started, is
    /// cancelled. On their way are main, handlers, and strands that were cancelled before and clean up.
    pub(super) fn shed(&mut self) {
        let mut kept: BTreeSet<Target> = BTreeSet::new();
        let mut next: Vec<Target> = self
            .strands
            .iter()
            .filter(|(_, slot)| slot.cancelled || !matches!(slot.kind, Kind::Started(_)))
            .map(|(no, _)| Target::Strand(*no))
            .collect();
        while let Some(target) = next.pop() {
            if let (true, Target::Strand(no)) = (kept.insert(target), target)
                && let Some(slot) = self.strands.get(&no)
            {
                next.extend(slot.children.iter().copied());
                next.extend(awaited(slot));
            }
        }
        // What is left out here as its starter lives is reached through that: but for what is left to a `shielded` call.
        let is_apart = |parent: Option<StrandNo>| parent.is_none_or(|no| !self.strands.contains_key(&no));
        let strands = self.strands.iter().map(|(no, slot)| (Target::Strand(*no), slot.level, slot.parent));
        let commands = self.open.iter().filter_map(|(op, open)| match &open.owner {
            Owner::Handle { parent, .. } => Some((Target::Command(*op), open.level(), *parent)),
            Owner::Strand(_) | Owner::Nobody => None,
        });
        let shed: Vec<(Target, u32)> = strands
            .chain(commands)
            .filter(|(target, _, parent)| !kept.contains(target) && is_apart(*parent))
            .map(|(target, level, _)| (target, level))
            .collect();
        if !self.ending.is_failing() {
            let left = shed.iter().filter(|(target, _)| self.is_unjoined(*target)).count();
            self.left_unjoined = self.left_unjoined.saturating_add(u32::try_from(left).unwrap_or(u32::MAX));
        }
        for (target, level) in shed {
            match target {
                Target::Command(op) if self.is_of_child(op) => self.leave_child(op),
                Target::Command(_) | Target::Strand(_) => {
                    self.cancel_targets(level, BTreeSet::from([target]));
                }
            }
        }
        let is_shed = |slot: &Slot| slot.cancelled || !matches!(slot.kind, Kind::Started(_));
        self.all_shed = self.strands.values().all(is_shed)
            && !self.open.values().any(|open| {
                matches!(open.owner, Owner::Handle { .. }) && !matches!(open.wait, Wait::Child { .. })
            });
    }

    /// Whether it is a strand or an activity that the script began, and that nobody has waited for or asked to end.
    fn is_unjoined(&self, target: Target) -> bool {
        let handle = match target {
            Target::Strand(no) => self.strands.get(&no).and_then(|slot| match &slot.kind {
                Kind::Started(handle) if !slot.cancelled => Some(handle),
                Kind::Started(_)
                | Kind::Main
                | Kind::Handler
                | Kind::Update(_)
                | Kind::Undo { .. }
                | Kind::FailureHandler => None,
            }),
            Target::Command(op) => self.open.get(&op).and_then(|open| match &open.owner {
                Owner::Handle { handle, .. } if open.label.kind.is_effect() => Some(handle),
                Owner::Handle { .. } | Owner::Strand(_) | Owner::Nobody => None,
            }),
        };
        handle.is_some_and(|handle| handle.group().is_none() && !handle.is_awaited())
    }

    /// How many strands and activities were cancelled as main returned, and nobody had waited for them.
    pub fn left_unjoined(&self) -> u32 {
        self.left_unjoined
    }

    /// The names of the signals that were delivered and that nobody took.
    pub fn untaken(&self) -> Vec<String> {
        self.world.state.borrow().mailbox.untaken().map(str::to_owned).collect()
    }

    /// Drops every strand where it stands, but for those that take back; then the run ends by taking back.
    pub(super) fn abandon(&mut self, failure: Failure) {
        let dropped: Vec<StrandNo> =
            self.strands.iter().filter(|(_, slot)| !slot.in_undo).map(|(no, _)| *no).collect();
        for no in &dropped {
            self.unblock(*no);
            if let Some(Slot { kind: Kind::Update(update), .. }) = self.strands.remove(no) {
                self.answer_update(update, Err(failure.clone()));
            }
        }
        self.ready.retain(|(no, _)| !dropped.contains(no));
        let left: Vec<OpId> = self
            .open
            .iter()
            .filter(|(_, open)| match &open.owner {
                Owner::Handle { parent, .. } => parent.is_none_or(|parent| dropped.contains(&parent)),
                Owner::Strand(_) | Owner::Nobody => false,
            })
            .map(|(op, _)| *op)
            .collect();
        for op in left {
            self.break_off(op);
        }
        self.unjoined.clear();
        self.forget_waiting_for_undos();
        self.ending.abandoned(failure.clone());
        self.cancel = Some(failure);
    }

    pub(super) fn too_many_strands(&self, line: Option<u32>) -> Box<Stuck> {
        Box::new(Stuck {
            kind: kind::FAULT.to_owned(),
            message: format!("the run has more than {} strands at once", super::strands::MOST_STRANDS),
            file: Some(self.script.source().path.clone()),
            line,
            column: None,
            calls: Vec::new(),
            hint: Some("parallel(items, |item| …, #{max: 16}) has only as many as run together".to_owned()),
        })
    }
}

/// What a strand waits for.
fn awaited(slot: &Slot) -> Vec<Target> {
    match &slot.blocked {
        Blocked::Join { handles, .. } => handles.iter().filter_map(Handle::target).collect(),
        // The members of a group are among its children.
        Blocked::Group(_) | Blocked::No | Blocked::Command(_) | Blocked::Undo => Vec::new(),
    }
}
