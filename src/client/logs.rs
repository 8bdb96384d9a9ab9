//! Reading a run's log lines, all of them or those of one step.

use super::log_source::LogSource;
use super::{ClientError, Session};
use crate::activity::transcripts_of;
use crate::history::{Moment, OpId, RunNo};
use crate::store::LogLine;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::path::PathBuf;

/// Lines a page.
const PAGE: usize = 1_000;

/// Which commands' lines to give.
pub type StepFilter = Option<BTreeSet<OpId>>;

/// Reads log lines from the beginning, by time, and remembers where it is: the run's own, and what its attempts wrote, also
/// while they write it.
#[derive(Debug, Clone)]
pub struct LogReader {
    folder: PathBuf,
    filter: StepFilter,
    known: BTreeSet<(u32, u32)>,
    sources: Vec<LogSource>,
}

impl LogReader {
    /// At the beginning of the run's log.
    pub fn new(session: &Session, run: RunNo, filter: StepFilter) -> Self {
        let folder = transcripts_of(&session.directory().join("output"), run.0);
        let sources = vec![LogSource::store(run, folder.clone())];
        Self { folder, filter, known: BTreeSet::new(), sources }
    }

    /// The next lines; empty where there are none yet.
    ///
    /// # Errors
    /// What the store says.
    pub fn page(&mut self, session: &Session) -> Result<Vec<LogLine>, ClientError> {
        for source in LogSource::new_transcripts(&self.folder, &mut self.known) {
            if self.wants(source.op()) {
                self.sources.push(source);
            }
        }
        let mut heads = BinaryHeap::new();
        for place in 0..self.sources.len() {
            heads.extend(self.head(session, place)?);
        }
        let mut page = Vec::new();
        while page.len() < PAGE
            && let Some(Reverse((_, place))) = heads.pop()
        {
            let line = self.sources.get_mut(place).and_then(|source| source.ready.pop_front());
            page.extend(
                line.filter(|line| self.filter.is_none() || line.op.is_some_and(|op| self.wants(Some(op)))),
            );
            heads.extend(self.head(session, place)?);
        }
        Ok(page)
    }

    fn wants(&self, op: Option<OpId>) -> bool {
        self.filter.as_ref().is_none_or(|ops| op.is_none_or(|op| ops.contains(&op)))
    }

    /// When the next line of a source was written.
    fn head(
        &mut self,
        session: &Session,
        place: usize,
    ) -> Result<Option<Reverse<(Moment, usize)>>, ClientError> {
        let Some(source) = self.sources.get_mut(place) else { return Ok(None) };
        source.fill(session)?;
        Ok(source.ready.front().map(|line| Reverse((line.at, place))))
    }
}
