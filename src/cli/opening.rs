//! The two plugs of this room: how a store is opened, and who drives scripts.

use super::error::CliError;
use super::suspension;
use crate::client::{Engine, Executor, Session, StoreError, is_closed_to_writing};
use crate::history::{Claim, Token};
use crate::store::{SharedStore, glance};
use crate::timer::{Clock, SystemClock};
use std::path::Path;
use std::sync::Arc;

/// Who drives scripts in this build.
pub(crate) fn executor() -> Arc<dyn Executor> {
    Arc::new(Engine::default())
}

/// Opens the store in a directory; it is made where there is none. One that cannot be written to is looked at: who wants to change
/// something is told why that cannot be.
pub(crate) fn open_store(
    directory: &Path,
    clock: Arc<dyn Clock>,
    executor: Arc<dyn Executor>,
) -> Result<Session, CliError> {
    let store = match SharedStore::open(directory, Arc::clone(&clock)) {
        Err(refused) if is_closed_to_writing(directory) => {
            return look(directory, clock, executor, refused.clone())
                .ok()
                .flatten()
                .ok_or_else(|| refused.into());
        }
        opened => opened?,
    };
    suspension::steps_aside(&store)?;
    let (claim, directory) = (store.claim(), store.directory().to_owned());
    Ok(Session::new(Arc::new(store), clock, executor, claim, directory))
}

/// The store in a directory, to be looked at and not changed; nothing where there is none that can be read.
pub(crate) fn look_at_store(directory: &Path, executor: Arc<dyn Executor>) -> Option<Session> {
    let refused = StoreError::Protocol { message: "a glance changes nothing".to_owned() };
    look(directory, Arc::new(SystemClock), executor, refused).ok()?
}

fn look(
    directory: &Path,
    clock: Arc<dyn Clock>,
    executor: Arc<dyn Executor>,
    refused: StoreError,
) -> Result<Option<Session>, StoreError> {
    let store = glance(directory, Arc::clone(&clock), refused)?;
    // It claims nothing.
    let claim = Claim { token: Token(0), pid: std::process::id() };
    Ok(store.map(|store| Session::new(store, clock, executor, claim, directory.to_owned())))
}
