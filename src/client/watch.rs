//! Watching a run: woken when something is written for it, and once a second as a safety net.

use super::{ClientError, Session};
use crate::history::RunNo;
use crate::store::{Event, Request};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long a lost event can go unnoticed.
const SAFETY_NET: Duration = Duration::from_secs(1);

/// A watch on one run. It takes the session's events: do not execute in the same session meanwhile.
pub struct Watch {
    changes: Receiver<()>,
}

impl Watch {
    /// Begins to watch. What is read after this call misses no change.
    ///
    /// # Errors
    /// What the store says.
    pub fn begin(session: &Session, run: RunNo) -> Result<Self, ClientError> {
        let (sender, changes) = sync_channel(1);
        session.set_events(Arc::new(move |event| match event {
            Event::Changed { run: changed } if changed == run => {
                // A full channel already holds the news.
                let _ = sender.try_send(());
            }
            Event::Changed { .. } | Event::Message { .. } => {}
        }));
        session.ask(Request::Watch { run })?;
        Ok(Self { changes })
    }

    /// Blocks until something may have changed, a second at most, `limit` at most.
    pub fn next(&self, limit: Option<Duration>) {
        let time = limit.map_or(SAFETY_NET, |limit| limit.min(SAFETY_NET));
        match self.changes.recv_timeout(time) {
            Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}
