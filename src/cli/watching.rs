//! `status --watch` at a terminal: the status is drawn in its place, and what has happened stays above it.

use super::context::Context;
use super::error::CliError;
use super::looks::Looks;
use super::render::display::{ECHO, size};
use super::render::foot::{Foot, Narrowed};
use super::render::paint::cut;
use super::render::story::Story;
use crate::client::{HistoryReader, RunView, Session, Watch, view, whose};
use crate::history::{RunRow, RunStatus};
use std::time::Duration;

/// So many entries of the past are shown to begin with.
const PAST: usize = 10;
/// Countdowns are drawn so often.
const TICK: Duration = Duration::from_secs(1);
/// So many draws are left out after the terminal has another size.
const PATIENCE: usize = 1;

/// Draws a run until it has ended; gives how.
pub(crate) fn watch(
    context: &Context,
    session: &Session,
    row: &RunRow,
    drawn: &dyn Fn(&RunView) -> Result<String, CliError>,
) -> Result<RunStatus, CliError> {
    let watch = Watch::begin(session, row.no)?;
    let mut foot = Foot::new(Box::new(std::io::stdout()), Narrowed::of(&context.environment), PATIENCE);
    let mut story = Story::new(context.color_stdout(), Some(size().0));
    let mut reader = HistoryReader::new(row.no, row.id.clone());
    let (mut first, mut names) = (true, Looks::new());
    loop {
        // Asked first: entries that follow are read before the end is believed.
        let now = view(session, row.no)?;
        let (clock, looked) = (context.clock.monotonic(), || whose(session, row.no, now.entries));
        // What an entry is of is known by a replay: it is told when that is due.
        let wait = names.wait(&now, clock).unwrap_or_default();
        let mut told: Vec<String> = Vec::new();
        story.fit(size().0);
        if wait.is_zero() {
            story.tell_whose(names.seen(&now, clock, looked).clone());
            told = tell(session, &mut reader, &mut story)?;
        }
        let from = if std::mem::take(&mut first) { told.len().saturating_sub(PAST) } else { 0 };
        let told = told.iter().skip(from).flat_map(|told| told.lines());
        let stay: Vec<String> = told.map(|line| line.trim_end().to_owned()).collect();
        let (columns, lines) = size();
        let text = drawn(&now)?;
        if now.status.is_ended() {
            foot.print(&stay, "", columns);
            context.print(&text)?;
            return Ok(now.status);
        }
        let fitting = fitting(&text, columns.saturating_sub(1 + ECHO), lines.saturating_sub(2).max(1));
        if stay.is_empty() {
            foot.draw(&fitting.join("\n"), columns);
        } else {
            foot.print(&stay, &fitting.join("\n"), columns);
        }
        watch.next(Some(if wait.is_zero() { TICK } else { wait }));
    }
}

/// As much of a text as there is room for; that there is more is its last line.
fn fitting(text: &str, columns: usize, lines: usize) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let shown = if all.len() > lines { lines - 1 } else { all.len() };
    let more = all.len() - shown;
    let more = (more > 0).then(|| format!("… and {more} more lines: durun status shows them"));
    let shown = all.iter().take(shown).map(|line| cut(line, columns));
    shown.chain(more.map(|more| cut(&more, columns))).collect()
}

/// What has happened since, an entry a piece.
fn tell(session: &Session, reader: &mut HistoryReader, story: &mut Story) -> Result<Vec<String>, CliError> {
    let mut told = Vec::new();
    loop {
        let page = reader.page(session)?;
        if page.is_empty() {
            return Ok(told);
        }
        told.extend(page.iter().map(|(seq, entry)| story.tell(*seq, entry)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_counted() {
        assert_eq!(fitting("a\nb\nc", 80, 3), ["a", "b", "c"]);
        assert_eq!(fitting("a\nb\nc\nd", 80, 3), ["a", "b", "… and 2 more lines: durun status shows them"]);
        assert_eq!(fitting("a\nb", 9, 1), ["… and 2 …"]);
        assert!(fitting("", 80, 1).is_empty());
    }
}
