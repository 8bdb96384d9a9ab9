//! Why a run cannot be rewound or retried, in words, and what can be done instead.

use super::escape;
use super::exit::Exit;
use super::report::Report;
use super::way_on;
use crate::client::{CarryError, MendError};
use crate::history::RunStatus;
use std::io::ErrorKind;
use std::path::Path;

/// The report of such an error.
pub(crate) fn of(error: &MendError) -> Report {
    let text = escape::line(&error.to_string());
    let nothing = "nothing was changed";
    match error {
        MendError::NoEntry { id, .. } => Report::new("D1200", Exit::Usage, text)
            .note(nothing)
            .hint(format!("durun history {id} shows them")),
        MendError::NotBegun { id } => {
            Report::new("D1201", Exit::Usage, text).hint(format!("durun resume {id} begins it"))
        }
        MendError::NoOutcome { id, .. } => Report::new("D1202", Exit::Usage, text)
            .note(nothing)
            .hint(format!("durun history {id} -o jsonl shows the ops; --to takes the number of an entry")),
        MendError::NothingAside { id, .. } => Report::new("D1203", Exit::Usage, text)
            .note("the entry that is named stays; what comes after it is set aside")
            .hint(format!("durun history {id} shows the entries")),
        MendError::NothingToSet { id, .. } => Report::new("D1204", Exit::Usage, text)
            .note(nothing)
            .note(
                "a result can be set for a step, activity, exec, sh or http up to the entry that --to names",
            )
            .hint(format!("durun history {id} -o jsonl shows the ops")),
        MendError::Undone { id, effect, entry, before, .. } => Report::new("D1205", Exit::Conflict, text)
            .note(nothing)
            .note(format!("entry {entry} says so"))
            .hint(way_on::undone(id, effect, *before)),
        MendError::EffectBetween { id, entry, before, .. } => Report::new("D1205", Exit::Conflict, text)
            .note(nothing)
            .note(format!("entry {entry} says so: trying the step again might repeat it, or make it untrue"))
            .hint(format!("if that is what you want: {}", way_on::rewind_line(id, before))),
        MendError::NoFailedStep { id, status, last_step, undone } => {
            let report = Report::new("D1206", Exit::Conflict, text).note(nothing);
            let why = match status {
                RunStatus::TimedOut => "nothing was under way when its time was over",
                _ => "its script ended it, or what failed was not its own step",
            };
            report.note(why).hint(match (last_step, undone) {
                (Some(from), _) => way_on::again(id, from),
                (None, Some(before)) => way_on::taken_back(id, *before),
                (None, None) => {
                    format!("to go on from its beginning: durun rewind {id} --to 0 && durun resume {id}")
                }
            })
        }
        MendError::HeldLock { id, before, .. } => Report::new("D1207", Exit::Conflict, text)
            .note(nothing)
            .note("somebody else may hold it now")
            .hint(match before {
                Some(before) => {
                    format!("to go back to before it was granted: durun rewind {id} --to {before}")
                }
                None => format!("durun history {id} shows the entries: go back to one before it was granted"),
            }),
    }
}

/// The report of a run that cannot be exported or imported.
pub(crate) fn carry(path: &Path, error: &CarryError) -> Report {
    let text = format!("{}: {error}", escape::line(&path.display().to_string()));
    match error {
        CarryError::Io(cause) if cause.kind() == ErrorKind::AlreadyExists => {
            Report::new("D1209", Exit::Conflict, text)
                .note("nothing was written over")
                .hint("name another file with --to")
        }
        CarryError::Io(cause) if cause.kind() == ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
            Report::new("D1210", Exit::Missing, text).hint(folder.map_or_else(
                || "give the path of the file as it is seen from here".to_owned(),
                |folder| {
                    let folder = escape::shell(&folder.to_string_lossy());
                    format!("there is no folder {folder}: make it, or give the path as it is seen from here")
                },
            ))
        }
        CarryError::Io(_) => {
            Report::new("D1211", Exit::Io, text).hint("make room or make it accessible, or name another file")
        }
        CarryError::Foreign => {
            Report::new("D1212", Exit::Usage, text).hint("durun export ID writes such a file")
        }
        CarryError::Damaged(_) => Report::new("D1213", Exit::Corrupt, text)
            .note("nothing was imported")
            .hint("export the run once more"),
        CarryError::Client(error) => super::report_client::client(error),
    }
}

/// The report of runs that could not be salvaged.
pub(crate) fn lost(title: &str, lost: &[String]) -> Report {
    let report = Report::new("D1430", Exit::Corrupt, title);
    let report = lost.iter().fold(report, Report::note);
    report.hint("keep a copy of the store's directory: durun history ID may show a run up to its damage")
}

/// The report of a store of which nothing could be salvaged.
pub(crate) fn nothing_left(title: &str) -> Report {
    Report::new("D1451", Exit::Corrupt, title)
        .note("durun has changed nothing, and written nothing")
        .hint("keep a copy of the directory: what could read more of it one day needs it as it is")
        .hint("go on from a backup of the directory: put it in its place, then durun doctor --deep")
        .hint("without one: begin a new store with --store DIR, and start the runs again; durun import FILE shows what was exported before")
}
