//! Up to where the log rows of a run have been read, also where its end is set aside or another generation begins meanwhile.

use super::{ClientError, Session, view};
use crate::history::{Moment, RunNo, RunRow, Seq};
use crate::store::{Answer, LogKey, LogLine, Request};

/// Rows a request.
const PAGE: u32 = 1_000;

/// A place in the log of a run.
#[derive(Debug, Clone)]
pub(super) struct StorePlace {
    run: RunNo,
    /// The generation that is read, and how many branches had been set aside when it was looked at last.
    seen: Option<(u32, usize)>,
    after: Option<LogKey>,
    /// What was read up to there, and until when: of it nothing is given twice.
    read: Option<(LogKey, Moment)>,
}

impl StorePlace {
    /// At the beginning of the log of the present generation.
    pub(super) fn new(run: RunNo) -> Self {
        Self { run, seen: None, after: None, read: None }
    }

    /// The next rows; nothing where there are none yet.
    pub(super) fn page(&mut self, session: &Session) -> Result<Option<Vec<LogLine>>, ClientError> {
        self.find(&view(session, self.run)?.row);
        let request = Request::Logs { run: self.run, after: self.after, limit: PAGE };
        let Answer::Logs(rows) = session.ask(request)? else {
            return Err(ClientError::Answer { run: self.run });
        };
        let Some((last, _)) = rows.last() else { return Ok(None) };
        self.after = Some(*last);
        let is_new = |(key, line): &(LogKey, LogLine)| {
            self.read.is_none_or(|(until, at)| *key > until || line.at > at)
        };
        Ok(Some(rows.into_iter().filter(is_new).map(|(_, line)| line).collect()))
    }

    /// Goes back to where the log goes on now: what was read behind that was set aside, and what is written there is new.
    fn find(&mut self, row: &RunRow) {
        let (generation, branches) = (row.generation, row.branches.len());
        match self.seen {
            Some((seen, looked_at)) if seen == generation => {
                for branch in row.branches.iter().skip(looked_at).filter(|of| of.generation == generation) {
                    if let Some(after) = self.after.filter(|after| after.seq >= branch.from) {
                        let until = self.read.map_or(after, |(until, _)| until.max(after));
                        self.read = Some((until, branch.at));
                        self.after =
                            branch.from.0.checked_sub(1).map(|seq| LogKey { seq: Seq(seq), line: u32::MAX });
                    }
                }
            }
            Some(_) => (self.after, self.read) = (None, None),
            None => {}
        }
        self.seen = Some((generation, branches));
    }
}
