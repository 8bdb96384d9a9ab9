//! Upgrading a run: its history is replayed against another text, and where that fits it goes on under it.

use super::way_back::way_back;
use super::{ClientError, Fit, LoadedProgram, Session, find, view};
use crate::history::{RunNo, RunRow, ScriptHash};
use crate::script::Source;
use crate::store::{Answer, Append, Request, RowChange, StoreError, Upgrade};

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
/// As [`find()`]; `UpgradeEnded` for a run that has ended, `Differs` where the history does not fit, `Held` of the store
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
        return Err(ClientError::UpgradeEnded { id: row.id, status });
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
                lines: fit.lines.clone(),
            };
            let mut requests = vec![Request::Upgrade(Box::new(upgrade))];
            requests.extend(renewal(&row, epoch, &fit));
            for answer in session.store().call(requests) {
                done(row.no, answer)?;
            }
        }
        Ok(fit)
    });
    if let Some(epoch) = epoch {
        // Whatever came of it, the run is free again.
        done(row.no, session.ask(Request::Release { run: row.no, epoch }))?;
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

/// What the run waits for is shown as the new text asks for it before anybody executes it.
fn renewal(row: &RunRow, epoch: u64, fit: &Fit) -> Option<Request> {
    let append = Append {
        run: row.no,
        epoch,
        generation: row.generation,
        from: fit.next,
        records: Vec::new(),
        delivered: Vec::new(),
        pending: fit.renewed.clone(),
        settled: Vec::new(),
        logs: Vec::new(),
        published: Vec::new(),
        row: RowChange::default(),
        once: Vec::new(),
        locks: Vec::new(),
    };
    (!append.pending.is_empty()).then(|| Request::Append(Box::new(append)))
}

fn claim(session: &Session, run: RunNo) -> Result<u64, ClientError> {
    match session.ask(Request::Claim { run, claim: session.claim() })? {
        Answer::Claimed { epoch } => Ok(epoch),
        _ => Err(ClientError::Answer { run }),
    }
}

fn done(run: RunNo, answer: Result<Answer, StoreError>) -> Result<(), ClientError> {
    match answer? {
        Answer::Done => Ok(()),
        _ => Err(ClientError::Answer { run }),
    }
}
