//! A glance at a store: what is in it is read, and nothing is made, locked for others or changed, not even where a kill left it in a mess.

use super::redb::of_io;
use super::remote::{NoConnection, Remote};
use super::socket::SocketPlace;
use super::workers::Workers;
use super::{Answer, EventSink, LocalSession, RedbTables, Request, Store, StoreError, rules};
use crate::history::Token;
use crate::timer::Clock;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often an owner that does not serve yet, or no more, is tried again.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(5);

/// A store that is only looked at.
struct Glance {
    source: Source,
    /// What is said to who wants to change something.
    refused: StoreError,
}

enum Source {
    /// By its owner, who answers as to everybody.
    Owner(Remote),
    /// In its file, of which nobody is owner while the lock is held, shared with others who look.
    File(LocalSession, #[expect(dead_code, reason = "held, not read")] Option<File>),
}

/// Who owns a store.
enum Owner {
    /// Another process.
    Somebody,
    /// Nobody, as long as this lock is held.
    None(File),
    /// Nobody ever did.
    Never,
}

/// Looks at the store in a directory; nothing where there is none. Who wants to change something is refused with this error.
///
/// # Errors
/// [`StoreError`]: what is wrong with the file, or that its owner does not answer.
pub fn glance(
    directory: &Path,
    clock: Arc<dyn Clock>,
    refused: StoreError,
) -> Result<Option<Arc<dyn Store>>, StoreError> {
    let file = directory.join("store.redb");
    if !file.exists() {
        return Ok(None);
    }
    super::directory::look(directory)?;
    let name = directory.display().to_string();
    let place = SocketPlace::at(directory).map_err(|error| of_io(&error, &name))?;
    for _ in 0..TRIES {
        let lock = match owner(directory)? {
            Owner::Somebody => None,
            Owner::None(lock) => Some(Some(lock)),
            Owner::Never => Some(None),
        };
        if let Some(lock) = lock {
            let liveness = Arc::new(Workers::at(directory));
            let tables = RedbTables::look_at(&file, Arc::clone(&clock), liveness)?;
            let source = Source::File(LocalSession::alone(Arc::new(tables), clock), lock);
            return Ok(Some(Arc::new(Glance { source, refused })));
        }
        let told = (Vec::new(), Vec::new(), false);
        match Remote::connect(&place, Token(0), told, Default::default(), || ()) {
            Ok(remote) => {
                return Ok(Some(Arc::new(Glance { source: Source::Owner(remote), refused })));
            }
            Err(NoConnection::Refused(error)) => return Err(error),
            Err(NoConnection::NoOwner) => clock.pause(PAUSE),
        }
    }
    Err(super::holder::unserved(directory))
}

/// Whether a store has an owner now.
fn owner(directory: &Path) -> Result<Owner, StoreError> {
    let path = directory.join("owner.lock");
    let io = |error: std::io::Error| of_io(&error, &path.display().to_string());
    let file = match OpenOptions::new().read(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Owner::Never),
        Err(error) => return Err(io(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Owner::None(file)),
        Err(TryLockError::WouldBlock) => Ok(Owner::Somebody),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

impl Store for Glance {
    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        if requests.iter().any(rules::writes) {
            return requests.iter().map(|_| Err(self.refused.clone())).collect();
        }
        match &self.source {
            Source::Owner(remote) => remote.call(requests),
            Source::File(session, _) => session.call(requests),
        }
    }

    fn set_events(&self, _sink: EventSink) {}

    fn damage(&self) -> Option<StoreError> {
        match &self.source {
            // An owner of a damaged store serves nobody.
            Source::Owner(_) => None,
            Source::File(session, _) => session.damage(),
        }
    }
}
