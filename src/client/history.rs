//! Reading a run's history: page by page, each entry verified against the one before it.

use super::{ClientError, Session, view};
use crate::history::{Checksum, Entry, Fact, LooseEnds, RecordError, RunId, RunNo, RunRow, Seq};
use crate::store::{Answer, Request, RunView, StoreError};

/// What a run that has ended left behind that its history does not tell, as its last entry has it.
///
/// # Errors
/// What the store says.
pub fn loose_ends(session: &Session, view: &RunView) -> Result<LooseEnds, ClientError> {
    let (run, until) = (view.row.no, view.entries);
    let from = Seq(until.0.saturating_sub(2));
    if !view.status.is_ended() || until.0 == 0 {
        return Ok(LooseEnds::default());
    }
    let Answer::Records(records) = session.ask(Request::History { run, from, until })? else {
        return Err(ClientError::Answer { run });
    };
    let (before, last) = match records.as_slice() {
        [before, last] => (before.checksum(), last),
        [last] if until.0 == 1 => (Some(Checksum::first(view.row.history_no())), last),
        _ => return Ok(LooseEnds::default()),
    };
    let opened = before.map(|before| last.open(before));
    Ok(match opened {
        Some(Ok((Entry { fact: Fact::RunEnded(ended), .. }, _))) => ended.loose,
        // What is damaged is told to whoever reads the history.
        Some(Ok(_) | Err(_)) | None => LooseEnds::default(),
    })
}

/// Reads one history from its beginning and remembers where it is. Where the run begins another generation meanwhile, it goes on with
/// that; where the end of what was read is set aside, it goes on from there.
pub struct HistoryReader {
    run: RunNo,
    id: RunId,
    /// The generation that is wanted; the present one where none is named.
    wanted: Option<u32>,
    /// The generation that is being read.
    reading: Option<u32>,
    /// So many branches had been set aside when it was looked at last.
    branches: usize,
    next: Seq,
    before: Checksum,
}

impl HistoryReader {
    /// At the beginning of the run's present history.
    pub fn new(run: RunNo, id: RunId) -> Self {
        Self { run, id, wanted: None, reading: None, branches: 0, next: Seq(0), before: Checksum::first(run) }
    }

    /// The entry that is read next: all before it have been given.
    pub(super) fn next(&self) -> Seq {
        self.next
    }

    /// At the beginning of the history of one generation: the present one, or the one before it.
    #[must_use]
    pub fn of_generation(mut self, generation: Option<u32>) -> Self {
        self.wanted = generation;
        self
    }

    /// The next entries, verified; empty where there are none yet.
    ///
    /// # Errors
    /// [`ClientError::Damaged`] or [`ClientError::HistoryCut`] where the bytes are not what was written; `NoGeneration` where the
    /// wanted one is not kept.
    pub fn page(&mut self, session: &Session) -> Result<Vec<(Seq, Entry)>, ClientError> {
        loop {
            let generation = self.find(session)?;
            match self.page_of(session, &generation) {
                // Read while the next generation began.
                Err(_) if !self.find(session)?.is_still(&generation) => {}
                page => return page,
            }
        }
    }

    /// Where the wanted generation lies now.
    fn find(&mut self, session: &Session) -> Result<Generation, ClientError> {
        let view = view(session, self.run)?;
        let row = &view.row;
        let past = row.past.filter(|past| self.wanted == Some(past.generation));
        let found = match (past, self.wanted) {
            (Some(past), _) => {
                let (number, no, until) = (past.generation, past.history, past.entries);
                Generation { number, no, until, is_past: true, branches: row.branches.len() }
            }
            (None, Some(wanted)) if wanted != row.generation => {
                let kept = row.past.map(|past| past.generation).into_iter().chain([row.generation]);
                let (id, kept) = (self.id.clone(), kept.collect());
                return Err(ClientError::NoGeneration { id, generation: wanted, kept });
            }
            (None, _) => Generation {
                number: row.generation,
                no: row.history_no(),
                until: view.entries,
                is_past: false,
                branches: row.branches.len(),
            },
        };
        if self.reading != Some(found.number) {
            (self.reading, self.next, self.before) = (Some(found.number), Seq(0), Checksum::first(found.no));
        } else if !found.is_past {
            for branch in row.branches.iter().skip(self.branches) {
                if branch.generation == found.number && branch.from < self.next {
                    (self.next, self.before) = (branch.from, branch.chained_to);
                }
            }
        }
        self.branches = found.branches;
        Ok(found)
    }

    fn page_of(
        &mut self,
        session: &Session,
        generation: &Generation,
    ) -> Result<Vec<(Seq, Entry)>, ClientError> {
        let (run, from, until) = (self.run, self.next, generation.until);
        if from >= until {
            return Ok(Vec::new());
        }
        let request = if generation.is_past {
            Request::Past { run, from, until }
        } else {
            Request::History { run, from, until }
        };
        let Answer::Records(records) = session.ask(request)? else {
            return Err(ClientError::Answer { run });
        };
        if records.is_empty() {
            return Err(ClientError::HistoryCut { id: self.id.clone(), found: from, expected: until });
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

/// A generation that can be read.
struct Generation {
    number: u32,
    no: RunNo,
    until: Seq,
    is_past: bool,
    branches: usize,
}

impl Generation {
    /// Whether it is the one that was found before, and nothing of it was set aside since.
    fn is_still(&self, before: &Self) -> bool {
        (self.number, self.branches) == (before.number, before.branches)
    }
}

/// The entries of a branch of a run that was set aside, verified.
///
/// # Errors
/// As [`HistoryReader::page`].
pub fn read_branch(session: &Session, row: &RunRow, number: usize) -> Result<Vec<(Seq, Entry)>, ClientError> {
    let Some(branch) = row.branches.get(number) else { return Ok(Vec::new()) };
    let (mut next, mut before) = (branch.from, branch.chained_to);
    let mut all = Vec::new();
    while next < branch.until {
        let which = u32::try_from(number).unwrap_or(u32::MAX);
        let request = Request::Branch { run: row.no, number: which, from: next, until: branch.until };
        let Answer::Records(records) = session.ask(request)? else {
            return Err(ClientError::Answer { run: row.no });
        };
        if records.is_empty() {
            let id = row.id.clone();
            return Err(ClientError::HistoryCut { id, found: next, expected: branch.until });
        }
        for record in records {
            let damaged = |error| ClientError::Damaged { id: row.id.clone(), seq: next, error };
            let (entry, after) = record.open(before).map_err(damaged)?;
            all.push((next, entry));
            (before, next) = (after, next.next());
        }
    }
    Ok(all)
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
