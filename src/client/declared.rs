//! The names that a run's script declares: what can be sent to the run, or asked of it, read from its text.

use super::status::{start_of, text_of};
use super::{ClientError, Executor, LoadedProgram, ProgramError, Session, load_program};
use crate::history::RunNo;
use crate::script::{Declared, Source};
use std::collections::BTreeMap;
use std::path::Path;

/// What the texts that a run is pinned to declare.
///
/// # Errors
/// What the store says.
pub fn declared(session: &Session, run: RunNo) -> Result<Declared, ClientError> {
    let program = start_of(session, run)?.program;
    let mut modules = BTreeMap::new();
    for (name, hash) in program.modules {
        modules.insert(name, text_of(session, run, hash)?);
    }
    let source = Source { main: text_of(session, run, program.main)?, path: program.path, modules };
    Ok(session.executor().declared(&source))
}

/// What the texts of a script that is no run yet declare.
///
/// # Errors
/// [`ProgramError`].
pub fn declared_by(path: &Path, executor: &dyn Executor) -> Result<Declared, ProgramError> {
    Ok(executor.declared(&load_program(path, executor)?.into_source()))
}

impl LoadedProgram {
    /// Its texts by their names.
    pub(super) fn into_source(self) -> Source {
        let texts: BTreeMap<_, _> = self.texts.into_iter().collect();
        let text = |hash| texts.get(&hash).cloned().unwrap_or_default();
        let modules = self.program.modules.iter().map(|(name, hash)| (name.clone(), text(*hash))).collect();
        Source { main: text(self.program.main), path: self.program.path, modules }
    }
}
