//! What all handles of an open store share, and the thread that executes its runs.

use super::Error;
use super::bell::Bell;
use crate::client::{
    AdvanceOptions, ClientError, ExecuteOptions, Finished, News, Onlooker, Progress, Session, Span, Standing,
    Stop, go_on, view,
};
use crate::config::Configs;
use crate::history::{RunId, RunNo, Waker};
use crate::store::{Request, RunView};
use crate::timer::{Clock as _, SystemClock};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A run that has only waited for so long is put down: it costs no memory until something comes for it.
const PARK_AFTER: Duration = Duration::from_secs(30);
/// How long a change by another process can go unnoticed.
const SAFETY_NET: Duration = Duration::from_secs(1);

/// How long after its start a run is looked at again whether it has begun.
const BEGINS_SOON: Duration = Duration::from_millis(5);

/// An open store and what is known of its execution here.
pub(super) struct Inner {
    pub(super) session: Session,
    pub(super) bell: Arc<Bell>,
    pub(super) configs: Arc<Configs>,
    /// What of the environment a run records.
    pub(super) recorded: BTreeMap<String, String>,
    /// All of it: where secrets may be.
    pub(super) variables: BTreeMap<String, String>,
    /// The directory that processes are started in.
    pub(super) directory: PathBuf,
    /// Whether this program executes runs at all.
    executes: bool,
    execution: Mutex<Execution>,
}

#[derive(Default)]
struct Execution {
    /// Why no run is executed here any more.
    over: Option<String>,
    /// The runs that could not be taken up, and why.
    refused: BTreeMap<RunNo, Error>,
}

impl Inner {
    pub(super) fn new(
        session: Session,
        bell: Arc<Bell>,
        configs: Arc<Configs>,
        (recorded, variables): (BTreeMap<String, String>, BTreeMap<String, String>),
        directory: PathBuf,
        executes: bool,
    ) -> Self {
        Self { session, bell, configs, recorded, variables, directory, executes, execution: Mutex::default() }
    }

    fn execution(&self) -> MutexGuard<'_, Execution> {
        self.execution.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No run is executed here any more; the first reason counts.
    pub(super) fn is_over(&self, why: &str) {
        self.execution().over.get_or_insert_with(|| why.to_owned());
        self.bell.ring_all();
    }

    /// Waits until `look` finds something in the view of a run, or so long; nothing where the time ran out.
    ///
    /// # Errors
    /// `Closed` or `Refused` where nobody executes the run, and this program will not.
    pub(super) fn wait<T>(
        &self,
        run: RunNo,
        limit: Option<Duration>,
        mut look: impl FnMut(&RunView) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let end = limit.map(|limit| SystemClock.monotonic().saturating_add(limit));
        let (ear, mut watches) = (self.bell.listen(run), false);
        loop {
            let rung = ear.count();
            let now = view(&self.session, run)?;
            if let Some(found) = look(&now)? {
                return Ok(Some(found));
            }
            let is_ours = now.executor == Some(self.session.claim());
            if now.executor.is_none() || is_ours {
                self.will_execute(run)?;
            }
            if !is_ours && !std::mem::replace(&mut watches, true) {
                // What another process does is told from now on.
                self.session.store().ask(Request::Watch { run })?;
                continue;
            }
            let left = end.map(|end| end.saturating_sub(SystemClock.monotonic()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            ear.wait(rung, left.map_or(SAFETY_NET, |left| left.min(SAFETY_NET)));
        }
    }

    /// Waits until the script of a run that was recorded a moment ago has begun, where this program will begin it.
    pub(super) fn until_begun(&self, run: RunNo) -> Result<(), Error> {
        let ear = self.bell.listen(run);
        while self.executes && self.will_execute(run).is_ok() {
            let (rung, now) = (ear.count(), view(&self.session, run)?);
            if now.entries.0 > 0
                || now.row.queue.is_some()
                || !matches!(Standing::of(&now), Standing::Open(_))
            {
                break;
            }
            ear.wait(rung, BEGINS_SOON);
        }
        Ok(())
    }

    fn will_execute(&self, run: RunNo) -> Result<(), Error> {
        let execution = self.execution();
        if let Some(error) = execution.refused.get(&run) {
            return Err(error.clone());
        }
        match &execution.over {
            Some(message) => Err(Error::Closed { message: message.clone() }),
            None => Ok(()),
        }
    }

    /// Executes all runs of the store until it is stopped; on a thread of its own.
    pub(super) fn execute(self: &Arc<Self>, jobs: usize, stop: Stop) {
        let _told = Told(Arc::clone(self));
        // Where another process serves the store both go on: a run is executed by the one that claims it.
        let _served = self.session.store().ask(Request::Awake { waker: Waker::Serve(self.session.claim()) });
        let (bell, variables) = (Arc::clone(&self.bell), self.variables.clone());
        let options = AdvanceOptions {
            execute: ExecuteOptions {
                observer: Arc::new(move |run, progress| {
                    if is_news(&progress) {
                        bell.ring(run);
                    }
                }),
                stop,
                configs: Arc::clone(&self.configs),
                variables: Arc::new(move |name| {
                    variables.get(name).filter(|value| !value.is_empty()).cloned()
                }),
                park_after: None,
            },
            jobs,
            span: Span::UntilStopped { park_after: PARK_AFTER },
        };
        match go_on(&self.session, options, &mut Eyes(Arc::clone(self))) {
            Ok(()) => self.is_over("it was closed"),
            Err(error) => self.is_over(&error.to_string()),
        }
    }
}

/// How a run stands whose end is waited for.
pub(super) fn ended(id: &RunId, view: &RunView) -> Result<Option<crate::history::RunEnd>, Error> {
    match Standing::of(view) {
        Standing::Open(_) => Ok(None),
        Standing::Ended(end) => Ok(Some(end)),
        Standing::Stuck(stuck) => Err(Error::Stuck { id: id.clone(), stuck: Box::new(stuck) }),
    }
}

/// Whether somebody may wait for that.
fn is_news(progress: &Progress) -> bool {
    matches!(
        progress,
        Progress::Ended(_) | Progress::Stuck(_) | Progress::Parked | Progress::UpdateAnswered { .. }
    )
}

/// Tells that the execution is over, however it came to that.
struct Told(Arc<Inner>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.is_over("the thread that executes them is gone");
    }
}

/// Sees what becomes of the runs.
struct Eyes(Arc<Inner>);

impl Onlooker for Eyes {
    fn begun(&mut self, run: RunNo, _id: &RunId) {
        self.0.execution().refused.remove(&run);
    }

    fn left(&mut self, run: RunNo, _id: &RunId, _how: Finished) {
        self.0.bell.ring(run);
    }

    fn refused(&mut self, run: RunNo, _id: &RunId, why: ClientError) {
        let error = match Error::from(why) {
            error @ (Error::Refused { .. } | Error::Store { .. }) => error,
            error => Error::Refused { message: error.to_string() },
        };
        self.0.execution().refused.insert(run, error);
        self.0.bell.ring(run);
    }

    fn scheduled(&mut self, _news: News) {}

    fn round(&mut self, _held: usize) {}
}
