//! What is wrong about schedules, in words: errors of commands, and what is told while nobody looks on.

use super::exit::Exit;
use super::render::schedules::span;
use super::report::Report;
use crate::client::{News, ScheduleError};
use crate::history::{Fate, RunId};
use crate::timer::rfc3339;

/// The report of an error.
pub(crate) fn of(error: &ScheduleError) -> Report {
    let text = error.to_string();
    match error {
        ScheduleError::Cron(_) => Report::new("D1101", Exit::Usage, text).hint(
            "for example \"30 2 * * *\": each day at 2:30; \"*/15 * * * *\"; \"0 9 * * MON-FRI\"; @daily",
        ),
        ScheduleError::Zone { near, .. } => {
            let hint = match near.as_slice() {
                [] => "zones are called like Europe/Berlin or UTC".to_owned(),
                near => format!("did you mean {}?", near.join(" or ")),
            };
            Report::new("D1102", Exit::Usage, text).hint(hint)
        }
        ScheduleError::Name { .. } => Report::new("D1103", Exit::Usage, text)
            .hint("for example: durun schedule add nightly \"30 2 * * *\" backup.rhai"),
        ScheduleError::NoSuch { near, .. } => {
            let hint = match near.as_slice() {
                [] => "durun schedule list shows what there is".to_owned(),
                near => format!("did you mean {}?", near.join(" or ")),
            };
            Report::new("D1104", Exit::Missing, text).hint(hint)
        }
        ScheduleError::Exists { name, .. } => Report::new("D1105", Exit::Conflict, text)
            .note("nothing was changed")
            .hint(format!("--replace changes it; durun schedule remove {name} removes it")),
        ScheduleError::Busy { by, .. } => Report::new("D1106", Exit::Conflict, text)
            .note("nothing was started")
            .hint(format!("durun wait {by} waits for its end; durun why {by} says what holds it up")),
        ScheduleError::TooMany { .. } => Report::new("D1107", Exit::Usage, text)
            .note("nothing was started")
            .hint("take a shorter time, and the next part after it"),
        ScheduleError::Unreadable { name, .. } => {
            Report::new("D1108", Exit::Configuration, text).hint(unreadable(name))
        }
    }
}

fn unreadable(name: &RunId) -> String {
    format!("where no newer version wrote it: durun schedule remove {name}, and add it again")
}

/// The report of what somebody has to know of a schedule.
pub(crate) fn news(news: &News) -> Report {
    match news {
        News::Missed { schedule, record } => {
            let slots =
                if record.count == 1 { "a slot".to_owned() } else { format!("{} slots", record.count) };
            let title = format!("the schedule {schedule} has missed {slots}");
            let report = Report::new("D1110", Exit::Failed, title);
            let report = match &record.fate {
                Fate::Missed { reason } => report.note(format!("{}: {reason}", span(record, None))),
                Fate::Started { .. } | Fate::Skipped { .. } => report,
            };
            report.hint(format!(
                "durun missed lists them; durun schedule backfill {schedule} --from {} --to {} makes up for them",
                rfc3339(record.first),
                rfc3339(record.last),
            ))
        }
        News::SkippedOverStuck { schedule, slot, by } => {
            let title = format!("the schedule {schedule} has skipped a slot, as run {by} is stuck");
            Report::new("D1111", Exit::Failed, title).note(format!("the slot was {}", rfc3339(*slot))).hint(
                format!("durun why {by} says what is wrong; no slot is started before that run has ended"),
            )
        }
        News::Paused { schedule, failed } => {
            let title = format!("the schedule {schedule} is paused, as run {failed} came out badly");
            Report::new("D1112", Exit::Failed, title).hint(format!(
                "durun why {failed} says what happened; then: durun schedule resume {schedule}"
            ))
        }
        News::Unreadable { schedule, why } => Report::new(
            "D1108",
            Exit::Configuration,
            format!("the schedule {schedule} cannot be read: {why}"),
        )
        .note("it fires nothing")
        .hint(unreadable(schedule)),
    }
}
