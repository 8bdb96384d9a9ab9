//! The configurations that a process has read, by the folders of the scripts that they are for.

use super::place::{Found, locate, unreadable};
use super::{Config, ConfigError, parse};
use crate::timer::Clock;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long nobody looks whether a file has changed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The largest file, in bytes: 1 MiB.
const LARGEST: u64 = 1024 * 1024;

/// Finds and reads configurations, and remembers them while they stay as they are.
pub struct Configs {
    users_own: Option<PathBuf>,
    clock: Option<Arc<dyn Clock>>,
    known: Mutex<BTreeMap<PathBuf, Known>>,
}

struct Known {
    found: Option<Found>,
    config: Arc<Config>,
    looked_at: Duration,
}

impl Configs {
    /// Those of scripts; `users_own` is the file for scripts that have none in their folder or above it.
    pub fn new(users_own: Option<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self { users_own, clock: Some(clock), known: Mutex::default() }
    }

    /// No script has one.
    pub fn none() -> Self {
        Self { users_own: None, clock: None, known: Mutex::default() }
    }

    /// The configuration of a script, as it is now.
    ///
    /// # Errors
    /// [`ConfigError`] where there is a file that cannot be used.
    pub fn read(&self, script: &Path) -> Result<Arc<Config>, ConfigError> {
        let Some(clock) = &self.clock else { return Ok(Arc::default()) };
        let folder = script.parent().unwrap_or(Path::new("/"));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock.monotonic();
        if let Some(known) = known.get(folder)
            && now < known.looked_at + LOOK_AGAIN
        {
            return Ok(Arc::clone(&known.config));
        }
        let found = locate(folder, self.users_own.as_deref())?;
        if let Some(known) = known.get_mut(folder)
            && known.found == found
        {
            known.looked_at = now;
            return Ok(Arc::clone(&known.config));
        }
        let config = Arc::new(found.as_ref().map_or(Ok(Config::default()), |found| load(&found.path))?);
        let entry = Known { found, config: Arc::clone(&config), looked_at: now };
        known.insert(folder.to_owned(), entry);
        Ok(config)
    }

    /// The same for a run that is under way: where the file was broken meanwhile, what it said before still holds.
    ///
    /// # Errors
    /// [`ConfigError`] where there is a file that cannot be used, and none was read before.
    pub fn read_or_last(&self, script: &Path) -> Result<Arc<Config>, ConfigError> {
        self.read(script).or_else(|error| {
            let folder = script.parent().unwrap_or(Path::new("/"));
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(folder).map(|known| Arc::clone(&known.config)).ok_or(error)
        })
    }
}

fn load(path: &Path) -> Result<Config, ConfigError> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| unreadable(path, &error))?;
    if text.len() > usize::try_from(LARGEST).unwrap_or(usize::MAX) {
        let message = format!("it is larger than {LARGEST} bytes");
        return Err(ConfigError::Unreadable { path: path.to_owned(), message });
    }
    parse(path, &text)
}
