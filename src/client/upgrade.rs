//! Upgrading a run: its history is replayed against another text, and where that fits it goes on under it.

use super::reopen::{misfit, reopening};
use super::way_back::way_back;
use super::{ClientError, LoadedProgram, Session, find, view};
use crate::history::{RunNo, RunRow, RunStatus, ScriptHash};
use crate::script::Source;
use crate::store::{Answer, Request, Upgrade};

/// What came of the wish.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgraded {
    /// The run.
    pub row: RunRow,
    /// How many entries of its history fit the new text.
    pub entries: u32,
    /// Whether the text is another than the run had.
    pub changed: bool,
}

/// Replays the run's history against the program and, unless it is only to be tried, lets the run go on under it.
///
/// # Errors
/// As [`find()`]; `UpgradeEnded` for a run that has ended; `Differs` where the history does not fit, `Held` of the store
/// where a process executes it.
pub fn upgrade(
    session: &Session,
    text: &str,
    program: &LoadedProgram,
    dry_run: bool,
) -> Result<Upgraded, ClientError> {
    let row = find(session, text)?;
    let status = view(session, row.no)?.status;
    if status.is_ended() {
        let way = reopening(session, &row, program);
        let is_unfit = matches!(status, RunStatus::Failed | RunStatus::TimedOut) && way.is_none();
        let misfit = is_unfit.then(|| misfit(session, &row, program)).flatten();
        return Err(misfit.unwrap_or(ClientError::UpgradeEnded { id: row.id, status, way }));
    }
    let source = source(program);
    let epoch = if dry_run { None } else { Some(claim(session, row.no)?) };
    let replayed = session.executor().fits(session, row.no, source);
    let written = replayed.map_err(|error| error.about(&row.id)).and_then(|fit| {
        if let Some(epoch) = epoch {
            let upgrade = Upgrade {
                run: row.no,
                epoch,
                program: program.program.clone(),
                scripts: program.texts.clone(),
                patches: fit.patches.clone(),
                asked: fit.asked.clone(),
            };
            done(session, row.no, Request::Upgrade(Box::new(upgrade)))?;
        }
        Ok(fit)
    });
    if let Some(epoch) = epoch {
        // Whatever came of it, the run is free again.
        done(session, row.no, Request::Release { run: row.no, epoch })?;
    }
    let fit = written.map_err(|error| with_way_back(session, &row, program, error))?;
    Ok(Upgraded { row, entries: fit.entries, changed: fit.changed })
}

/// An error that says, where the history does not fit the text, from where it would.
pub(super) fn with_way_back(
    session: &Session,
    row: &RunRow,
    program: &LoadedProgram,
    mut error: ClientError,
) -> ClientError {
    if let ClientError::Differs { difference, .. } = &mut error {
        difference.back = way_back(session, row, program, difference);
    }
    error
}

pub(super) fn source(program: &LoadedProgram) -> Source {
    let text = |hash: &ScriptHash| {
        let found = program.texts.iter().find(|(known, _)| known == hash);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    };
    Source {
        path: program.program.path.clone(),
        main: text(&program.program.main),
        modules: program.program.modules.iter().map(|(path, hash)| (path.clone(), text(hash))).collect(),
    }
}

fn claim(session: &Session, run: RunNo) -> Result<u64, ClientError> {
    match session.ask(Request::Claim { run, claim: session.claim() })? {
        Answer::Claimed { epoch } => Ok(epoch),
        _ => Err(ClientError::Answer { run }),
    }
}

fn done(session: &Session, run: RunNo, request: Request) -> Result<(), ClientError> {
    match session.ask(request)? {
        Answer::Done => Ok(()),
        _ => Err(ClientError::Answer { run }),
    }
}
