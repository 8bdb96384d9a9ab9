//! What a store refuses or fails at, in words.

use super::exit::Exit;
use super::report::Report;
use super::report_client::mistake;
use crate::client::StoreError;
use crate::history::{RunId, RunNo, RunStatus};
use crate::store::is_stopped;

/// What to do about damage.
const NEXT: &str = "keep a copy of the directory; durun export --salvage saves the runs that are whole; then restore a backup, or begin a new store with --store DIR";

/// What is said behind all that was shown of a damaged store.
pub(crate) fn read_damaged(damage: &StoreError) -> Report {
    let (path, what) = match damage {
        StoreError::Corrupt { path, what } => (path.as_str(), what.clone()),
        other => ("", other.to_string()),
    };
    Report::new("D0640", Exit::Corrupt, format!("the store {path} is damaged: {what}"))
        .note("what was shown could be read and may be incomplete; durun has changed nothing")
        .hint(NEXT)
}

/// The report of a store's error.
pub(crate) fn of(error: &StoreError) -> Report {
    let bug = |code| mistake(code, error.to_string());
    match error {
        StoreError::NoRun { run: RunNo(_) } => Report::new("D0601", Exit::Missing, error.to_string())
            .note("it may have been forgotten in the meantime")
            .hint("durun list -a shows what there is"),
        StoreError::NoSuchRun { .. } => Report::new("D0618", Exit::Missing, error.to_string())
            .note("nothing was stored")
            .hint("durun list -a shows what there is"),
        StoreError::NoScript { .. } => Report::new("D0602", Exit::Corrupt, error.to_string())
            .note("durun has changed nothing")
            .hint("with the same text at hand: durun upgrade ID --script FILE")
            .hint(NEXT),
        StoreError::ScheduleChanged { .. } => {
            Report::new("D1100", Exit::Busy, error.to_string()).note("nothing was changed").hint("try again")
        }
        StoreError::NotAsked { id } => super::report_reply::asks_nothing(id, error.to_string()),
        StoreError::LookedAt { message } => Report::new("D1214", Exit::Conflict, message.clone())
            .note("nothing was changed")
            .hint("durun --store DIR list -a, history, logs, query and status look at it"),
        StoreError::Nested { .. } => Report::new("D0900", Exit::Failed, error.to_string())
            .hint("a script that starts itself without end? let it loop, or go on with restart_with(input)"),
        StoreError::Ended { id, status } => ended(id, *status, Vec::new()),
        StoreError::Held { id, claim } => held(id, claim.pid),
        StoreError::Served { claim } => {
            Report::new("D1003", Exit::Busy, format!("process {} serves this store already", claim.pid))
                .hint("one durun serve goes on with all runs of a store; --store DIR names another store")
        }
        StoreError::Fenced { .. } => {
            Report::new("D0604", Exit::Busy, "another process has taken the run over and goes on with it")
                .note("nothing is lost, and nothing was recorded twice")
                .hint("durun list shows how it stands; durun wait ID waits for its end")
        }
        StoreError::Differs { .. } => bug("D0605"),
        StoreError::Gap { .. } => bug("D0606"),
        StoreError::Corrupt { path, what } => {
            Report::new("D0607", Exit::Corrupt, format!("the store {path} is damaged: {what}"))
                .note("durun has changed nothing")
                .hint(NEXT)
        }
        StoreError::Newer { found, known } => Report::new(
            "D0608",
            Exit::Configuration,
            format!(
                "the store was written by a newer durun: it has schema {found}, this durun knows {known}"
            ),
        )
        .note("durun has changed nothing")
        .hint("use that newer durun, or another store with --store DIR"),
        StoreError::OtherVersion { theirs, ours } => Report::new(
            "D0609",
            Exit::Busy,
            format!("durun {theirs} has the store open; this is durun {ours}"),
        )
        .hint("wait until it has ended, or use the same version"),
        StoreError::Busy { message } => {
            Report::new("D0610", Exit::Busy, format!("the store is busy: {message}"))
                .note("nothing is lost")
                .hint("try again; durun doctor says who has it open")
        }
        StoreError::Stopped { pid } => Report::new("D0619", Exit::Busy, error.to_string())
            .note("nothing is lost; nobody gets at the store before it goes on")
            .hint(format!("fg or bg in its terminal, or: kill -CONT {pid}; then type this again")),
        StoreError::Full { path } => {
            Report::new("D0611", Exit::Io, format!("no space left on the device for {path}"))
                .note("what was recorded before is safe")
                .hint("make room, then: durun resume --all")
        }
        StoreError::Permission { path, message } => {
            let report =
                Report::new("D0612", Exit::Permission, format!("no permission for {path}: {message}"));
            if is_ours(path) {
                report.hint(format!(
                    "it is yours, and not open to you for writing: chmod u+rwX {}; or use another store: --store DIR or $DURUN_STORE",
                    super::escape::shell(path)
                ))
            } else {
                report.hint(
                    "go on as the user to whom it belongs, or use another store: --store DIR or $DURUN_STORE",
                )
            }
        }
        StoreError::Io { path, message } => Report::new("D0613", Exit::Io, format!("{path}: {message}"))
            .note("what was recorded before is safe")
            .hint("look at the disk: dmesg, df; if it is read-only, mount it for writing; then: durun resume --all"),
        StoreError::Protocol { .. } | StoreError::Heard { .. } => bug("D0614"),
        StoreError::OwnerGone => {
            Report::new("D0615", Exit::Busy, "the process that had the store open went away")
                .hint("try again")
        }
    }
}

/// The report of what was said to a run that has ended, with what is known of it.
pub(super) fn ended(id: &RunId, status: RunStatus, known: Vec<String>) -> Report {
    let word = status.word().replace('_', " ");
    let report = Report::new("D0701", Exit::Conflict, format!("run {id} has ended: {word}"));
    let report = known.into_iter().fold(report, Report::note);
    report
        .note("nothing was stored")
        .hint(format!("durun result {id} prints its result, durun history {id} what happened"))
}

/// Whether something is this user's: its rights then are in the way, and not its owner.
fn is_ours(path: &str) -> bool {
    let us = rustix::process::geteuid().as_raw();
    std::fs::metadata(path).is_ok_and(|facts| std::os::unix::fs::MetadataExt::uid(&facts) == us)
}

/// A run that a process executes, which may be stopped.
fn held(id: &RunId, pid: u32) -> Report {
    let report = Report::new("D0603", Exit::Busy, format!("run {id} is executed by process {pid}"));
    if is_stopped(pid) {
        return report.note("that process is stopped").hint(format!(
            "it goes on with fg or bg in its terminal, or: kill -CONT {pid}; kill {pid} && kill -CONT {pid} parks what it \
             executes, and nothing is lost"
        ));
    }
    report.hint(format!(
        "durun wait {id} waits for its end; kill {pid} parks what that process executes, and nothing is lost: then type this again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ones_own_and_closed_is_opened_and_of_others_it_is_not_said() {
        let place = tempfile::tempdir().expect("a directory");
        let hint = |path: &std::path::Path| {
            let (path, message) = (path.display().to_string(), "Permission denied (os error 13)".to_owned());
            of(&StoreError::Permission { path, message }).hints.join("; ")
        };
        assert!(
            hint(place.path()).starts_with("it is yours, and not open to you for writing: chmod u+rwX /")
        );
        assert!(hint(&place.path().join("gone")).starts_with("go on as the user to whom it belongs"));
    }
}
