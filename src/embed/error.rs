//! Why a wish of the embedding program was not fulfilled.

use crate::client::{ClientError, Conflict, ExecuteError, ProgramError, QueryError};
use crate::history::{Failure, RunEnd, RunId, RunStatus, Stuck};
use crate::store::StoreError;

/// Why something was not done. Its text is one line for a person.
///
/// ```
/// use durun::{Durun, Error, RunEnd, Start, kind};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path();
/// let durun = Durun::open(directory)?;
/// let run = durun.start(Start::text("no.rhai", r#"fail("too few", #{ data: #{ found: 2 } })"#).id("no"))?;
/// match run.result() {
///     Err(Error::NotCompleted { end, .. }) => match *end {
///         RunEnd::Failed { failure } => {
///             assert_eq!((failure.kind.as_str(), failure.message.as_str()), (kind::FAILURE, "too few"));
///         }
///         other => panic!("{other:?}"),
///     },
///     other => panic!("{other:?}"),
/// }
/// let told = durun.run("yes").expect_err("nothing has that name").to_string();
/// assert_eq!(told, r#"there is no run "yes""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store has no run of that id.
    #[error("there is no run \"{id}\"")]
    NoSuchRun {
        /// What was asked for.
        id: String,
    },
    /// The id of a start is in use for another script or another input.
    #[error("run {id} exists with another {differs}")]
    Conflict {
        /// The id.
        id: RunId,
        /// `script` or `input`.
        differs: &'static str,
    },
    /// The run has ended and hears nothing more.
    #[error("run {id} has ended: {status}")]
    Ended {
        /// The run.
        id: RunId,
        /// How.
        status: RunStatus,
    },
    /// A result was wanted, and the run ended without one.
    #[error("run {id} {}", told(end))]
    NotCompleted {
        /// The run.
        id: RunId,
        /// How it ended.
        end: Box<RunEnd>,
    },
    /// The script cannot go on as written; nothing is lost. `durun upgrade` gives the run a mended one.
    #[error("run {id} is stuck: {}", stuck.message)]
    Stuck {
        /// The run.
        id: RunId,
        /// Why.
        stuck: Box<Stuck>,
    },
    /// There is no such script, or it has a mistake that shows before it runs.
    #[error("{message}")]
    Script {
        /// What is wrong, with file and line.
        message: String,
    },
    /// A value, name or id that cannot be used; nothing was recorded.
    #[error("{message}")]
    Input {
        /// What is wrong with it.
        message: String,
    },
    /// The query was not answered: the script has none of that name where it stands, or its code failed.
    #[error("{message}")]
    Query {
        /// Why not.
        message: String,
    },
    /// The script refused the update, or its handler failed.
    #[error("the update was not done: {}", .0.message)]
    Update(Box<Failure>),
    /// A token was resolved, or a question answered, before, with something else; the first holds.
    #[error("{message}")]
    Answered {
        /// Which, and when.
        message: String,
    },
    /// The store cannot be opened, read or written.
    #[error("{message}")]
    Store {
        /// Why not.
        message: String,
    },
    /// The run cannot be taken up by this program: it calls functions that the program lacks, or its `durun.toml` cannot be
    /// used. It stays as it is.
    #[error("{message}")]
    Refused {
        /// Why not.
        message: String,
    },
    /// This program executes no runs any more, so that what was waited for may never come.
    #[error("this program executes no runs any more: {message}")]
    Closed {
        /// Why not.
        message: String,
    },
    /// Anything else: a machine that gives no threads or random bytes, a mistake in durun.
    #[error("{message}")]
    Other {
        /// What happened.
        message: String,
    },
}

fn told(end: &RunEnd) -> String {
    match end {
        RunEnd::Completed { result } => format!("completed: {result}"),
        RunEnd::Failed { failure } => format!("failed: {}", failure.message),
        RunEnd::Cancelled { reason } => format!("was cancelled: {reason}"),
        RunEnd::TimedOut { reason } => format!("timed out: {reason}"),
        RunEnd::Terminated { reason } => format!("was terminated: {reason}"),
    }
}

impl Error {
    pub(super) fn input(message: impl std::fmt::Display) -> Self {
        Self::Input { message: message.to_string() }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Ended { id, status } => Self::Ended { id, status },
            StoreError::NoSuchRun { id } => Self::NoSuchRun { id: id.to_string() },
            error => Self::Store { message: error.to_string() },
        }
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Store(error)
            | ClientError::Query(QueryError::Store(error))
            | ClientError::Execute(ExecuteError::Store(error)) => error.into(),
            ClientError::NoSuchRun { text, .. } | ClientError::Ambiguous { text, .. } => {
                Self::NoSuchRun { id: text }
            }
            ClientError::Conflict { id, which } => {
                let differs = match which {
                    Conflict::Script { .. } => "script",
                    Conflict::Input { .. } => "input",
                };
                Self::Conflict { id, differs }
            }
            ClientError::Program(ProgramError::Syntax { error, .. }) => {
                let line = error.line.map(|line| format!(", line {line}")).unwrap_or_default();
                Self::Script { message: format!("{}{line}: {}", error.file, error.message) }
            }
            ClientError::Program(_) => Self::Script { message },
            ClientError::Input { .. }
            | ClientError::Value(_)
            | ClientError::SignalName(_)
            | ClientError::UpdateName(_)
            | ClientError::Token(_)
            | ClientError::NoSuchToken { .. }
            | ClientError::NoQuestion { .. }
            | ClientError::QuestionOver { .. }
            | ClientError::NoSuchQuestion { .. }
            | ClientError::SeveralQuestions { .. }
            | ClientError::NoChoice { .. }
            | ClientError::LongText { .. } => Self::Input { message },
            ClientError::Resolved { .. } | ClientError::Answered { .. } => Self::Answered { message },
            ClientError::AskedNoMore { id, end, .. } => Self::Ended { id, status: end.status() },
            ClientError::Query(_) => Self::Query { message },
            ClientError::Damaged { .. } | ClientError::HistoryCut { .. } => Self::Store { message },
            ClientError::Execute(ExecuteError::Foreign { .. } | ExecuteError::Config(_)) => {
                Self::Refused { message }
            }
            _ => Self::Other { message },
        }
    }
}
