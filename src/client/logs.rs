//! Reading a run's log lines, all of them or those of one step.

use super::{ClientError, Session, read_history, view};
use crate::history::{OpId, RunNo, RunRow};
use crate::store::{Answer, LogKey, LogLine, Request};
use std::collections::{BTreeMap, BTreeSet};

/// Lines a request.
const PAGE: u32 = 1_000;

/// Which commands' lines to give.
pub type StepFilter = Option<BTreeSet<OpId>>;

/// Reads log lines from the beginning and remembers where it is.
#[derive(Debug, Clone)]
pub struct LogReader {
    run: RunNo,
    after: Option<LogKey>,
}

impl LogReader {
    /// At the beginning of the run's log.
    pub fn new(run: RunNo) -> Self {
        Self { run, after: None }
    }

    /// The next lines; empty where there are none yet.
    ///
    /// # Errors
    /// What the store says.
    pub fn page(&mut self, session: &Session) -> Result<Vec<LogLine>, ClientError> {
        let request = Request::Logs { run: self.run, after: self.after, limit: PAGE };
        let Answer::Logs(lines) = session.ask(request)? else {
            return Err(ClientError::Answer { run: self.run });
        };
        if let Some((key, _)) = lines.last() {
            self.after = Some(*key);
        }
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }
}

/// The commands that `step` means: a number, or the name of one or several commands.
///
/// # Errors
/// [`ClientError::NoStep`] with the names there are.
pub fn step_filter(session: &Session, row: &RunRow, step: Option<&str>) -> Result<StepFilter, ClientError> {
    let Some(step) = step else { return Ok(None) };
    let mut labels: BTreeMap<OpId, String> = BTreeMap::new();
    for (_, entry) in read_history(session, row.no, row.id.clone())? {
        if let Some((op, label)) = entry.fact.outcome_of() {
            labels.insert(op, label.name.clone());
        }
    }
    for pending in view(session, row.no)?.pending {
        labels.insert(pending.op, pending.label.name);
    }
    let number = step.trim_start_matches('#').parse().ok().map(OpId);
    let ops: BTreeSet<OpId> = labels
        .iter()
        .filter(|(op, name)| name.as_str() == step || number == Some(**op))
        .map(|(op, _)| *op)
        .collect();
    if ops.is_empty() {
        let known: BTreeSet<String> = labels.into_values().filter(|name| !name.is_empty()).collect();
        let known = known.into_iter().collect();
        return Err(ClientError::NoStep { id: row.id.clone(), step: step.to_owned(), known });
    }
    Ok(Some(ops))
}
