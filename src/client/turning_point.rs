//! The entry that a run is rewound to, so that it goes on from before what has ended it, and the text under which it does.

use super::rewind::Past;
use super::way_back::behind;
use super::{LoadedProgram, Session, new_text};
use crate::history::Seq;

/// Where a run goes on that is rewound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurningPoint {
    /// The entry that would be the last one.
    pub at: Seq,
    /// The file of another text than the run's own, where it could go on under that from there.
    pub file: Option<String>,
}

impl TurningPoint {
    /// Under the text that is given, else under the one that the file of the run's script has now. Nothing is written.
    pub(super) fn of(session: &Session, past: &Past, at: Seq, program: Option<&LoadedProgram>) -> Self {
        let own = &past.snapshot.start.program;
        let text = match program {
            Some(program) => (!program.program.says_the_same(own)).then(|| program.clone()),
            None => new_text(session, past.snapshot.row.no).ok().flatten(),
        };
        let way = text.and_then(|text| behind(session, past, &text, at.0));
        Self { at, file: way.map(|way| way.file) }
    }
}
