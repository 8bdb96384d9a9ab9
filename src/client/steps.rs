//! The steps of a run by what history calls them: the number of their entry, and their name.

use super::logs::StepFilter;
use super::{ClientError, HistoryReader, Session, view};
use crate::history::{CommandLabel, OpId, RunNo, RunRow, Seq};
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
pub struct Steps {
    names: BTreeMap<OpId, StepName>,
    run: RunNo,
    reader: HistoryReader,
}

impl Steps {
    /// Those of a run as it stands now.
    ///
    /// # Errors
    /// What the store says.
    pub fn of(session: &Session, row: &RunRow) -> Result<Self, ClientError> {
        let reader = HistoryReader::new(row.no, row.id.clone());
        let mut steps = Self { names: BTreeMap::new(), run: row.no, reader };
        steps.go_on(session)?;
        Ok(steps)
    }

    /// Learns those that have come since; of the history only what is new is read.
    ///
    /// # Errors
    /// What the store says.
    pub fn go_on(&mut self, session: &Session) -> Result<(), ClientError> {
        loop {
            let page = self.reader.page(session)?;
            // A later generation, or a rewind, has set aside what was read before.
            let from = page.first().map_or(self.reader.next(), |(seq, _)| *seq);
            self.names.retain(|_, name| name.entry.is_some_and(|entry| entry < from));
            if page.is_empty() {
                break;
            }
            for (seq, entry) in page {
                if let Some((op, label)) = entry.fact.outcome_of() {
                    let name = StepName { label: label.clone(), strand: None, entry: Some(seq) };
                    self.names.insert(op, name);
                }
            }
        }
        for pending in view(session, self.run)?.pending {
            let name = StepName { label: pending.label, strand: pending.strand, entry: None };
            self.names.insert(pending.op, name);
        }
        Ok(())
    }

    /// What a step is called.
    pub fn get(&self, op: OpId) -> Option<&StepName> {
        self.names.get(&op)
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
            self.names.iter().filter(|(_, name)| is_meant(name)).map(|(op, _)| *op).collect();
        if ops.is_empty() {
            let known = self.names.values().map(|name| &name.label.name).filter(|name| !name.is_empty());
            let known = known.cloned().collect::<BTreeSet<String>>().into_iter().collect();
            return Err(ClientError::NoStep { id: row.id.clone(), step: step.to_owned(), known });
        }
        Ok(Some(ops))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{row, session, view as view_answer};
    use super::*;
    use crate::history::{
        Branch, Checksum, CommandKind, Entry, Fact, MessageId, Moment, Record, RunStatus, StoredStatus,
        TimerFired,
    };
    use crate::store::{Answer, Request};

    /// A history of sleeps: of each command the name of its step.
    fn chain(names: &[&str], mut before: Checksum) -> (Vec<Record>, Vec<Checksum>) {
        let seal = |(op, name): (u32, &&str)| {
            let label = CommandLabel { kind: CommandKind::Sleep, name: (*name).to_owned() };
            let fact = Fact::TimerFired(TimerFired { op: OpId(op), label, due: Moment(0) });
            let (record, next) = Record::seal(&Entry { at: Moment(0), fact }, before).expect("seals");
            let chained_to = std::mem::replace(&mut before, next);
            (record, chained_to)
        };
        (0..).zip(names).map(seal).unzip()
    }

    fn at(entries: u32, branches: Vec<Branch>) -> Answer {
        let mut answer = view_answer(StoredStatus::Open, RunStatus::Running, None, entries);
        if let Answer::View(view) = &mut answer {
            view.row.branches = branches;
        }
        answer
    }

    #[test]
    fn steps_that_come_later_are_read_alone_and_those_set_aside_are_forgotten() {
        let (records, chained_to) = chain(&["a", "b", "c", "d"], Checksum::first(RunNo(7)));
        let again = chain(&["a", "new"], Checksum::first(RunNo(7))).0;
        let branch = Branch {
            generation: 0,
            from: Seq(1),
            until: Seq(4),
            history: RunNo(12),
            chained_to: chained_to[1],
            at: Moment(0),
            again: None,
            nonce: MessageId::default(),
        };
        let page = |records: &[Record]| Ok(Answer::Records(records.to_vec()));
        let rewound = || Ok(at(2, vec![branch.clone()]));
        let (here, store) = session(vec![
            Ok(at(3, Vec::new())),
            page(&records[..3]),
            Ok(at(3, Vec::new())),
            Ok(at(3, Vec::new())),
            Ok(at(4, Vec::new())),
            page(&records[3..]),
            Ok(at(4, Vec::new())),
            Ok(at(4, Vec::new())),
            rewound(),
            page(&again[1..]),
            rewound(),
            rewound(),
        ]);
        let mut steps = Steps::of(&here, &row("one")).expect("reads");
        let called = |steps: &Steps| -> Vec<(u32, String)> {
            let told = steps.names.values().map(|name| (name.entry.expect("an entry").0, &name.label.name));
            told.map(|(entry, name)| (entry, name.clone())).collect()
        };
        let told = |all: &[(u32, &str)]| -> Vec<(u32, String)> {
            all.iter().map(|(entry, name)| (*entry, (*name).to_owned())).collect()
        };
        steps.go_on(&here).expect("reads");
        assert_eq!(called(&steps), told(&[(0, "a"), (1, "b"), (2, "c"), (3, "d")]));
        steps.go_on(&here).expect("reads");
        assert_eq!(called(&steps), told(&[(0, "a"), (1, "new")]));
        let read: Vec<(u32, u32)> = store
            .asked()
            .iter()
            .filter_map(|asked| match asked {
                Request::History { from, until, .. } => Some((from.0, until.0)),
                _ => None,
            })
            .collect();
        assert_eq!(read, [(0, 3), (3, 4), (1, 2)], "no entry is read twice");
        assert_eq!(steps.get(OpId(1)).map(|step| step.label.name.as_str()), Some("new"));
    }
}
