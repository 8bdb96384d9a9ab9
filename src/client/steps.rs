//! The steps of a run by what history calls them: the number of their entry, and their name.

use super::logs::StepFilter;
use super::{ClientError, Session, read_history, view};
use crate::history::{CommandLabel, OpId, RunRow, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// What one step is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepName {
    /// Its kind and name.
    pub label: CommandLabel,
    /// The strand that it is of, while that is known.
    pub strand: Option<String>,
    /// The entry that has its outcome; nothing before it has one.
    pub entry: Option<Seq>,
}

/// The steps of a run that have an outcome or are pending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(BTreeMap<OpId, StepName>);

impl Steps {
    /// Those of a run as it stands now.
    ///
    /// # Errors
    /// What the store says.
    pub fn of(session: &Session, row: &RunRow) -> Result<Self, ClientError> {
        let mut steps = BTreeMap::new();
        for (seq, entry) in read_history(session, row.no, row.id.clone())? {
            if let Some((op, label)) = entry.fact.outcome_of() {
                steps.insert(op, StepName { label: label.clone(), strand: None, entry: Some(seq) });
            }
        }
        for pending in view(session, row.no)?.pending {
            let name = StepName { label: pending.label, strand: pending.strand, entry: None };
            steps.insert(pending.op, name);
        }
        Ok(Self(steps))
    }

    /// What a step is called.
    pub fn get(&self, op: OpId) -> Option<&StepName> {
        self.0.get(&op)
    }

    /// The commands that a text means: the number of an entry, or the name of one or several steps; all where there is none.
    ///
    /// # Errors
    /// [`ClientError::NoStep`] with the names there are.
    pub fn filter(&self, row: &RunRow, step: Option<&str>) -> Result<StepFilter, ClientError> {
        let Some(step) = step else { return Ok(None) };
        let number = step.trim_start_matches('#').parse().ok().map(Seq);
        // As history shows it, with its kind, too.
        let is_meant = |name: &StepName| {
            let label = &name.label;
            label.name == step
                || step.strip_prefix(label.kind.word()).is_some_and(|rest| rest.trim_start() == label.name)
                || number.is_some() && name.entry == number
        };
        let ops: BTreeSet<OpId> =
            self.0.iter().filter(|(_, name)| is_meant(name)).map(|(op, _)| *op).collect();
        if ops.is_empty() {
            let known = self.0.values().map(|name| &name.label.name).filter(|name| !name.is_empty());
            let known = known.cloned().collect::<BTreeSet<String>>().into_iter().collect();
            return Err(ClientError::NoStep { id: row.id.clone(), step: step.to_owned(), known });
        }
        Ok(Some(ops))
    }
}
