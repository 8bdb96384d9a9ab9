//! A run that has not ended and needs a person, in words: what has been failing, since when, what was skipped because of it.

use super::exit::Exit;
use super::render::waits::sentence;
use super::render::when::coarse;
use super::report::Report;
use super::report_end::{asked, stderr_tail};
use crate::client::{Lines, RunView};
use crate::history::{Moment, Pending};

/// The report of a run that has been failing for longer than its `warn_after`.
pub(crate) fn of(view: &RunView, script: Option<&Lines>, now: Moment) -> Report {
    let id = &view.row.id;
    let worst = view
        .pending
        .iter()
        .filter(|row| row.struggles(now))
        .min_by_key(|row| row.failing_since.unwrap_or(row.scheduled_at));
    let Some(row) = worst else {
        return Report::new("D1001", Exit::Failed, format!("run {id} has been failing for long"))
            .hint(format!("durun why {id} says what it waits for"));
    };
    let since = row.failing_since.unwrap_or(row.scheduled_at);
    let message = last_error(row);
    let title = format!("run {id} has been failing for {}: {message}", coarse(now.since_ms(since)));
    let mut report = Report::new("D1001", Exit::Failed, title)
        .at(asked(script, row.line, &message))
        .note(sentence(row, view.executor.is_some(), now));
    if let Some(tail) = row.last_failure.as_ref().and_then(stderr_tail) {
        report = report.note(format!("stderr of the last attempt:\n{tail}"));
    }
    report.hint(format!("durun why {id} says what it waits for, durun retry {id} tries it again now"))
}

fn last_error(row: &Pending) -> String {
    row.last_failure.as_ref().map_or_else(|| "it gave nothing".to_owned(), |failure| failure.message.clone())
}
