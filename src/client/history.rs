//! Reading a run's history: page by page, each entry verified against the one before it.

use super::{ClientError, Session, view};
use crate::history::{Checksum, Entry, RecordError, RunId, RunNo, Seq};
use crate::store::{Answer, Request, StoreError};

/// Reads one history from its beginning and remembers where it is.
pub struct HistoryReader {
    run: RunNo,
    id: RunId,
    next: Seq,
    before: Checksum,
}

impl HistoryReader {
    /// At the beginning of the run's history.
    pub fn new(run: RunNo, id: RunId) -> Self {
        Self { run, id, next: Seq(0), before: Checksum::first(run) }
    }

    /// The next entries, verified; empty where there are none yet.
    ///
    /// # Errors
    /// [`ClientError::Damaged`] or [`ClientError::HistoryCut`] where the bytes are not what was written.
    pub fn page(&mut self, session: &Session) -> Result<Vec<(Seq, Entry)>, ClientError> {
        let until = view(session, self.run)?.entries;
        if self.next >= until {
            return Ok(Vec::new());
        }
        let request = Request::History { run: self.run, from: self.next, until };
        let Answer::Records(records) = session.ask(request)? else {
            return Err(ClientError::Answer { run: self.run });
        };
        if records.is_empty() {
            return Err(ClientError::HistoryCut { id: self.id.clone(), found: self.next, expected: until });
        }
        let mut page = Vec::with_capacity(records.len());
        for record in records {
            let (entry, checksum) = record.open(self.before).map_err(|error| self.damaged(error))?;
            page.push((self.next, entry));
            self.before = checksum;
            self.next = self.next.next();
        }
        Ok(page)
    }

    fn damaged(&self, error: RecordError) -> ClientError {
        match error {
            RecordError::Format(format) => StoreError::Newer { found: u32::from(format), known: 1 }.into(),
            error @ (RecordError::Checksum
            | RecordError::Short
            | RecordError::Body(_)
            | RecordError::Encode(_)) => ClientError::Damaged { id: self.id.clone(), seq: self.next, error },
        }
    }
}

/// The whole history as it stands, verified.
///
/// # Errors
/// As [`HistoryReader::page`].
pub fn read_history(session: &Session, run: RunNo, id: RunId) -> Result<Vec<(Seq, Entry)>, ClientError> {
    let mut reader = HistoryReader::new(run, id);
    let mut all = Vec::new();
    loop {
        let page = reader.page(session)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
