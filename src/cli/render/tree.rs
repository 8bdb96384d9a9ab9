//! The tree of what is going on: runs, children below their parents, strands by their names, a line for each step and wait.

use super::foot::lasting;
use super::live::{Doing, Live};
use super::natural;
use super::paint::Paint;
use super::waits::{attempt, name};
use super::when::{coarse, left};
use crate::cli::escape;
use crate::client::LastLine;
use crate::history::{CommandKind, CommandLabel, Moment, RunId, RunNo, Value};
use unicode_width::UnicodeWidthStr as _;

/// Lines are shortened to no less than so many columns, so that there are more of them.
const NARROW: usize = 60;
/// So much is shown of what a heartbeat says, of a last line and of a failure, in columns.
const DETAILS: usize = 40;
/// The marks of a line that is at work, one after the other.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Each for so long, in milliseconds.
const FRAME_MS: i64 = 100;

/// A line of the tree.
pub(super) struct Row {
    indent: String,
    /// The colour of the spinner, where the line has one.
    spins: Option<Paint>,
    /// What it says.
    pub(super) text: String,
    /// How much of that, in bytes, is the name of the step: the first to be shortened.
    name: usize,
}

impl Row {
    /// The text in so many columns: how it stands is worth more than the whole of a long name.
    fn fitted(&self, room: usize) -> String {
        let (name, facts) = self.text.split_at_checked(self.name).unwrap_or((&self.text, ""));
        let for_name = room.saturating_sub(facts.width()).max(room / 4);
        escape::cut(&format!("{}{facts}", escape::cut(name, for_name)), room)
    }
}

impl Live {
    /// The tree as it is drawn: at most `columns` wide, and as high as `lines` allow; a spinner alone while the script computes.
    pub(crate) fn drawn(&self, now: Moment, columns: usize, lines: usize) -> String {
        let rows = self.rows(now);
        if rows.is_empty() {
            return Paint::Cyan.paint(frame(now), self.color);
        }
        let most = lines.saturating_sub(2).max(1);
        let painted = |columns| -> Vec<String> {
            rows.iter().take(most).map(|row| self.painted(row, now, columns)).collect()
        };
        let mut out = painted(columns);
        if lasting(&out, columns, lines) < out.len() {
            // More of them are worth more than the ends of long ones, which half the width would break.
            out = painted((columns / 2).max(NARROW.min(columns)));
        }
        let shown = if rows.len() > most { most - 1 } else { rows.len() };
        out.truncate(shown);
        if let Some(rest) = rows.get(shown..).filter(|rest| !rest.is_empty()) {
            let more = escape::cut(&summed_up(rest), columns.saturating_sub(1));
            out.push(Paint::Dim.paint(&more, self.color));
        }
        out.join("\n")
    }

    fn painted(&self, row: &Row, now: Moment, columns: usize) -> String {
        let indent = Paint::Dim.paint(&row.indent, self.color);
        let Some(paint) = row.spins else {
            let room = columns.saturating_sub(row.indent.chars().count() + 1);
            return format!("{indent}{}", Paint::Bold.paint(&escape::cut(&row.text, room), self.color));
        };
        let mark = paint.paint(frame(now), self.color);
        // One column stays free: some terminals break a line that fills the last.
        let room = columns.saturating_sub(row.indent.chars().count() + 3);
        format!("{indent}{mark} {}", row.fitted(room))
    }

    /// What goes on, run by run.
    pub(super) fn rows(&self, now: Moment) -> Vec<Row> {
        let mut rows = Vec::new();
        let is_root =
            |run: &&RunNo| self.parents.get(run).is_none_or(|parent| !self.names.contains_key(parent));
        for run in self.names.keys().filter(is_root) {
            self.of_run(*run, 0, now, &mut rows);
        }
        rows
    }

    /// A run's own lines, below a line with its name where there are several runs or it says something of itself, and its
    /// children's.
    fn of_run(&self, run: RunNo, depth: usize, now: Moment, rows: &mut Vec<Row>) {
        let mut doing: Vec<&Doing> =
            self.doing.iter().filter(|((of, _), _)| *of == run).map(|(_, doing)| doing).collect();
        let strand = |doing: &Doing| doing.strand.clone().unwrap_or_default();
        doing.sort_by(|a, b| natural::order(&strand(a), &strand(b)).then_with(|| a.order().cmp(&b.order())));
        let remarks = self.remarks.get(&run);
        let said = remarks.into_iter().flat_map(|remarks| [&remarks.progress, &remarks.summary]);
        let said: Vec<String> = said.flatten().filter(|text| !text.is_empty()).cloned().collect();
        let mut inner = depth;
        let several = self.names.len() > 1;
        if !said.is_empty() || several && !doing.is_empty() {
            let id = self.names.get(&run).filter(|_| several).map(RunId::to_string);
            let text = id.into_iter().chain(said).collect::<Vec<_>>().join("  ");
            rows.push(Row { indent: "  ".repeat(depth), spins: None, name: text.len(), text });
            inner += 1;
        }
        let (mut of, count): (Option<&String>, usize) = (None, doing.len());
        for (number, doing) in doing.iter().enumerate() {
            let is_last = number + 1 == count;
            let branch = match (inner > depth, is_last) {
                (false, _) => String::new(),
                (true, true) => "└ ".to_owned(),
                (true, false) => "├ ".to_owned(),
            };
            let strand = doing.strand.as_ref();
            let lead = match strand {
                Some(strand) if of == Some(strand) => {
                    format!("{}  ", " ".repeat(escape::line(strand).width()))
                }
                Some(strand) => format!("{}  ", escape::line(strand)),
                None => String::new(),
            };
            of = strand;
            let paint = if doing.order().0 { Paint::Yellow } else { Paint::Cyan };
            let facts = self.facts(run, doing, now);
            let own = if strand == Some(&doing.label.name) { "" } else { &doing.label.name };
            let named = format!("{lead}{}", name(doing.label.kind, own));
            let text = std::iter::once(named.clone()).chain(facts).collect::<Vec<_>>().join(" · ");
            let indent = format!("{}{branch}", "  ".repeat(depth));
            rows.push(Row { indent, spins: Some(paint), name: named.len(), text });
        }
        for (child, _) in self.parents.iter().filter(|(_, parent)| **parent == run) {
            self.of_run(*child, inner, now, rows);
        }
    }

    /// How it stands: attempts, times, what it said, what ends a wait.
    fn facts(&self, run: RunNo, doing: &Doing, now: Moment) -> Vec<String> {
        let mut parts = Vec::new();
        if doing.waits {
            parts.extend(doing.due.map(|due| format!("{} left", left(due, now))));
            parts.extend(self.names.get(&run).and_then(|id| self.unblocked_by(id, &doing.label)));
            return parts;
        }
        match (doing.next_try, &doing.last_error) {
            (Some(next), error) => {
                parts.push(format!("next try in {}", left(next, now)));
                parts.push(format!("failed: {}", escape::cut(error.as_deref().unwrap_or_default(), DETAILS)));
                parts.push(attempt(doing.attempt, doing.attempts));
            }
            (None, error) => {
                if doing.attempt > 1 {
                    parts.push(attempt(doing.attempt, doing.attempts));
                }
                parts.push(coarse(now.since_ms(doing.attempt_since)));
                parts.extend(doing.details.clone().or_else(|| doing.last_line.as_ref().map(written)));
                parts.extend(error.as_ref().map(|error| format!("last error: {error}")));
            }
        }
        parts
    }

    /// The command that lets a wait go on, where one does.
    fn unblocked_by(&self, id: &RunId, label: &CommandLabel) -> Option<String> {
        let (durun, name) = (&self.durun, escape::line(&label.name));
        match label.kind {
            CommandKind::WaitSignal => Some(format!("{durun} signal {id} {name}")),
            CommandKind::WaitToken => Some(format!("{durun} resolve {name}")),
            CommandKind::Ask => Some(format!("{durun} answer {id} CHOICE")),
            CommandKind::WithLock | CommandKind::Queue => Some(format!("{durun} why {id}")),
            CommandKind::Poll => Some(format!("{durun} retry {id}")),
            CommandKind::Child => Some(format!("{durun} why {name}")),
            CommandKind::Activity
            | CommandKind::SignalRun
            | CommandKind::StartChild
            | CommandKind::CancelChild
            | CommandKind::Step
            | CommandKind::Exec
            | CommandKind::Sh
            | CommandKind::Http
            | CommandKind::ReadFile
            | CommandKind::WriteFile
            | CommandKind::Glob
            | CommandKind::Env
            | CommandKind::Sleep
            | CommandKind::WaitUntil
            | CommandKind::Remind
            | CommandKind::RunTimeout
            | CommandKind::Grace => None,
        }
    }
}

/// What is not shown, in a few words.
fn summed_up(rows: &[Row]) -> String {
    let waiting = rows.iter().filter(|row| row.spins == Some(Paint::Yellow)).count();
    match waiting {
        0 => format!("… and {} more", rows.len()),
        waiting if waiting == rows.len() => format!("… and {waiting} more that wait"),
        waiting => format!("… and {} more, {waiting} of them wait", rows.len()),
    }
}

/// The picture of the spinner at an instant.
fn frame(now: Moment) -> &'static str {
    let number = usize::try_from(now.0.div_euclid(FRAME_MS).rem_euclid(10)).unwrap_or_default();
    SPINNER.get(number).copied().unwrap_or("·")
}

/// What a process wrote last.
fn written(last: &LastLine) -> String {
    escape::cut(&escape::line(&last.text()), DETAILS)
}

/// What a heartbeat says, in a few words: `3/10`, a text, a number; nothing where it says nothing.
pub(super) fn told(details: &Value) -> Option<String> {
    if let (Some(Value::Int(done)), Some(Value::Int(total))) = (details.get("done"), details.get("total")) {
        return Some(format!("{done}/{total}"));
    }
    match details {
        Value::Null => None,
        Value::Text(text) => Some(escape::cut(&escape::line(text), DETAILS)),
        other => Some(escape::cut(&escape::line(&other.to_string()), DETAILS)),
    }
}
