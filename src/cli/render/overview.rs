//! What `durun` alone says: how to begin, or what needs a person, what is open, what ended lately.

use super::paint::Paint;
use super::runs::{executor, remark};
use super::table::{Cell, render as render_table};
use crate::client::{Overview, RunView};
use crate::history::{Moment, RunStatus};

/// The three lines for somebody who has no store yet.
pub(crate) const BEGINNING: &str = "\
durun makes Rhai scripts durable: killed at any moment, they go on where they stopped.
  durun my.rhai      executes a script; durun resume goes on with it after Ctrl-C, kill or reboot
  durun --help       lists the commands, with examples
";

/// How many runs of a kind are shown.
const MOST: usize = 20;

/// The overview.
pub(crate) fn render(
    overview: &Overview,
    command: &dyn Fn(&str) -> String,
    now: Moment,
    width: Option<usize>,
    color: bool,
) -> String {
    let mut out = String::new();
    let needs: Vec<&RunView> =
        overview.asking.iter().chain(&overview.stuck).chain(&overview.failed).collect();
    section(&mut out, "Needs a person", &needs, command, now, width, color);
    section(&mut out, "Open", &overview.open.iter().collect::<Vec<_>>(), command, now, width, color);
    let ended: Vec<String> = RunStatus::ALL
        .iter()
        .filter_map(|status| Some((overview.ended.get(status)?, status)))
        .map(|(count, status)| format!("{count} {}", status.word().replace('_', " ")))
        .collect();
    let ended = if ended.is_empty() { "nothing ended".to_owned() } else { ended.join(", ") };
    [&out, &Paint::Bold.paint("Last 24 hours", color), "  ", &ended, "\n"].concat()
}

fn section(
    out: &mut String,
    title: &str,
    views: &[&RunView],
    command: &dyn Fn(&str) -> String,
    now: Moment,
    width: Option<usize>,
    color: bool,
) {
    if views.is_empty() {
        return;
    }
    out.push_str(&Paint::Bold.paint(title, color));
    out.push('\n');
    let rows = views.iter().take(MOST).map(|view| {
        let who = executor(view, now, command);
        let what = remark(view, now);
        let said = [who, what].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        vec![
            Cell::plain(format!("  {}", view.row.id)),
            Cell::new(view.status.word(), Paint::of(view.status)),
            Cell::plain(said),
        ]
    });
    let table = render_table(&[], rows.collect(), width, color);
    out.push_str(table.trim_start_matches('\n'));
    if views.len() > MOST {
        let more = format!("  and {} more: {}\n", views.len() - MOST, command("list"));
        out.push_str(&more);
    }
    out.push('\n');
}
