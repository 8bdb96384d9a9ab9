//! What the owner of a store holds: the file with its switchboard, the socket, and the kernel's lock.

use super::hub::Hub;
use super::local::LocalSession;
use super::server::Server;
use super::socket::SocketPlace;
use super::{Answer, Request, Store as _, StoreError};
use crate::timer::Clock;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at whether the last that was begun is done.
const BREATH: Duration = Duration::from_millis(1);

/// Everything that an owner holds.
pub(super) struct Owning {
    /// None of a damaged store: it is read by one process at a time, each of which has to say what it is.
    server: Option<Server>,
    session: Option<LocalSession>,
    hub: Option<Arc<Hub>>,
    place: SocketPlace,
    clock: Arc<dyn Clock>,
    _lock: File,
}

impl Owning {
    /// Serves the store to other processes; `session` is this process's own.
    pub(super) fn begin(
        session: LocalSession,
        hub: Arc<Hub>,
        place: SocketPlace,
        lock: File,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let is_whole = hub.damage().is_none();
        let server = is_whole.then(|| Server::start(&place, Arc::clone(&hub))).transpose()?;
        Ok(Self { server, session: Some(session), hub: Some(hub), place, clock, _lock: lock })
    }

    /// What is wrong with the store.
    pub(super) fn damage(&self) -> Option<StoreError> {
        self.hub.as_ref().and_then(|hub| hub.damage())
    }

    /// Does what this process asks.
    pub(super) fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        match &self.session {
            Some(session) => session.call(requests),
            None => requests.iter().map(|_| Err(StoreError::OwnerGone)).collect(),
        }
    }
}

impl Drop for Owning {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.stop(&self.place);
        }
        self.session.take();
        // Whoever delivers a message yet has a handle of the tables. The last one closes the file, and that is done before the lock,
        // the last field, goes.
        while let Some(used) = self.hub.take().and_then(|hub| Arc::try_unwrap(hub).err()) {
            self.hub = Some(used);
            self.clock.pause(BREATH);
        }
    }
}
