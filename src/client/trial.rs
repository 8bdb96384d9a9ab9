//! Trials: every run of a script against another text of it, and all open ones under it.

use super::{ClientError, Fit, LoadedProgram, Session, Upgraded, list, upgrade};
use crate::history::RunStatus;
use crate::store::{RunFilter, RunView, StoreError};

/// A run, and what came of the trial.
pub type Tried<T> = (RunView, Result<T, ClientError>);

/// Replays each run of the program's script against it, the open ones or all, newest first; writes nothing.
///
/// # Errors
/// What the store says of the list; what is wrong with one run stands beside it.
pub fn check_runs(
    session: &Session,
    program: &LoadedProgram,
    open_only: bool,
) -> Result<Vec<Tried<Fit>>, ClientError> {
    each(session, program, open_only, |view| {
        let source = super::upgrade::source(program);
        session.executor().fits(session, view.row.no, source).map_err(|error| error.about(&view.row.id))
    })
}

/// Upgrades each open run of the program's script to it, newest first, or only tries it. One that does not fit keeps its text.
///
/// # Errors
/// What the store says of the list; why one run was not upgraded stands beside it.
pub fn upgrade_all(
    session: &Session,
    program: &LoadedProgram,
    dry_run: bool,
) -> Result<Vec<Tried<Upgraded>>, ClientError> {
    each(session, program, true, |view| upgrade(session, view.row.id.as_str(), program, dry_run))
}

fn each<T>(
    session: &Session,
    program: &LoadedProgram,
    open_only: bool,
    mut tried: impl FnMut(&RunView) -> Result<T, ClientError>,
) -> Result<Vec<Tried<T>>, ClientError> {
    let path = &program.program.path;
    let is_wanted = |status: &RunStatus| !(open_only && status.is_ended());
    let filter = RunFilter {
        statuses: RunStatus::ALL.into_iter().filter(is_wanted).collect(),
        script: Some(path.clone()),
        ..RunFilter::default()
    };
    let views = list(session, filter)?.into_iter().filter(|view| view.row.script == *path);
    let all = views.map(|view| {
        let result = tried(&view);
        (view, result)
    });
    // What ended or was pruned since the list was made is none of them any more.
    Ok(all.filter(|(_, result)| !is_gone(result.as_ref().err())).collect())
}

fn is_gone(error: Option<&ClientError>) -> bool {
    matches!(
        error,
        Some(
            ClientError::UpgradeEnded { .. }
                | ClientError::NoSuchRun { .. }
                | ClientError::Store(StoreError::NoSuchRun { .. })
        )
    )
}
