//! Dispatches: what a script says to other runs goes through the store, and is recorded once the store has it.

use super::command::Work;
use super::issue::{Asker, label};
use super::run::{Run, Wait};
use crate::history::{CommandKind, OpId, Value};
use crate::script::Dispatch;

impl Run {
    /// Opens a command that the store does.
    pub(super) fn dispatch(&mut self, op: OpId, asker: Asker<'_>, dispatch: Dispatch) {
        let (label, shown) = match &dispatch {
            Dispatch::Signal { to, name, payload } => (
                label(CommandKind::SignalRun, name),
                Value::from([("run", to.as_str().into()), ("data", payload.clone())]),
            ),
            Dispatch::StartChild(child) => (label(CommandKind::StartChild, &child.file), child.input.clone()),
            Dispatch::CancelChild { run } => (label(CommandKind::CancelChild, run), Value::Null),
        };
        self.wait(op, asker, label, Wait::Effect, Work::Dispatch(dispatch));
        self.show(shown);
    }
}
