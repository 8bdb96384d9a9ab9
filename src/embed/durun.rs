//! An open store: where runs are started and found, and, while it is open, executed.

use super::inner::Inner;
use super::start::Script;
use super::{Builder, Error, Run, RunInfo, Start};
use crate::client::{
    Existing, IfEnded, LoadedProgram, StartRequest, Started, Stop, find, list, load_program, load_text,
    resolve, start,
};
use crate::history::{Resolution, RunId, RunStatus, Value};
use crate::store::RunFilter;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// An open store. While it is open this process executes its runs, on a thread of its own; dropped, it parks them all.
///
/// All calls block, for a commit to the disk at most unless they say that they wait: from async code call them by
/// `tokio::task::spawn_blocking` or the like. It may be shared by threads (`Arc<Durun>`).
///
/// Other processes may use the store at the same time: `durun --store DIR list`, `history`, `signal` and `query` work beside
/// the program. They do not execute what calls its functions.
///
/// ```
/// use durun::{Activities, Durun, Start, Value};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path();
/// let activities = Activities::new().with("double", |_, input| Ok(input.as_int().unwrap_or(0) * 2));
/// let durun = Durun::builder(directory).activities(activities).open()?;
/// let run = durun.start(Start::text("sum.rhai", "activity(\"double\", input) + 1").input(20))?;
/// assert_eq!(run.result()?, Value::Int(41));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Durun {
    inner: Arc<Inner>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Durun {
    /// Opens a store without functions as activities: see [`Builder::open`].
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder(directory).open()
    }

    /// The way to open the store in a directory with activities and other settings.
    pub fn builder(directory: impl AsRef<Path>) -> Builder {
        Builder::new(directory.as_ref().to_owned())
    }

    pub(super) fn new(inner: Arc<Inner>, stop: Stop, thread: Option<JoinHandle<()>>) -> Self {
        Self { inner, stop, thread }
    }

    /// Records a run, or finds the one that has the id for the same script and input. When this returns it is on disk and will
    /// be executed, whatever happens; this does not wait for its end.
    ///
    /// # Errors
    /// [`Error::Script`]; [`Error::Input`] for an id that is none, or an input that the script's `params` do not allow or that
    /// is over 1 MiB; [`Error::Conflict`] for an id that is in use for something else; [`Error::Store`].
    pub fn start(&self, what: Start) -> Result<Run, Error> {
        let id = what.id.as_deref().map(RunId::parse).transpose().map_err(Error::input)?;
        let milliseconds = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let inner = &self.inner;
        let program = self.load(what.script)?;
        // What is wrong in durun.toml is told before anything is recorded.
        let config = inner.configs.read(Path::new(&program.program.path));
        config.map_err(|error| Error::Refused { message: error.to_string() })?;
        let request = StartRequest {
            id,
            program,
            input: what.input,
            directory: inner.directory.to_string_lossy().into_owned(),
            environment: inner.recorded.clone(),
            timeout_ms: what.timeout.map(milliseconds),
            claim: false,
            queue: None,
            overlap: None,
            if_ended: IfEnded::Report,
        };
        let (no, id) = match start(&inner.session, request)? {
            Started::New(new) | Started::Superseding { new, .. } => (new.run, new.id),
            Started::Existing {
                row,
                what: Existing::Continue(_) | Existing::Attach(_) | Existing::Report(_),
                ..
            } => (row.no, row.id),
            Started::Skipped(_) => return Err(Error::Other { message: "the start was skipped".to_owned() }),
        };
        Ok(Run::new(Arc::clone(inner), no, id))
    }

    fn load(&self, script: Script) -> Result<LoadedProgram, Error> {
        let (inner, executor) = (&self.inner, self.inner.session.executor().as_ref());
        let loaded = match script {
            Script::File(path) => load_program(&inner.directory.join(path), executor),
            Script::Text { name, text } => load_text(&inner.directory.join(name), text, executor),
        };
        loaded.map_err(|error| Error::from(crate::client::ClientError::from(error)))
    }

    /// The run of that id.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`]; [`Error::Store`].
    pub fn run(&self, id: &str) -> Result<Run, Error> {
        let row = find(&self.inner.session, id)?;
        if row.id.as_str() != id {
            return Err(Error::NoSuchRun { id: id.to_owned() });
        }
        Ok(Run::new(Arc::clone(&self.inner), row.no, row.id))
    }

    /// The runs of the store, newest first: those of these statuses, all where none is named.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn list(&self, statuses: &[RunStatus]) -> Result<Vec<RunInfo>, Error> {
        let filter = RunFilter { statuses: statuses.to_vec(), ..RunFilter::default() };
        Ok(list(&self.inner.session, filter)?.into_iter().map(RunInfo::from).collect())
    }

    /// Resolves a token that a script was given by `token()` and waits for: in a web hook, say. When this returns it is on disk;
    /// the same again is done.
    ///
    /// # Errors
    /// [`Error::Input`] for a text that is no token of the store, or a value over 1 MiB; [`Error::Answered`]; [`Error::Ended`];
    /// [`Error::Store`].
    pub fn resolve(&self, token: &str, value: impl Into<Value>) -> Result<(), Error> {
        resolve(&self.inner.session, token, &Resolution::Resolved(value.into()))?;
        Ok(())
    }

    /// The same with an error: the script that waits for the token catches it.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn reject(&self, token: &str, message: &str) -> Result<(), Error> {
        resolve(&self.inner.session, token, &Resolution::Rejected(message.to_owned()))?;
        Ok(())
    }

    /// Parks all runs and closes the store, as dropping does: nothing more is begun, activities are asked to end and have their
    /// grace time (10 seconds; programs TERM, then KILL), and whoever waits for a run is told [`Error::Closed`]. The runs go on
    /// when the store is opened again.
    pub fn close(self) {}
}

impl Drop for Durun {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            // A panic has been told where it was.
            let _ended = thread.join();
        }
        self.inner.is_over("it was closed");
    }
}
