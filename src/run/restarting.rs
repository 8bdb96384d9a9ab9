//! Restarting: the script ends this history, and the next one of the run begins with what it hands on.

use super::run::{Broken, Run};
use super::strands::{Kind, StrandNo};
use crate::history::{Failure, Restart, Value, kind};
use crate::script::Reply;

impl Run {
    /// `restart_with`: main comes to its end here, as if it had returned. A run that was asked to end begins nothing.
    pub(super) fn restart_with(&mut self, strand: StrandNo, input: Value) -> Result<Option<Reply>, Broken> {
        let is_main = self.strands.get(&strand).is_some_and(|slot| matches!(slot.kind, Kind::Main));
        if !is_main {
            let message = "restart_with stands in the script itself, not in a strand or a handler";
            return Ok(Some(Err(Failure::new(kind::NESTED, message))));
        }
        if let Some(cancel) = &self.cancel {
            return Ok(Some(Err(cancel.clone())));
        }
        self.ending.restarts(input);
        self.ended(strand, Ok(Value::Null))?;
        Ok(None)
    }

    /// How the next generation begins, where this one has come to its end by it.
    pub(super) fn restart(&self) -> Option<Restart> {
        if !self.strands.is_empty() || self.cancel.is_some() {
            return None;
        }
        let input = self.ending.restart()?.clone();
        let state = self.world.state.borrow();
        let spent = state.now.since_ms(state.started_at);
        Some(Restart {
            input,
            timeout_ms: self.charter.timeout_ms.map(|ms| ms.saturating_sub(spent).max(0)),
            unread: state.mailbox.unread(),
        })
    }
}
