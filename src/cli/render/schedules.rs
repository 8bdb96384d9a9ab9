//! Schedules and what became of their slots, as tables and as JSON documents.

use super::paint::Paint;
use super::run_json::SCHEMA;
use super::table::{Cell, render};
use super::when::{absolute, relative};
use crate::client::ScheduleView;
use crate::history::{Catchup, Fate, Moment, Schedule, SlotRecord, WokenBy};
use crate::timer::{Zone, format_moment, rfc3339, show_duration};
use serde_json::{Value as Json, json};
use std::path::Path;

/// One line a schedule.
pub(crate) fn table(views: &[ScheduleView], now: Moment, width: Option<usize>, color: bool) -> String {
    let rows = views
        .iter()
        .map(|view| {
            let row = &view.row;
            let script = Path::new(&row.starts.script).file_name().and_then(|name| name.to_str());
            let (next, paint) = next(view, now);
            vec![
                Cell::plain(row.name.as_str()),
                Cell::plain(&row.cron),
                Cell::plain(&row.zone),
                Cell::new(next, paint),
                Cell::plain(script.unwrap_or(&row.starts.script)),
                Cell::new(last(view), view.last.map_or(Paint::Plain, Paint::of)),
            ]
        })
        .collect();
    render(&["NAME", "CRON", "ZONE", "NEXT", "SCRIPT", "LAST"], rows, width, color)
}

/// When it fires next, or why it does not.
fn next(view: &ScheduleView, now: Moment) -> (String, Paint) {
    match (&view.row.paused, view.next) {
        (Some(paused), _) => {
            let why = paused.failed.as_ref().map(|run| format!(": run {run}")).unwrap_or_default();
            (format!("paused {}{why}", relative(paused.at, now)), Paint::Yellow)
        }
        (None, Some(next)) if next < now => {
            (format!("overdue by {}", show_duration(now.since_ms(next))), Paint::Yellow)
        }
        (None, Some(next)) => (relative(next, now), Paint::Plain),
        (None, None) => ("never".to_owned(), Paint::Red),
    }
}

/// What became of the last slot: the run and how that stands; and of the last one before it that was left out, until somebody has
/// seen that.
fn last(view: &ScheduleView) -> String {
    let row = &view.row;
    let Some(record) = row.recent.last() else { return String::new() };
    let status = view.last.map(|status| format!(": {status}")).unwrap_or_default();
    let told = match &record.fate {
        Fate::Started { run } => format!("{run}{status}"),
        Fate::Skipped { by } => format!("skipped over {by}{status}"),
        Fate::Missed { reason } => format!("missed: {reason}"),
    };
    match row.unseen().filter(|left_out| *left_out != record).last() {
        Some(left_out) => {
            let slot = span(&SlotRecord { first: left_out.last, ..left_out.clone() }, Zone::named(&row.zone));
            format!("{told} · {} {slot}", left_out.fate.word())
        }
        None => told,
    }
}

/// Whether a slot of some schedule should have been fired by now.
pub(crate) fn is_overdue(views: &[ScheduleView], now: Moment) -> bool {
    views.iter().any(|view| view.row.paused.is_none() && view.next.is_some_and(|next| next < now))
}

/// What was missed or skipped, one line a record.
pub(crate) fn missed_table(rows: &[Schedule], width: Option<usize>, color: bool) -> String {
    let lines = rows
        .iter()
        .flat_map(|row| row.unseen().map(move |record| (row, record)))
        .map(|(row, record)| {
            let why = match &record.fate {
                Fate::Started { run } => format!("started {run}"),
                Fate::Skipped { by } => format!("over run {by}"),
                Fate::Missed { reason } => reason.clone(),
            };
            vec![
                Cell::plain(row.name.as_str()),
                Cell::plain(span(record, Zone::named(&row.zone))),
                Cell::plain(record.count.to_string()),
                Cell::new(record.fate.word(), Paint::Yellow),
                Cell::plain(why),
            ]
        })
        .collect();
    render(&["SCHEDULE", "SLOT", "COUNT", "FATE", "WHY"], lines, width, color)
}

/// From when to when, on the clock of a zone, else in UTC.
pub(crate) fn span(record: &SlotRecord, zone: Option<Zone>) -> String {
    let shown = |slot: Moment| {
        let local = zone.and_then(|zone| format_moment(slot, zone, "%Y-%m-%d %H:%M"));
        local.unwrap_or_else(|| absolute(slot))
    };
    if record.first == record.last {
        shown(record.first)
    } else {
        format!("{} to {}", shown(record.first), shown(record.last))
    }
}

/// One schedule as a document.
pub(crate) fn json(view: &ScheduleView) -> Json {
    let row = &view.row;
    json!({
        "schema": SCHEMA,
        "name": row.name.as_str(),
        "cron": row.cron,
        "zone": row.zone,
        "script": row.starts.script,
        "input": row.starts.input.to_json(),
        "directory": row.starts.directory,
        "overlap": row.overlap.word(),
        "catchup": catchup(row.catchup),
        "jitter_ms": row.jitter_ms,
        "pause_on_failure": row.pause_on_failure,
        "created_at": rfc3339(row.created_at),
        "paused_at": row.paused.as_ref().map(|paused| rfc3339(paused.at)),
        "paused_by": row.paused.as_ref().and_then(|paused| paused.failed.as_ref()).map(crate::history::RunId::as_str),
        "next": view.next.map(rfc3339),
        "last_status": view.last.map(crate::history::RunStatus::word),
        "open": row.open.iter().map(crate::history::RunId::as_str).collect::<Vec<_>>(),
        "recent": row.recent.iter().map(|record| record_json(row, record)).collect::<Vec<_>>(),
    })
}

/// What became of slots, as a document.
pub(crate) fn record_json(row: &Schedule, record: &SlotRecord) -> Json {
    let (run, reason) = match &record.fate {
        Fate::Started { run } | Fate::Skipped { by: run } => (Some(run.as_str()), None),
        Fate::Missed { reason } => (None, Some(reason.as_str())),
    };
    json!({
        "schema": SCHEMA,
        "schedule": row.name.as_str(),
        "first": rfc3339(record.first),
        "last": rfc3339(record.last),
        "count": record.count,
        "fate": record.fate.word(),
        "run": run,
        "reason": reason,
        "decided_at": rfc3339(record.at),
    })
}

/// As it is typed.
pub(crate) fn catchup(catchup: Catchup) -> String {
    match catchup {
        Catchup::Latest => "latest".to_owned(),
        Catchup::All => "all".to_owned(),
        Catchup::None => "none".to_owned(),
        Catchup::Within { ms } => show_duration(ms),
    }
}

/// That nobody fires schedules, and the command by which a tick does; nothing where somebody does.
pub(crate) fn nobody(fired_by: Option<WokenBy>, how: &str, now: Moment) -> Option<String> {
    match fired_by {
        Some(WokenBy::Nobody { last_tick: Some(last) }) => Some(format!(
            "nobody fires schedules, and no tick is expected (the last was {}): {how}",
            relative(last, now)
        )),
        Some(WokenBy::Nobody { last_tick: None }) => Some(format!("nobody fires schedules yet: {how}")),
        Some(WokenBy::Process { .. } | WokenBy::Serve { .. } | WokenBy::Tick { .. }) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{OverlapPolicy, RunId, RunStatus, ScheduledStart, Value};
    use std::collections::BTreeMap;

    fn nightly() -> ScheduleView {
        let id = |text| RunId::parse(text).expect("an id");
        let row = Schedule {
            name: id("nightly"),
            version: 1,
            cron: "30 2 * * *".to_owned(),
            zone: "UTC".to_owned(),
            starts: ScheduledStart {
                script: "/s/backup.rhai".to_owned(),
                input: Value::Null,
                directory: "/s".to_owned(),
                environment: BTreeMap::new(),
                timeout_ms: None,
                unchecked: false,
            },
            overlap: OverlapPolicy::Skip,
            catchup: Catchup::Latest,
            jitter_ms: 0,
            pause_on_failure: false,
            created_at: Moment(0),
            paused: None,
            considered: Moment(0),
            open: Vec::new(),
            recent: Vec::new(),
            seen_until: None,
        };
        ScheduleView { row, next: Some(Moment(100_000)), last: Some(RunStatus::Completed) }
    }

    #[test]
    fn a_slot_whose_time_is_over_is_overdue() {
        let view = nightly();
        assert_eq!(next(&view, Moment(40_000)).0, "in 1m");
        assert_eq!(next(&view, Moment(199_000)).0, "overdue by 1m 39s");
        assert!(is_overdue(std::slice::from_ref(&view), Moment(199_000)));
        assert!(!is_overdue(&[view], Moment(40_000)));
    }

    #[test]
    fn a_slot_that_was_left_out_is_told_until_somebody_has_seen_it() {
        let mut view = nightly();
        let day = 86_400_000;
        let by = || RunId::parse("nightly-1").expect("an id");
        view.row.record(Moment(day), Fate::Started { run: by() }, Moment(day));
        view.row.record(Moment(2 * day), Fate::Skipped { by: by() }, Moment(2 * day));
        assert_eq!(last(&view), "skipped over nightly-1: completed");
        let run = RunId::parse("nightly-3").expect("an id");
        view.row.record(Moment(3 * day), Fate::Started { run }, Moment(3 * day));
        assert_eq!(last(&view), "nightly-3: completed · skipped 1970-01-03 00:00");
        view.row.seen_until = Some(Moment(3 * day));
        assert_eq!(last(&view), "nightly-3: completed");
    }
}
