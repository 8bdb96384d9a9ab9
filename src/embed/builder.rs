//! How a store is opened: its directory, the activities, the clock.

use super::bell::{Bell, Tapped};
use super::inner::Inner;
use super::{Durun, Error};
use crate::activity::Activities;
use crate::client::{Engine, RECORDED, Session, Stop};
use crate::config::Configs;
use crate::history::FUNCTIONS;
use crate::store::{SharedStore, Store};
use crate::timer::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// How many runs are in hand at a time where nothing is said.
const RUNS: usize = 1000;

/// What a store is opened with; made by [`Durun::builder`](crate::Durun::builder).
///
/// With a clock of its own a test of a script that sleeps for a month takes no time:
///
/// ```
/// use durun::{Durun, ManualClock, Moment, Start, Value};
/// use std::time::Duration;
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path();
/// let clock = ManualClock::at(Moment(1_700_000_000_000));
/// let durun = Durun::builder(directory).clock(clock.clone()).open()?;
/// let run = durun.start(Start::text("month.rhai", r#"sleep("30 days"); "rested""#))?;
/// while run.wait_at_most(Duration::from_millis(10))?.is_none() {
///     clock.advance(Duration::from_secs(24 * 60 * 60));
/// }
/// assert_eq!(run.result()?, Value::from("rested"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct Builder {
    directory: PathBuf,
    activities: Activities,
    clock: Arc<dyn Clock>,
    working_directory: Option<PathBuf>,
    runs: usize,
    executes: bool,
}

impl Builder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            activities: Activities::new(),
            clock: Arc::new(SystemClock),
            working_directory: None,
            runs: RUNS,
            executes: true,
        }
    }

    /// The functions that scripts call as activities.
    pub fn activities(mut self, activities: Activities) -> Self {
        self.activities = activities;
        self
    }

    /// Another clock: a [`ManualClock`](crate::ManualClock) lets tests of a script that sleeps for a month pass at once.
    /// Time-outs of attempts are real time all the same.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The directory that processes of runs are started in, and relative paths are relative to: recorded with each run. The
    /// one that this process is in where nothing is said.
    pub fn working_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(directory.into());
        self
    }

    /// How many runs this process has in hand at a time, at least one; 1000 where nothing is said. Those that only wait make
    /// room for others.
    pub fn runs(mut self, runs: usize) -> Self {
        self.runs = runs.max(1);
        self
    }

    /// Executes nothing: for a program that starts runs, asks and tells, and leaves their execution to another process.
    pub fn without_execution(mut self) -> Self {
        self.executes = false;
        self
    }

    /// Opens the store; its directory is made where there is none, for this user alone. From now on this process goes on with
    /// every run of the store that nobody executes, on a thread of its own.
    ///
    /// # Errors
    /// [`Error::Store`] for a directory or file that cannot be used; [`Error::Input`] for the name of an activity that is
    /// none; [`Error::Other`] where the system gives no thread.
    pub fn open(self) -> Result<Durun, Error> {
        if let Some(name) = self.activities.wrong_name() {
            return Err(Error::input(format!("\"{name}\" is no name of an activity")));
        }
        let bell = Arc::new(Bell::default());
        let store = SharedStore::open(&self.directory, Arc::clone(&self.clock))?;
        let (claim, directory) = (store.claim(), store.directory().to_owned());
        let store: Arc<dyn Store> = Arc::new(Tapped::new(store, Arc::clone(&bell)));
        if let Some(damage) = store.damage().filter(|_| self.executes) {
            return Err(damage.into());
        }
        let names: Vec<&str> = self.activities.names().collect();
        let environment = environment(&names);
        let executor = Arc::new(Engine::with_activities(self.activities.clone()));
        let session = Session::new(store, Arc::clone(&self.clock), executor, claim, directory).named(true);
        let configs = Arc::new(Configs::new(None, self.clock));
        let here = || std::env::current_dir().map_err(|error| Error::Other { message: error.to_string() });
        let working_directory = match self.working_directory {
            Some(directory) => {
                std::path::absolute(directory).map_err(|error| Error::Input { message: error.to_string() })?
            }
            None => here()?,
        };
        let inner =
            Arc::new(Inner::new(session, bell, configs, environment, working_directory, self.executes));
        let stop = Stop::new();
        let thread = if self.executes {
            let (inner, stop) = (Arc::clone(&inner), stop.clone());
            let begun = std::thread::Builder::new()
                .name("durun".to_owned())
                .spawn(move || inner.execute(self.runs, stop));
            Some(begun.map_err(|error| Error::Other { message: error.to_string() })?)
        } else {
            None
        };
        Ok(Durun::new(inner, stop, thread))
    }
}

type Variables = BTreeMap<String, String>;

/// What of the environment a run records, and all of it.
fn environment(functions: &[&str]) -> (Variables, Variables) {
    let texts = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let all: Variables = texts.collect();
    let mut recorded = all.clone();
    recorded.retain(|name, _| RECORDED.contains(&name.as_str()));
    if !functions.is_empty() {
        recorded.insert(FUNCTIONS.to_owned(), functions.join(" "));
    }
    (recorded, all)
}
