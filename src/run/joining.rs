//! Joining: strands that wait until others, or commands that were started, have ended.
//!
//! They never wait in a circle: a strand has the handles that existed when it began, for its captures are copies, and those of what it
//! starts; the items of a `parallel`, which share variables, have no handle that anybody could join.

use super::run::{Run, Wake};
use super::strands::{Blocked, StrandNo};
use crate::history::Value;
use crate::script::{Group, Handle, Reply};

impl Run {
    /// Waits for all or for one of these; gives the answer where it is known at once.
    pub(super) fn join(&mut self, strand: StrandNo, handles: Vec<Handle>, all: bool) -> Option<Reply> {
        handles.iter().for_each(Handle::wait_for);
        if let Some(reply) = joined(&handles, all) {
            return Some(reply);
        }
        let mut missing = 0;
        for target in handles.iter().filter(|handle| handle.ended().is_none()).filter_map(Handle::target) {
            missing += usize::from(self.waiters.entry(target).or_default().insert(strand));
        }
        self.block_in(strand, Blocked::Join { handles, all, missing });
        None
    }

    /// Waits for the next end in a group.
    pub(super) fn next_of(&mut self, strand: StrandNo, group: Group) -> Option<Reply> {
        if group.has_ended() || group.live() == 0 {
            return Some(Ok(Value::Null));
        }
        group.wait(Some(strand));
        self.block_in(strand, Blocked::Group(group));
        None
    }

    pub(super) fn block_in(&mut self, strand: StrandNo, blocked: Blocked) {
        let Some(slot) = self.strands.get_mut(&strand) else { return };
        slot.blocked = blocked;
        let lines = &mut self.world.state.borrow_mut().blocked_lines;
        match (&slot.blocked, slot.line) {
            (Blocked::Command(_) | Blocked::Join { .. } | Blocked::Undo, Some(line)) => {
                lines.insert(strand, Some(line));
            }
            (Blocked::No | Blocked::Group(_), _) | (_, None) => {
                lines.get_mut(&strand).map(Option::take);
            }
        }
    }

    /// Wakes those who wait for the end of a handle.
    pub(super) fn tell_end(&mut self, handle: &Handle) {
        let Some(target) = handle.target() else { return };
        for no in self.waiters.remove(&target).unwrap_or_default() {
            self.look_again(no, handle);
        }
        if let Some(group) = handle.group() {
            handle.join();
            if let Some(no) = group.waiting() {
                self.unblock(no);
                self.ready.push_back((no, Wake::Reply(Ok(Value::Null))));
            }
        } else {
            self.note_unjoined(handle);
        }
    }

    /// What ended with an error is remembered until somebody joins it.
    pub(super) fn note_unjoined(&mut self, handle: &Handle) {
        if matches!(handle.ended(), Some(Err(_))) && !handle.is_joined() {
            self.unjoined.push(handle.clone());
        }
    }

    /// Wakes a waiting strand where the end of this handle is enough for it. The answer is read when it goes on: of several that
    /// have ended by then the lowest index counts.
    fn look_again(&mut self, no: StrandNo, ended: &Handle) {
        let Some(slot) = self.strands.get_mut(&no) else { return };
        let Blocked::Join { all, missing, .. } = &mut slot.blocked else { return };
        *missing = missing.saturating_sub(1);
        let enough = !*all || *missing == 0 || matches!(ended.ended(), Some(Err(_)));
        if enough && let Blocked::Join { handles, all, .. } = self.unblock(no) {
            self.ready.push_back((no, Wake::Joined { handles, all }));
        }
    }

    /// Takes a strand out of what it is blocked in.
    pub(super) fn unblock(&mut self, no: StrandNo) -> Blocked {
        let Some(slot) = self.strands.get_mut(&no) else { return Blocked::No };
        let blocked = std::mem::replace(&mut slot.blocked, Blocked::No);
        self.world.state.borrow_mut().blocked_lines.get_mut(&no).map(Option::take);
        match &blocked {
            Blocked::No | Blocked::Undo => {}
            Blocked::Command(op) => self.break_off(*op),
            Blocked::Join { handles, .. } => {
                for target in handles.iter().filter_map(Handle::target) {
                    if let Some(waiters) = self.waiters.get_mut(&target) {
                        waiters.remove(&no);
                    }
                }
            }
            Blocked::Group(group) => group.wait(None),
        }
        blocked
    }
}

/// The answer to a join, where there is one: of several errors or ends the lowest index.
pub(super) fn joined(handles: &[Handle], all: bool) -> Option<Reply> {
    if all {
        let failed = handles.iter().enumerate().find_map(|(index, handle)| match handle.ended() {
            Some(Err(failure)) => Some((index, failure)),
            Some(Ok(())) | None => None,
        });
        if failed.is_none() && handles.iter().any(|handle| handle.ended().is_none()) {
            return None;
        }
        handles.iter().for_each(Handle::join);
        return Some(match failed {
            Some((index, failure)) if handles.len() > 1 => Err(failure.clone().with("index", number(index))),
            Some((_, failure)) => Err(failure.clone()),
            None => Ok(Value::Null),
        });
    }
    let (index, handle) = handles.iter().enumerate().find(|(_, handle)| handle.ended().is_some())?;
    handle.join();
    match handle.ended()? {
        Ok(()) => Some(Ok(Value::Int(number(index)))),
        Err(failure) => Some(Err(failure.clone().with("index", number(index)))),
    }
}

fn number(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
