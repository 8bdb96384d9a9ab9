//! Child runs as their parent sees them: the wait for an end, an end that comes before anybody waits, and whom a cancel reaches.

use super::command::Work;
use super::issue::{Asker, label};
use super::nondeterminism;
use super::run::{Broken, Open, Owner, Run, Wait};
use crate::history::{ChildEnded, CommandKind, OpId};
use crate::script::{ChildRun, Dispatch, Reply};

impl Run {
    /// Waits for the end of a child; gives the answer where it is known at once.
    pub(super) fn wait_child(&mut self, op: OpId, asker: Asker<'_>, child: ChildRun) -> Option<Reply> {
        if let Some(reply) = self.ended_children.get(&child.start) {
            return Some(reply.clone());
        }
        let label = label(CommandKind::Child, &child.run);
        self.wait(op, asker, label, Wait::Child { child, asked_to_end: false }, Work::Wait);
        None
    }

    /// The end of a child: to whoever waits for it, else it is kept. It may come before the child is known to have been started.
    pub(super) fn child_ended(&mut self, ended: &ChildEnded) -> Result<(), Broken> {
        if ended.op >= self.next_op {
            let recorded = label(CommandKind::StartChild, ended.child.as_str());
            let file = &self.script.source().path;
            return Err(nondeterminism::never_asked(ended.op, &recorded, file).into());
        }
        let reply = ended.outcome.reply(&ended.child);
        let is_it = |open: &Open| matches!(&open.wait, Wait::Child { child, .. } if child.start == ended.op);
        let waiting: Vec<OpId> =
            self.open.iter().filter(|(_, open)| is_it(open)).map(|(op, _)| *op).collect();
        self.ended_children.insert(ended.op, reply.clone());
        for op in waiting {
            self.close(op, reply.clone());
        }
        Ok(())
    }

    pub(super) fn is_of_child(&self, op: OpId) -> bool {
        matches!(self.open.get(&op).map(|open| &open.wait), Some(Wait::Child { .. }))
    }

    /// Asks a child that is waited for to end, once; `by_handle` where the script says so itself. Its end is still waited for, and
    /// nobody needs to be told of it.
    pub(super) fn ask_child_to_end(&mut self, op: OpId, by_handle: bool) {
        let Some(Open { wait: Wait::Child { child, asked_to_end }, owner, .. }) =
            self.open.get_mut(&op).map(|open| &mut **open)
        else {
            return;
        };
        if *asked_to_end || (child.abandoned && !by_handle) {
            return;
        }
        *asked_to_end = true;
        if let Owner::Handle { handle, .. } = owner {
            handle.join();
        }
        let run = child.run.clone();
        let label = label(CommandKind::CancelChild, &run);
        let op = self.number();
        self.hand_out(op, label.clone(), None, None, Work::Dispatch(Dispatch::CancelChild { run }));
        let open = Open { label, line: None, owner: Owner::Nobody, wait: Wait::Effect };
        self.open.insert(op, Box::new(open));
    }

    /// Breaks a command off that nobody waits for any more; a child that it waited for is asked to end.
    pub(super) fn break_off(&mut self, op: OpId) {
        self.ask_child_to_end(op, false);
        self.forget(op);
        self.settle(op);
    }

    /// Nobody need be told how a child ends, but who asks for it still: what becomes of it is decided when the run closes.
    pub(super) fn leave_child(&self, op: OpId) {
        if let Some(Owner::Handle { handle, .. }) = self.open.get(&op).map(|open| &open.owner) {
            handle.join();
        }
    }
}
