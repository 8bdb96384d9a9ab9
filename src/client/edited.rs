//! Whether the file of a run's script says something else than the run's own text, and whether that fits its history.

use super::status::start_of;
use super::upgrade::{source, with_way_back};
use super::{ClientError, Difference, LoadedProgram, ProgramError, Session, load_program, view};
use crate::history::RunNo;
use std::path::Path;

/// How the file of a run's script stands to the run.
#[derive(Debug)]
pub enum Edited {
    /// It says what the run's own text says, or cannot be read.
    No,
    /// It says something else, which the run's history fits.
    Fits,
    /// It says something else, and does not fit.
    Differs(Box<Difference>),
    /// It is no script at the moment.
    NoScript(ProgramError),
}

/// Whether the file that a run's script was read from, or one that it imports, has another text now, and whether the run could go on
/// under that. Nothing is written.
///
/// # Errors
/// What the store says.
pub fn edited(session: &Session, run: RunNo) -> Result<Edited, ClientError> {
    let recorded = start_of(session, run)?.program;
    let now = match load_program(Path::new(&recorded.path), session.executor().as_ref()) {
        Ok(now) if now.program.says_the_same(&recorded) => return Ok(Edited::No),
        Ok(now) => now,
        Err(error @ ProgramError::Syntax { .. }) => return Ok(Edited::NoScript(error)),
        Err(
            ProgramError::NotFound { .. }
            | ProgramError::NotAFile { .. }
            | ProgramError::NotUtf8 { .. }
            | ProgramError::TooLarge { .. }
            | ProgramError::Unreadable { .. },
        ) => return Ok(Edited::No),
    };
    let row = view(session, run)?.row;
    let Err(misfit) = session.executor().fits(session, run, source(&now)) else { return Ok(Edited::Fits) };
    match with_way_back(session, &row, &now, misfit.about(&row.id)) {
        ClientError::Differs { difference, .. } => Ok(Edited::Differs(difference)),
        error => Err(error),
    }
}

/// What the file of a run's script says now, where that is a script and another text than the run's own.
///
/// # Errors
/// What the store says.
pub fn new_text(session: &Session, run: RunNo) -> Result<Option<LoadedProgram>, ClientError> {
    let recorded = start_of(session, run)?.program;
    let now = load_program(Path::new(&recorded.path), session.executor().as_ref()).ok();
    Ok(now.filter(|now| !now.program.says_the_same(&recorded)))
}
