//! A session of the process that owns the store.

use super::hub::{Hub, SessionId};
use super::{Answer, Event, EventSink, Request, Store, StoreError, Tables};
use crate::history::{RunNo, Token};
use crate::timer::Clock;
use std::sync::{Arc, Mutex, PoisonError};

/// Of a session that executes nothing yet.
const NOBODY: Token = Token(0);

/// Where a session's events go; nowhere until somebody listens.
#[derive(Clone, Default)]
pub(super) struct Outlet(Arc<Mutex<Option<EventSink>>>);

impl Outlet {
    pub(super) fn set(&self, sink: EventSink) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sink);
    }

    pub(super) fn tell(&self, event: Event) {
        let sink = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(sink) = sink {
            sink(event);
        }
    }

    pub(super) fn sink(&self) -> EventSink {
        let outlet = self.clone();
        Arc::new(move |event| outlet.tell(event))
    }
}

/// A session in the owner's process, or the only one of a store in memory.
pub struct LocalSession {
    hub: Arc<Hub>,
    session: SessionId,
    outlet: Outlet,
}

impl LocalSession {
    /// A session over tables that no other process sees.
    pub fn alone(tables: Arc<dyn Tables>, clock: Arc<dyn Clock>) -> Self {
        Self::join(Arc::new(Hub::new(tables, clock)), Outlet::default(), (NOBODY, &[]))
    }

    /// Another session over the same tables, as another process would have.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::join(Arc::clone(&self.hub), Outlet::default(), (NOBODY, &[]))
    }

    /// The same for a process that had another owner before, and executes these runs already.
    #[doc(hidden)]
    #[must_use]
    pub fn another_that_executes(&self, process: Token, executing: &[RunNo]) -> Self {
        Self::join(Arc::clone(&self.hub), Outlet::default(), (process, executing))
    }

    pub(super) fn join(hub: Arc<Hub>, outlet: Outlet, (process, executing): (Token, &[RunNo])) -> Self {
        let session = hub.join(outlet.sink(), process, executing);
        Self { hub, session, outlet }
    }
}

impl Store for LocalSession {
    fn damage(&self) -> Option<StoreError> {
        self.hub.damage()
    }

    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        self.hub.call(self.session, requests)
    }

    fn set_events(&self, sink: EventSink) {
        self.outlet.set(sink);
    }
}

impl Drop for LocalSession {
    fn drop(&mut self) {
        self.hub.leave(self.session);
    }
}
