//! The two plugs of this room: how a store is opened, and who drives scripts.

use super::error::CliError;
use crate::client::{Engine, Executor, Session};
use crate::store::SharedStore;
use crate::timer::Clock;
use std::path::Path;
use std::sync::Arc;

/// Who drives scripts in this build.
pub(crate) fn executor() -> Arc<dyn Executor> {
    Arc::new(Engine)
}

/// Opens the store in a directory; it is made where there is none.
pub(crate) fn open_store(
    directory: &Path,
    clock: Arc<dyn Clock>,
    executor: Arc<dyn Executor>,
) -> Result<Session, CliError> {
    let store = SharedStore::open(directory, Arc::clone(&clock))?;
    let (claim, directory) = (store.claim(), store.directory().to_owned());
    Ok(Session::new(Arc::new(store), clock, executor, claim, directory))
}
