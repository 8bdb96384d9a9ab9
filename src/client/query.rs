//! Asking a run's script: a function of its history and inbox that any process can answer.

use super::{ClientError, QueryError, Session, published};
use crate::history::{RunNo, Value};

/// What can be asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Names of queries.
    pub queries: Vec<String>,
    /// Published values by key.
    pub published: Vec<(String, Value)>,
}

/// The answer of the query `name`, else the value published under it.
///
/// # Errors
/// [`ClientError::Query`]; `Unknown` names what could be asked.
pub fn query(session: &Session, run: RunNo, name: &str, args: &Value) -> Result<Value, ClientError> {
    args.check()?;
    let error = match session.executor().query(session, run, name, args) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let known = match &error {
        QueryError::Unknown { known, .. } => known.clone(),
        QueryError::None => Vec::new(),
        QueryError::Failed(_) | QueryError::Stuck(_) | QueryError::Engine(_) | QueryError::Store(_) => {
            return Err(error.into());
        }
    };
    let published = published(session, run)?;
    if let Some((_, value)) = published.iter().find(|(key, _)| key == name) {
        return Ok(value.clone());
    }
    Err(match error {
        QueryError::Unknown { name, .. } => {
            let known = known.into_iter().chain(published.into_iter().map(|(key, _)| key)).collect();
            QueryError::Unknown { name, known }
        }
        QueryError::None
        | QueryError::Failed(_)
        | QueryError::Stuck(_)
        | QueryError::Engine(_)
        | QueryError::Store(_) => error,
    }
    .into())
}

/// What can be asked of the run as it stands.
///
/// # Errors
/// [`ClientError::Query`].
pub fn queries(session: &Session, run: RunNo) -> Result<Answers, ClientError> {
    Ok(Answers { queries: session.executor().queries(session, run)?, published: published(session, run)? })
}
