//! Whether the file of a run's script says something else than the run's own text.

use super::status::start_of;
use super::{ClientError, LoadedProgram, ProgramError, Session, load_program};
use crate::history::RunNo;
use std::path::Path;

/// Whether the file that a run's script was read from, or one that it imports, has another text now. A file that is no script at
/// the moment has; one that is gone or cannot be read has not.
///
/// # Errors
/// What the store says.
pub fn is_edited(session: &Session, run: RunNo) -> Result<bool, ClientError> {
    let recorded = start_of(session, run)?.program;
    Ok(match load_program(Path::new(&recorded.path), session.executor().as_ref()) {
        Ok(now) => !now.program.says_the_same(&recorded),
        Err(ProgramError::Syntax { .. }) => true,
        Err(
            ProgramError::NotFound { .. }
            | ProgramError::NotAFile { .. }
            | ProgramError::NotUtf8 { .. }
            | ProgramError::TooLarge { .. }
            | ProgramError::Unreadable { .. },
        ) => false,
    })
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
