//! `status --watch` at a terminal: the status is drawn in its place, and what has happened stays above it.

use super::context::Context;
use super::error::CliError;
use super::render::display::{ECHO, size};
use super::render::paint::cut;
use super::render::story::Story;
use crate::client::{HistoryReader, RunView, Session, Watch, view};
use crate::history::{RunRow, RunStatus};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// So many entries of the past are shown to begin with.
const PAST: usize = 10;
/// Countdowns are drawn so often.
const TICK: Duration = Duration::from_secs(1);

/// Draws a run until it has ended; gives how.
pub(crate) fn watch(
    context: &Context,
    session: &Session,
    row: &RunRow,
    drawn: &dyn Fn(&RunView) -> Result<String, CliError>,
) -> Result<RunStatus, CliError> {
    let watch = Watch::begin(session, row.no)?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
    bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let mut story = Story::new(context.color_stdout(), Some(size().0));
    let mut reader = HistoryReader::new(row.no, row.id.clone());
    let mut first = true;
    loop {
        // Asked first: entries that follow are read before the end is believed.
        let now = view(session, row.no)?;
        let mut told: Vec<String> = Vec::new();
        loop {
            let page = reader.page(session)?;
            if page.is_empty() {
                break;
            }
            told.extend(page.iter().map(|(seq, entry)| story.tell(*seq, entry)));
        }
        let from = if std::mem::take(&mut first) { told.len().saturating_sub(PAST) } else { 0 };
        told.iter().skip(from).for_each(|line| bar.println(line.trim_end()));
        let text = drawn(&now)?;
        if now.status.is_ended() {
            bar.finish_and_clear();
            context.print(&text)?;
            return Ok(now.status);
        }
        let (columns, lines) = size();
        let fitting: Vec<String> = text
            .lines()
            .take(lines.saturating_sub(2).max(1))
            .map(|line| cut(line, columns.saturating_sub(1 + ECHO)))
            .collect();
        bar.set_message(fitting.join("\n"));
        bar.tick();
        watch.next(Some(TICK));
    }
}
