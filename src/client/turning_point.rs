//! The entry that a run is rewound to, so that it goes on from before what has ended it, and the text under which it does.

use super::held_lock::free;
use super::rewind::Past;
use super::way_back::behind;
use super::{ClientError, LoadedProgram, Session, find, new_text};
use crate::history::Seq;

/// Where a run goes on that is rewound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurningPoint {
    /// The entry that would be the last one.
    pub at: Seq,
    /// The file of another text than the run's own, where it could go on under that from there.
    pub file: Option<String>,
}

/// From where a run goes on that its script has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// What comes behind it.
    pub mark: Mark,
    /// Whether a time-out that its script did not catch has ended it.
    pub is_timeout: bool,
    /// The entry.
    pub before: TurningPoint,
}

/// What a run goes on from before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The last that it did, in words.
    Step(String),
    /// The grant of a lock, which it gave up when it ended.
    Lock,
    /// All: it has done nothing.
    Beginning,
}

impl TurningPoint {
    /// Under the text that is given, else under the one that the file of the run's script has now; further back where the run held a
    /// lock at that entry. Nothing is written.
    pub(super) fn of(session: &Session, past: &Past, at: Seq, program: Option<&LoadedProgram>) -> Self {
        let own = &past.snapshot.start.program;
        let at = free(session, past, at);
        let text = match program {
            Some(program) => (!program.program.says_the_same(own)).then(|| program.clone()),
            None => new_text(session, past.snapshot.row.no).ok().flatten(),
        };
        let way = text.and_then(|text| behind(session, past, &text, at.0));
        Self { at, file: way.map(|way| way.file) }
    }
}

/// Where a run would go on behind an entry, under the text that the file of its script has now, where it could. Nothing is written.
///
/// # Errors
/// As [`find()`].
pub fn turning_point(session: &Session, text: &str, at: Seq) -> Result<TurningPoint, ClientError> {
    let past = Past::read(session, find(session, text)?.no)?;
    Ok(TurningPoint::of(session, &past, at, None))
}
