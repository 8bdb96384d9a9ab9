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
            && let Some(Reverse((_, _, place))) = heads.pop()
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

    /// When the next line of a source was written, and which comes first of those that were written in the same millisecond.
    fn head(&mut self, session: &Session, place: usize) -> Result<Option<Reverse<Head>>, ClientError> {
        let Some(source) = self.sources.get_mut(place) else { return Ok(None) };
        source.fill(session)?;
        Ok(source.ready.front().map(|line| Reverse((line.at, Writer::of(line), place))))
    }
}

/// When the next line of a source was written, by whom, and which source that is.
type Head = (Moment, Writer, usize);

/// Who wrote a line. Within one millisecond a step may log and then begin a process, and a process may end and its script go on; to
/// begin a process takes longer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Writer {
    Step,
    Process,
    Script,
}

impl Writer {
    fn of(line: &LogLine) -> Self {
        match (line.op, line.wrote) {
            (_, Some(_)) => Self::Process,
            (Some(_), None) => Self::Step,
            (None, None) => Self::Script,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Value;
    use crate::store::{LogLevel, LogStream};

    #[test]
    fn of_what_was_written_in_one_millisecond_a_step_comes_before_its_process_and_that_before_the_script() {
        let line = |op: Option<u32>, wrote| LogLine {
            at: Moment(1),
            level: LogLevel::Info,
            text: String::new(),
            fields: Value::Null,
            op: op.map(OpId),
            wrote,
        };
        let step = Writer::of(&line(Some(1), None));
        let process = Writer::of(&line(Some(1), Some((1, LogStream::Stdout))));
        assert!(step < process && process < Writer::of(&line(None, None)));
    }
}
