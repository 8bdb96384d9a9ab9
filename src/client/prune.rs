//! Pruning: ended runs are forgotten, some at a time, so that nobody who executes runs waits long.

use super::{ClientError, ExecuteError, Session, list};
use crate::activity::transcripts_of;
use crate::config::Configs;
use crate::history::{Claim, Moment, RunNo, RunStatus};
use crate::store::{Answer, Kept, Request, RunFilter, RunView, Upkeep};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// How many runs one transaction forgets.
const SLICE: usize = 64;

/// Which ended runs are to be forgotten.
#[derive(Clone)]
pub struct Pruning {
    /// Only those of these statuses; of all ended ones where it is empty.
    pub statuses: Vec<RunStatus>,
    /// How long they are kept.
    pub age: Age,
}

/// How long runs are kept from their end on.
#[derive(Clone)]
pub enum Age {
    /// So long, in milliseconds.
    Ms(i64),
    /// As `durun.toml` of their script says, for ever where it does not.
    AsConfigured(Arc<Configs>),
}

impl Age {
    /// The instant at or before which a run of this status and script must have ended, to be forgotten now.
    fn cutoff(&self, now: Moment, status: RunStatus, script: &str) -> Result<Option<Moment>, ExecuteError> {
        let kept = match self {
            Self::Ms(ms) => Some(*ms),
            Self::AsConfigured(configs) => configs.read(Path::new(script))?.retention.of(status),
        };
        Ok(kept.map(|ms| now.plus_ms(-ms)))
    }
}

/// The ended runs that a pruning would forget, the newest first. A child is kept while its parent goes on.
///
/// # Errors
/// What the store says, and a `durun.toml` that cannot be read.
pub fn prunable(session: &Session, pruning: &Pruning) -> Result<Vec<RunView>, ClientError> {
    let is_wanted = |status: &RunStatus| pruning.statuses.is_empty() || pruning.statuses.contains(status);
    let ended = RunStatus::ALL.into_iter().filter(|status| status.is_ended());
    let statuses = ended.filter(is_wanted).collect();
    let mut found = Vec::new();
    for view in list(session, RunFilter { statuses, ..RunFilter::default() })? {
        let cutoff = pruning.age.cutoff(session.now(), view.status, &view.row.script)?;
        if cutoff.is_some_and(|cutoff| view.row.updated_at <= cutoff) {
            found.push(view);
        }
    }
    Ok(found)
}

/// Forgets these runs; gives those that were.
///
/// # Errors
/// What the store says, and a `durun.toml` that cannot be read. Those that were forgotten before stay so.
pub fn prune(session: &Session, pruning: &Pruning, views: &[RunView]) -> Result<Vec<RunNo>, ClientError> {
    let mut by_cutoff: BTreeMap<Moment, Vec<RunNo>> = BTreeMap::new();
    for view in views {
        if let Some(cutoff) = pruning.age.cutoff(session.now(), view.status, &view.row.script)? {
            by_cutoff.entry(cutoff).or_default().push(view.row.no);
        }
    }
    forget(session, by_cutoff, &mut || true)
}

/// Forgets those of these runs that ended at or before the instant they stand under, a slice a transaction while `on` says so.
fn forget(
    session: &Session,
    by_cutoff: BTreeMap<Moment, Vec<RunNo>>,
    on: &mut dyn FnMut() -> bool,
) -> Result<Vec<RunNo>, ClientError> {
    let mut pruned = Vec::new();
    for (before, runs) in by_cutoff {
        for slice in runs.chunks(SLICE) {
            if !on() {
                return Ok(pruned);
            }
            let Kept::Pruned(gone) = upkeep(session, Upkeep::Prune { runs: slice.to_vec(), before })? else {
                return Err(ClientError::Answer { run: RunNo(0) });
            };
            for run in &gone {
                // What stays is some room on the disk.
                let _removed =
                    std::fs::remove_dir_all(transcripts_of(&session.directory().join("output"), run.0));
            }
            pruned.extend(gone);
        }
    }
    Ok(pruned)
}

/// How many runs are looked at each time that runs are forgotten unasked.
const LOOKED_AT: u32 = 2_000;
/// How often texts that no run has are looked for then, in milliseconds: a day.
const TEXTS_MS: i64 = 86_400_000;

/// Forgets, of some of the ended runs, those that `durun.toml` of their script says are kept long enough: what ticks and a server do
/// unasked. It stops when `on` says no. Gives how many were forgotten.
///
/// # Errors
/// What the store says. A run whose `durun.toml` cannot be read is kept.
pub fn retain(
    session: &Session,
    configs: &Arc<Configs>,
    mut on: impl FnMut() -> bool,
) -> Result<usize, ClientError> {
    if !on() {
        return Ok(0);
    }
    let chance = u64::from_le_bytes(Session::random()?);
    let Kept::Ended(ended) = upkeep(session, Upkeep::Ended { chance, most: LOOKED_AT })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    let (now, age) = (session.now(), Age::AsConfigured(Arc::clone(configs)));
    let mut by_cutoff: BTreeMap<Moment, Vec<RunNo>> = BTreeMap::new();
    for run in ended {
        if let Ok(Some(cutoff)) = age.cutoff(now, run.status, &run.script)
            && run.at <= cutoff
        {
            by_cutoff.entry(cutoff).or_default().push(run.run);
        }
    }
    let gone = forget(session, by_cutoff, &mut on)?.len();
    if gone > 0 {
        sweep(session, TEXTS_MS, on)?;
    }
    Ok(gone)
}

/// Drops what is left of runs that were forgotten: a slice a transaction, until `on` says no or nothing is left. Texts that no run
/// has are dropped where they were last looked for so long ago, in milliseconds.
///
/// # Errors
/// What the store says.
pub fn sweep(
    session: &Session,
    texts_after_ms: i64,
    mut on: impl FnMut() -> bool,
) -> Result<(), ClientError> {
    while on() {
        match upkeep(session, Upkeep::Sweep { texts_after_ms })? {
            Kept::More(true) => {}
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Gives what the file does not need any more back to the system. Everybody else waits for it.
///
/// # Errors
/// What the store says.
pub fn compact(session: &Session) -> Result<(), ClientError> {
    upkeep(session, Upkeep::Compact).map(drop)
}

/// Reads everything and tells what does not agree, a sentence each.
///
/// # Errors
/// What the store says.
pub fn audit(session: &Session) -> Result<Vec<String>, ClientError> {
    match upkeep(session, Upkeep::Audit)? {
        Kept::Wrong(wrong) => Ok(wrong),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

/// When the last tick came, and the process that serves.
///
/// # Errors
/// What the store says.
pub fn wakers(session: &Session) -> Result<(Option<Moment>, Option<Claim>), ClientError> {
    match upkeep(session, Upkeep::Wakers)? {
        Kept::Wakers { tick, serving, .. } => Ok((tick, serving)),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

pub(super) fn upkeep(session: &Session, what: Upkeep) -> Result<Kept, ClientError> {
    match session.ask(Request::Upkeep(Box::new(what)))? {
        Answer::Kept(kept) => Ok(*kept),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::NoExecutor;
    use crate::client::testing::CLAIM;
    use crate::store::conformance::{Living, new_run};
    use crate::store::{LocalSession, MemoryTables};
    use crate::timer::{ManualClock, SystemClock};
    use std::time::Duration;

    #[test]
    fn what_is_forgotten_unasked_is_forgotten_a_slice_at_a_time_while_there_is_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "[retention]\nfailed = \"1 day\"\n";
        std::fs::write(folder.path().join("durun.toml"), text).expect("written");
        let configs = Arc::new(Configs::new(None, Arc::new(SystemClock)));
        let clock = Arc::new(ManualClock::at(Moment(1_795_435_200_000)));
        let tables =
            Arc::new(MemoryTables::new(Arc::<ManualClock>::clone(&clock), Arc::new(Living::default())));
        let store = Arc::new(LocalSession::alone(tables, Arc::<ManualClock>::clone(&clock)));
        let place = folder.path().to_owned();
        let session =
            Session::new(store, Arc::<ManualClock>::clone(&clock), Arc::new(NoExecutor), CLAIM, place);
        for nth in 0..200 {
            let mut new = new_run(&format!("r{nth}"));
            new.start.program.path = folder.path().join("s.rhai").display().to_string();
            let Ok(Answer::Started { run, .. }) = session.ask(Request::Start(Box::new(new))) else {
                panic!("no run")
            };
            session.ask(Request::Terminate { run, reason: String::new() }).expect("ends");
        }
        let kept = || list(&session, RunFilter::default()).expect("lists").len();
        clock.advance(Duration::from_hours(23));
        assert_eq!(retain(&session, &configs, || true).expect("keeps"), 0);
        clock.advance(Duration::from_hours(1));
        let mut left = 3;
        let some = retain(&session, &configs, || {
            left -= 1;
            left >= 0
        });
        assert_eq!((some.expect("forgets"), kept()), (2 * SLICE, 200 - 2 * SLICE));
        assert_eq!(retain(&session, &configs, || false).expect("nothing"), 0);
        assert_eq!(retain(&session, &configs, || true).expect("forgets"), 200 - 2 * SLICE);
        assert_eq!(kept(), 0);
    }
}
