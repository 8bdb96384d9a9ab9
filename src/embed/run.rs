//! A run: what can be asked of it and said to it.

use super::inner::{Inner, ended};
use super::{Entry, Error, RunInfo};
use crate::client::{
    AnswerRequest, answer, cancel, query, read_history, send_update, signal, update_answer, view,
};
use crate::history::{RunEnd, RunId, RunNo, RunStatus, UpdateAnswer, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A run of an open store. Clones are the same run. After the store was closed it can still be looked at.
///
/// ```
/// use durun::{Durun, RunStatus, Start, Value};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path();
/// let script = r#"
///     let approved = ();
///     on_query("approved", || approved);
///     on_update("note", |text| `noted: ${text}`);
///     approved = wait_signal("approve");
///     approved.by
/// "#;
/// let durun = Durun::open(directory)?;
/// let run = durun.start(Start::text("approval.rhai", script).id("order-1001"))?;
/// assert_eq!(run.update("note", "urgent")?, Value::from("noted: urgent"));
/// run.signal("approve", Value::from([("by", "Ada".into())]))?;
/// assert_eq!(run.result()?, Value::from("Ada"));
/// assert_eq!(run.status()?, RunStatus::Completed);
/// // Also of a run that has ended, in this process or another.
/// assert_eq!(durun.run("order-1001")?.query("approved", ())?.get("by"), Some(&Value::from("Ada")));
/// let kinds: Vec<&str> = run.history()?.iter().map(|entry| entry.kind).collect();
/// assert_eq!(kinds, ["RunBegan", "UpdateAccepted", "UpdateCompleted", "SignalReceived", "RunCompleted"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Run {
    inner: Arc<Inner>,
    no: RunNo,
    id: RunId,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.id.as_str()).finish()
    }
}

impl Run {
    pub(super) fn new(inner: Arc<Inner>, no: RunNo, id: RunId) -> Self {
        Self { inner, no, id }
    }

    /// Its name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// What is known of it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn info(&self) -> Result<RunInfo, Error> {
        Ok(view(&self.inner.session, self.no)?.into())
    }

    /// How it stands.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn status(&self) -> Result<RunStatus, Error> {
        Ok(view(&self.inner.session, self.no)?.status)
    }

    /// Blocks until it has ended, by whichever process: how.
    ///
    /// # Errors
    /// [`Error::Stuck`]; [`Error::Closed`] and [`Error::Refused`] where nobody executes it and this program will not;
    /// [`Error::Store`].
    pub fn wait(&self) -> Result<RunEnd, Error> {
        loop {
            if let Some(end) = self.inner.wait(self.no, None, |view| ended(&self.id, view))? {
                return Ok(end);
            }
        }
    }

    /// The same for so long at most, in real time; nothing where it has not ended then.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_at_most(&self, limit: Duration) -> Result<Option<RunEnd>, Error> {
        self.inner.wait(self.no, Some(limit), |view| ended(&self.id, view))
    }

    /// Blocks until it has ended: the value of the script's last expression.
    ///
    /// # Errors
    /// [`Error::NotCompleted`] where it ended otherwise; else as [`wait`](Self::wait).
    pub fn result(&self) -> Result<Value, Error> {
        match self.wait()? {
            RunEnd::Completed { result } => Ok(result),
            end => Err(Error::NotCompleted { id: self.id.clone(), end: Box::new(end) }),
        }
    }

    /// Sends a signal: when this returns it is on disk, and the script will see it.
    ///
    /// # Errors
    /// [`Error::Ended`]; [`Error::Input`] for a name that is empty or longer than 256 characters, or a payload over 1 MiB;
    /// [`Error::Store`].
    pub fn signal(&self, name: &str, payload: impl Into<Value>) -> Result<(), Error> {
        self.send(name, payload.into(), None)
    }

    /// The same under a key: the same key again is the same signal, so that sending can be repeated after a crash.
    ///
    /// # Errors
    /// As [`signal`](Self::signal).
    pub fn signal_once(&self, name: &str, payload: impl Into<Value>, key: &str) -> Result<(), Error> {
        self.send(name, payload.into(), Some(key))
    }

    fn send(&self, name: &str, payload: Value, key: Option<&str>) -> Result<(), Error> {
        signal(&self.inner.session, self.id.as_str(), name, payload, key, false)?;
        Ok(())
    }

    /// The answer of the script's query of that name, else what it has published under it. It is computed by replay, sees every
    /// signal sent before, and works whoever executes the run and after its end. Of a run that was started a moment ago the
    /// beginning is awaited.
    ///
    /// # Errors
    /// [`Error::Query`]; [`Error::Store`].
    pub fn query(&self, name: &str, argument: impl Into<Value>) -> Result<Value, Error> {
        self.inner.until_begun(self.no)?;
        Ok(query(&self.inner.session, self.no, name, &argument.into())?)
    }

    /// Asks for an update and blocks until the script has answered it.
    ///
    /// # Errors
    /// [`Error::Update`] where the script refused it or its handler failed; [`Error::Ended`] where the run ended before;
    /// [`Error::Input`] as for a [`signal`](Self::signal); else as [`wait`](Self::wait).
    pub fn update(&self, name: &str, argument: impl Into<Value>) -> Result<Value, Error> {
        self.ask(name, argument.into(), None)
    }

    /// The same under a key: the same key again is the same update, and gives the same answer, also once the run has ended. One
    /// that was refused is asked anew.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn update_once(&self, name: &str, argument: impl Into<Value>, key: &str) -> Result<Value, Error> {
        self.ask(name, argument.into(), Some(key))
    }

    fn ask(&self, name: &str, argument: Value, key: Option<&str>) -> Result<Value, Error> {
        self.inner.until_begun(self.no)?;
        let session = &self.inner.session;
        let sent = send_update(session, self.id.as_str(), name, argument, key)?;
        loop {
            let answer = self.inner.wait(self.no, None, |view| {
                // Whatever was answered before the end is there when the end is seen.
                if let Some(answer) = update_answer(session, &sent)? {
                    return Ok(Some(answer));
                }
                match ended(&self.id, view)? {
                    Some(end) => Err(Error::Ended { id: self.id.clone(), status: end.status() }),
                    None => Ok(None),
                }
            })?;
            match answer {
                Some(UpdateAnswer::Gave(value)) => return Ok(value),
                Some(UpdateAnswer::Threw(failure) | UpdateAnswer::Refused(failure)) => {
                    return Err(Error::Update(Box::new(failure)));
                }
                None => {}
            }
        }
    }

    /// Answers the question that its script asks a person by `ask`: one of its choices, in the name of `who`. The same answer
    /// again is done.
    ///
    /// # Errors
    /// [`Error::Input`] where it asks nothing, several questions, or this is none of the choices; [`Error::Answered`];
    /// [`Error::Ended`]; [`Error::Store`].
    pub fn answer(&self, choice: &str, who: &str) -> Result<(), Error> {
        let (choice, who) = (choice.to_owned(), who.to_owned());
        let request = AnswerRequest { choice, who, note: String::new(), question: None };
        answer(&self.inner.session, self.id.as_str(), request)?;
        Ok(())
    }

    /// Asks it to end: its script is told at the call in which it waits, may clean up, and its undos are done. When this
    /// returns the wish is on disk; [`wait`](Self::wait) tells how the run ended.
    ///
    /// # Errors
    /// [`Error::Ended`]; [`Error::Store`].
    pub fn cancel(&self, reason: &str) -> Result<(), Error> {
        cancel(&self.inner.session, self.id.as_str(), reason)?;
        Ok(())
    }

    /// Its history from the beginning, each entry verified.
    ///
    /// # Errors
    /// [`Error::Store`] where the store fails, or an entry is not what was written.
    pub fn history(&self) -> Result<Vec<Entry>, Error> {
        let entries = read_history(&self.inner.session, self.no, self.id.clone())?;
        Ok(entries.into_iter().map(Entry::of).collect())
    }
}
