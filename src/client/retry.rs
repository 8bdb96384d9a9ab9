//! Trying again now what waits for another attempt.

use super::{ClientError, Resumed, Session, find, resume, view};
use crate::history::{Claim, Pending, RunNo, RunRow, RunStatus};
use crate::store::{Answer, Request};

/// What came of the wish to try again.
#[derive(Debug, Clone, PartialEq)]
pub enum Retried {
    /// Its executor was told.
    Told(RunRow, Claim),
    /// Nobody executed it; what came of the wish to do it here.
    Here(RunRow, Resumed),
}

/// Makes what waits for another attempt due now. Where nobody executes the run, this process claims it.
///
/// # Errors
/// As [`find()`]; `RetryEnded` for a run that has ended, `NoRetry` for one that waits for no attempt.
pub fn retry(session: &Session, text: &str) -> Result<Retried, ClientError> {
    let row = find(session, text)?;
    let view = view(session, row.no)?;
    if view.status.is_ended() {
        return Err(ClientError::RetryEnded { id: row.id, status: view.status });
    }
    if view.status != RunStatus::Stuck {
        if !pending(session, row.no)?.iter().any(|pending| pending.next_try.is_some()) {
            return Err(ClientError::NoRetry { id: row.id });
        }
        done(session, row.no, Request::RetryNow { run: row.no })?;
        if let Some(claim) = view.executor {
            return Ok(Retried::Told(row, claim));
        }
    }
    let resumed = resume(session, &row)?;
    if let Resumed::Held(claim) = resumed {
        // Somebody was faster; it has read the row, or is told.
        done(session, row.no, Request::RetryNow { run: row.no })?;
        return Ok(Retried::Told(row, claim));
    }
    Ok(Retried::Here(row, resumed))
}

/// All pending rows, however many.
fn pending(session: &Session, run: RunNo) -> Result<Vec<Pending>, ClientError> {
    match session.ask(Request::Snapshot { run })? {
        Answer::Snapshot(snapshot) => Ok(snapshot.pending),
        _ => Err(ClientError::Answer { run }),
    }
}

fn done(session: &Session, run: RunNo, request: Request) -> Result<(), ClientError> {
    match session.ask(request)? {
        Answer::Done => Ok(()),
        _ => Err(ClientError::Answer { run }),
    }
}
