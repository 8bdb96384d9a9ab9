//! The seam to whoever drives scripts: what is asked of it and what it answers.

use super::{ClientError, Difference, Finished, Observer, Session, Stand, Stop, SyntaxError};
use crate::activity::Variables;
use crate::config::{ConfigError, Configs};
use crate::history::{Entry, Failure, Patches, Pending, RunId, RunNo, Seq, Stuck, Value};
use crate::run::Standpoint;
use crate::script::{Backing, Declared, Finding, Named, Need, Params, Source};
use crate::store::StoreError;
use crate::worker::Supply;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How to execute.
#[derive(Clone)]
pub struct ExecuteOptions {
    /// Who is told.
    pub observer: Observer,
    /// By what it is stopped.
    pub stop: Stop,
    /// What `durun.toml` says, by script.
    pub configs: Arc<Configs>,
    /// The environment of this process, where secrets may be.
    pub variables: Variables,
    /// How long a run may only wait before it is put down; for ever where nothing is said.
    pub park_after: Option<Duration>,
}

/// A run that this process has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its number.
    pub run: RunNo,
    /// Its name.
    pub id: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
}

/// Why an execution stopped for a reason outside the scripts. The runs are parked, nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What `durun.toml` says cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A script calls functions of the program that started it, which this process does not have.
    #[error(
        "run {id} calls functions of the program that started it, which this one does not have: {}",
        activities.join(", ")
    )]
    Foreign {
        /// The run.
        id: RunId,
        /// The activities.
        activities: Vec<String>,
    },
    /// A mistake in durun, or a machine that refuses threads or processes.
    #[error("{0}")]
    Engine(String),
    /// This build has no executor.
    #[error("this build of durun cannot execute scripts")]
    None,
}

/// Why a query was not answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QueryError {
    /// The script has no query of that name where it stands.
    #[error("the script has no query \"{name}\"")]
    Unknown {
        /// What was asked.
        name: String,
        /// What could be asked.
        known: Vec<String>,
    },
    /// The query's own code failed.
    #[error("the query failed: {}", .0.message)]
    Failed(Failure),
    /// The query is mistaken, or the script does not fit its history.
    #[error("{}", .0.message)]
    Stuck(Box<Stuck>),
    /// The replay did not reach a state to ask.
    #[error("{0}")]
    Engine(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This build has no executor.
    #[error("this build of durun cannot execute scripts")]
    None,
}

/// What a replay against another text gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// How many entries fit: all.
    pub entries: u32,
    /// Whether the text is another than the run had.
    pub changed: bool,
    /// Whether the run has ended and, under the text, would have gone on: it has more to ask behind the last entry.
    pub goes_on: bool,
    /// Which of the text's named changes would hold from which entry on.
    pub patches: Patches,
    /// The pending rows of what the run waits for, as the text asks for it.
    pub asked: Vec<Pending>,
}

/// Why a history does not fit a text.
#[derive(Debug)]
pub enum Misfit {
    /// The text asks for something else, or is mistaken, at an entry that is recorded.
    Differs(Box<Difference>),
    /// The replay did not come so far.
    Engine(String),
    /// The store.
    Store(StoreError),
    /// This build has no executor.
    None,
}

impl Misfit {
    /// The same about a run.
    pub fn about(self, id: &RunId) -> ClientError {
        match self {
            Self::Differs(difference) => ClientError::Differs { id: id.clone(), difference },
            Self::Engine(message) => ExecuteError::Engine(message).into(),
            Self::Store(error) => error.into(),
            Self::None => ExecuteError::None.into(),
        }
    }
}

/// Who drives scripts.
pub trait Executor: Send + Sync {
    /// Executes runs that this process has claimed, in the calling thread and as many as it likes; gives the claims
    /// up before it returns. One [`Finished`] for each run, and one for each child run that was executed with them.
    ///
    /// # Errors
    /// [`ExecuteError`] where it stopped for a reason outside the scripts.
    fn execute(
        &self,
        session: &Session,
        runs: Vec<Claimed>,
        options: ExecuteOptions,
    ) -> Result<Vec<(RunNo, Finished)>, ExecuteError>;

    /// Executes what the supply gives, which this process has claimed, in the calling thread, until it gives no more or the
    /// execution is stopped; gives the claims up before it returns.
    ///
    /// # Errors
    /// [`ExecuteError`] where it stopped for a reason outside the scripts.
    fn supply(
        &self,
        _session: &Session,
        _supply: &mut dyn Supply,
        _options: ExecuteOptions,
    ) -> Result<(), ExecuteError> {
        Err(ExecuteError::None)
    }

    /// Answers a query by replay; writes nothing.
    ///
    /// # Errors
    /// [`QueryError`].
    fn query(&self, session: &Session, run: RunNo, name: &str, args: &Value) -> Result<Value, QueryError>;

    /// The variables at the calls in which the script's strands wait, by replay; writes nothing.
    ///
    /// # Errors
    /// [`QueryError`].
    fn look(&self, _session: &Session, _run: RunNo) -> Result<Vec<Standpoint>, QueryError> {
        Err(QueryError::None)
    }

    /// Whose the entries are: strands that have names, questions that reminders are of; by replay; writes nothing.
    ///
    /// # Errors
    /// [`QueryError`].
    fn whose(&self, _session: &Session, _run: RunNo) -> Result<BTreeMap<Seq, String>, QueryError> {
        Err(QueryError::None)
    }

    /// The names of the queries that the script has registered where it stands.
    ///
    /// # Errors
    /// [`QueryError`].
    fn queries(&self, session: &Session, run: RunNo) -> Result<Vec<String>, QueryError>;

    /// Replays a run's history, and what it waits for, against another text; writes nothing.
    ///
    /// # Errors
    /// [`Misfit`].
    fn fits(&self, _session: &Session, _run: RunNo, _source: Source) -> Result<Fit, Misfit> {
        Err(Misfit::None)
    }

    /// Replays the beginning of a run's history against its own text or another; writes nothing.
    ///
    /// # Errors
    /// [`Misfit`].
    fn stand(
        &self,
        _session: &Session,
        _run: RunNo,
        _entries: &[Entry],
        _source: Option<Source>,
    ) -> Result<Stand, Misfit> {
        Err(Misfit::None)
    }

    /// Whether the script, where it stands, was given this token; nothing where that cannot be told.
    ///
    /// # Errors
    /// [`QueryError`].
    fn has_token(&self, _session: &Session, _run: RunNo, _token: &str) -> Result<Option<bool>, QueryError> {
        Ok(None)
    }

    /// Checks the syntax of a script and of all that it imports, directly and through others; gives the texts of the
    /// modules by the path given to `import`. `read` gives the text of a file relative to the script's folder, or a
    /// reason.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the first mistake; a module that cannot be read is one at its `import`.
    fn gather(
        &self,
        path: &str,
        text: &str,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<BTreeMap<String, String>, SyntaxError>;

    /// Looks through a script and what it imports, without running it; `answered` tells of names whether something beside
    /// the script's functions answers them.
    ///
    /// # Errors
    /// [`SyntaxError`] where a text is no script.
    fn check(
        &self,
        _source: &Source,
        _answered: &dyn Fn(Named<'_>) -> Backing,
    ) -> Result<Vec<Finding>, SyntaxError> {
        Ok(Vec::new())
    }

    /// The inputs that a script does not declare, and without which each run of it is stuck.
    fn needs(&self, _source: &Source) -> Vec<Need> {
        Vec::new()
    }

    /// The names of signals, queries and updates that a script's texts declare.
    fn declared(&self, _source: &Source) -> Declared {
        Declared::default()
    }

    /// The inputs that a script declares; nothing where it declares none.
    ///
    /// # Errors
    /// [`SyntaxError`] where the declaration cannot be read from the text.
    fn params(&self, _path: &str, _text: &str) -> Result<Option<Params>, SyntaxError> {
        Ok(None)
    }
}

/// Takes the place of an executor where there is none: records can be made, read and told of.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoExecutor;

impl Executor for NoExecutor {
    fn execute(
        &self,
        _session: &Session,
        _runs: Vec<Claimed>,
        _options: ExecuteOptions,
    ) -> Result<Vec<(RunNo, Finished)>, ExecuteError> {
        Err(ExecuteError::None)
    }

    fn query(
        &self,
        _session: &Session,
        _run: RunNo,
        _name: &str,
        _args: &Value,
    ) -> Result<Value, QueryError> {
        Err(QueryError::None)
    }

    fn queries(&self, _session: &Session, _run: RunNo) -> Result<Vec<String>, QueryError> {
        Ok(Vec::new())
    }

    fn gather(
        &self,
        _path: &str,
        _text: &str,
        _read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<BTreeMap<String, String>, SyntaxError> {
        Ok(BTreeMap::new())
    }
}
