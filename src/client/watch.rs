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
            Event::Changed { .. } | Event::Message { .. } | Event::RetryNow { .. } | Event::Work { .. } => {}
        }));
        session.ask(Request::Watch { run })?;
        Ok(Self { changes })
    }

    /// Blocks until something may have changed, a second at most, `limit` at most. True where a change was told.
    pub fn next(&self, limit: Option<Duration>) -> bool {
        let time = limit.map_or(SAFETY_NET, |limit| limit.min(SAFETY_NET));
        match self.changes.recv_timeout(time) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::session;
    use super::*;
    use crate::store::Answer;

    #[test]
    fn a_change_of_this_run_wakes_and_that_of_another_does_not() {
        let (session, store) = session(vec![Ok(Answer::Done)]);
        let watch = Watch::begin(&session, RunNo(7)).expect("watches");
        let (sink, short) = (store.sink(), Some(Duration::from_millis(1)));
        sink(Event::Changed { run: RunNo(8) });
        assert!(!watch.next(short));
        sink(Event::Changed { run: RunNo(7) });
        sink(Event::Changed { run: RunNo(7) });
        assert!(watch.next(None));
        assert!(!watch.next(short), "two changes that nobody has looked at are one piece of news");
    }
}
